"""Where people are, coarsely: MediaPipe's person segmentation, of the whole picture and parts."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from streamfx import Context
from streamfx.nodes.matting._guided import smaller

SQUARE = "mediapipe-selfie"
"""The network for pictures of 256 x 256."""
WIDE = "mediapipe-selfie-landscape"
"""The network for pictures of 256 x 144."""

_SIZES = {SQUARE: (256, 256), WIDE: (144, 256)}
"""Height and width of what the networks see."""
_LIKELY = 0.4
"""Probability at which a part is looked at more closely."""
_LEAST = 0.003
"""Share of the picture below which a part is not."""
_MOST = 3
"""How many parts are."""
_MARGIN = 0.3
"""How much wider the closer look is than what was found."""
_WHOLE = 0.85
"""Share of the picture from which on a closer look shows nothing new."""
_GRID = 20
"""Steps a side in which the window of a closer look moves, so that it does not tremble."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, in pixels."""

    top: int
    left: int
    bottom: int
    right: int


class People:
    """Finds people in one picture at a time.

    ``thorough``: two networks see the whole picture, and one sees each person again from close by;
    else one network sees the whole picture once.
    """

    def __init__(self, ctx: Context, *, thorough: bool) -> None:
        self._thorough = thorough
        self._nets: dict[str, torch.nn.Module] = {}
        self._ctx = ctx

    def find(self, image: Tensor, size: tuple[int, int], small: Tensor | None = None) -> Tensor:
        """Return a mask ``(h, w)`` of ``size``: the probability of a person, in [0, 1].

        ``image`` is ``(3 or 4, H, W)``; what lies outside [0, 1] is clamped. ``small`` is the same
        made small, where somebody has it already: for one look it may do.
        """
        landscape = image.shape[2] > 1.3 * image.shape[1]
        whole = Window(0, 0, int(image.shape[1]), int(image.shape[2]))
        if not self._thorough:
            name = WIDE if landscape else SQUARE
            high, wide = _SIZES[name]
            if small is not None and small.shape[1] >= high and small.shape[2] >= wide:
                image, whole = small, Window(0, 0, int(small.shape[1]), int(small.shape[2]))
            return self._seen(name, image, whole, size)
        both = [self._seen(name, image, whole, size) for name in (SQUARE, WIDE)]
        mask = torch.stack(both).mean(0)
        total, count = torch.zeros_like(mask), torch.zeros_like(mask)
        for part in _parts(mask):
            near = _scaled(part, size, (whole.bottom, whole.right))
            close = self._seen(
                SQUARE, image, near, (part.bottom - part.top, part.right - part.left)
            )
            total[part.top : part.bottom, part.left : part.right] += close
            count[part.top : part.bottom, part.left : part.right] += 1
        return torch.where(count > 0, (mask + total / count.clamp(min=1)) / 2, mask)

    def _seen(self, name: str, image: Tensor, part: Window, size: tuple[int, int]) -> Tensor:
        """Return what one network finds in a part of the picture, ``(h, w)`` of ``size``."""
        net = self._net(name)
        high, wide = _SIZES[name]
        shown = image[:, part.top : part.bottom, part.left : part.right]
        small = smaller(shown, high, wide).clamp(0, 1)[None]
        found = net(small.contiguous(memory_format=torch.channels_last))
        return interpolate(found.float(), size=size, mode="bilinear")[0, 0].clamp(0, 1)

    def _net(self, name: str) -> torch.nn.Module:
        if name not in self._nets:
            self._nets[name] = self._ctx.models.load(name, self._ctx.device, torch.float32)
        return self._nets[name]


def _parts(mask: Tensor) -> list[Window]:
    """Return windows around whatever a mask ``(h, w)`` shows, larger things first."""
    likely = (mask > _LIKELY).to(torch.uint8).cpu().numpy()
    _, _, facts, _ = cv2.connectedComponentsWithStats(likely, connectivity=8)
    found = []
    for fact in sorted(facts[1:], key=lambda f: -int(f[cv2.CC_STAT_AREA]))[:_MOST]:
        if fact[cv2.CC_STAT_AREA] < _LEAST * likely.size:
            break
        part = _around(*(int(x) for x in fact[:4]), *likely.shape)
        if (part.bottom - part.top) * (part.right - part.left) < _WHOLE * likely.size:
            found.append(part)
    return found


def _around(left: int, top: int, wide: int, high: int, rows: int, columns: int) -> Window:
    """Return a square window around a box, on a coarse grid, as far as it is in the picture."""
    half = max(wide, high) * (1 + _MARGIN) / 2
    x, y = left + wide / 2, top + high / 2
    step = max(rows, columns) / _GRID
    low = [max(0, floor((at - half) / step) * step) for at in (y, x)]
    far = [ceil((at + half) / step) * step for at in (y, x)]
    return Window(
        int(low[0]),
        int(low[1]),
        min(rows, int(np.ceil(far[0]))),
        min(columns, int(np.ceil(far[1]))),
    )


def _scaled(part: Window, size: tuple[int, int], whole: tuple[int, int]) -> Window:
    """Return the same part of a picture of another size."""
    down, across = whole[0] / size[0], whole[1] / size[1]
    return Window(
        round(part.top * down),
        round(part.left * across),
        max(round(part.top * down) + 1, round(part.bottom * down)),
        max(round(part.left * across) + 1, round(part.right * across)),
    )
