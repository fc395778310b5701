"""Whether anybody is there at all: MediaPipe's detectors of bodies and of faces."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from streamfx import Context
from streamfx.nodes.matting._guided import smaller

BODY = "mediapipe-pose-detection"
FACE = "mediapipe-face-detection-full"

_NOBODY, _SOMEBODY = 0.5, 0.65
"""Score up to which nobody is there, and from which somebody surely is."""
_EVERY = {"thorough": (1, 4), "fast": (3, 15)}
"""Frames from one look to the next, for bodies and faces by turns: where nobody was, or somebody
surely is."""
_RELEASE = 0.25
"""Share of a lower score that counts at once; a higher one counts at once, whole."""


class Presence:
    """Says from frame to frame how surely somebody is in the picture.

    Segmentation sees people in flowers and furniture; detectors, trained on both, do not.
    """

    def __init__(self, ctx: Context, search: str) -> None:
        self._nets = [ctx.models.load(n, ctx.device, torch.float32) for n in (BODY, FACE)]
        self._every = _EVERY[search]
        self.reset()

    def reset(self) -> None:
        """Forget the frames before."""
        self._scores = [0.0, 0.0]
        self._turn = self._wait = 0

    def of(self, image: Tensor) -> float:
        """Return how surely somebody is in ``image`` ``(3 or 4, H, W)``: 0 for nobody, up to 1."""
        if self._wait == 0:
            self._look(image, *((0, 1) if not any(self._scores) else (self._turn,)))
            self._turn = 1 - self._turn
            self._wait = self._every[self._sure() >= 1]
        self._wait -= 1
        return self._sure()

    def _look(self, image: Tensor, *which: int) -> None:
        for i in which:
            score = _score(self._nets[i], image)
            before = self._scores[i]
            self._scores[i] = max(score, before + _RELEASE * (score - before))

    def _sure(self) -> float:
        sure = (max(self._scores) - _NOBODY) / (_SOMEBODY - _NOBODY)
        return min(1.0, max(0.0, sure))


def _score(net: torch.nn.Module, image: Tensor) -> float:
    """Return the score of what a detector is most sure of, in [0, 1]."""
    side = int(net.size[0])  # type: ignore[index]  # a fact of the file
    by = side / max(image.shape[1:])
    high, wide = (max(1, round(int(length) * by)) for length in image.shape[1:])
    small = smaller(image, high, wide).clamp(0, 1)
    left, top = (side - wide) // 2, (side - high) // 2
    square = pad(small, (left, side - wide - left, top, side - high - top))[None]
    _, scores = net(square.contiguous(memory_format=torch.channels_last))
    return float(torch.sigmoid(scores.max().float()))
