"""People, cut out of any picture: no plate, no screen, no trimap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from streamfx import Context, Frame, Node, VideoInfo, param
from streamfx.nodes.matting._guided import smaller, upsampled
from streamfx.nodes.matting._network import Memory
from streamfx.nodes.matting._people import SQUARE, WIDE, People
from streamfx.nodes.matting._presence import BODY, FACE, Presence
from streamfx.nodes.matting._subject import coloured

MODEL = "matting-portrait"

_CUT = 0.15
"""Mean change of R'G'B' from one picture to the next that is another shot, marked or not."""
_FAINT = 0.02
"""Alpha, or what it lacks to 1, that is only the network's doubt."""


class Portrait(Node):
    """Cut out people, with soft hair and their own colours; no help is needed.

    MediaPipe's person segmentation finds them coarsely; a recurrent network of our own, which also
    remembers the frames before, draws the edge; a guided filter brings it to full size.
    """

    past: ClassVar[int] = 8
    reuses: ClassVar[bool] = True

    search: Literal["thorough", "fast"] = param(
        default="thorough",
        help="How people are found: thorough looks at the whole picture twice and at each person "
        "again from close by; fast looks once, for live video.",
    )
    detail: int = param(
        default=512,
        ge=128,
        le=1280,
        unit="px",
        help="Longer side of the picture that the network sees; the edge is drawn in full size.",
    )
    decontaminate: bool = param(
        default=True, help="Take the old background's light out of the edge's colours.", live=True
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.with_alpha()

    def wants(self) -> Sequence[str]:
        return (SQUARE, WIDE, BODY, FACE, MODEL)

    def open(self, ctx: Context) -> None:
        self._people = People(ctx, thorough=self.search == "thorough")
        self._presence = Presence(ctx, self.search)
        self._network = ctx.models.load(MODEL, ctx.device, ctx.dtype)
        self._dtype = ctx.dtype
        self._forget()

    def reset(self, ctx: Context) -> None:
        self._forget()

    def _forget(self) -> None:
        self._presence.reset()
        self._memory: Memory | None = None
        self._last: tuple[Tensor, Tensor | None] | None = None
        self._seen: Tensor | None = None

    @torch.inference_mode()
    def process(self, frame: Frame) -> Frame:
        size = self._size(frame)
        small = smaller(frame.image, *size).clamp(0, 1)
        before, self._seen = self._seen, small
        if before is not None and _another_shot(before, small):
            self._forget()
            self._seen = small
        view = small if self.search == "fast" else frame.image
        coarse = self._people.find(frame.image, size, small) * self._presence.of(view)
        seen = small[None].to(self._dtype).contiguous(memory_format=torch.channels_last)
        if self._memory is not None and self._memory[-1].shape[2:] != (size[0] // 2, size[1] // 2):
            self._memory = None
        alpha, colours, self._memory = self._network(
            seen, coarse[None, None].to(self._dtype), self._memory
        )
        change = (colours[0].to(small.dtype) - small) if self.decontaminate else None
        firm = ((alpha[0, 0].to(small.dtype) - _FAINT) / (1 - 2 * _FAINT)).clamp_(0, 1)
        self._last = firm, change
        return self._drawn(frame, small)

    @torch.inference_mode()
    def reuse(self, frame: Frame) -> Frame | None:
        """Return the picture cut out by the last small alpha, its edge fitted to this picture."""
        return None if self._last is None else self._drawn(frame)

    def close(self) -> None:
        self._memory = None
        self._last = None

    def _drawn(self, frame: Frame, guide: Tensor | None = None) -> Frame:
        assert self._last is not None
        small, change = self._last
        alpha = upsampled(small, frame.image, guide=guide)
        return frame.showing(coloured(frame.image, alpha, change))

    def _size(self, frame: Frame) -> tuple[int, int]:
        """Return (height, width) of the small picture: whole sixteenths, no larger than asked."""
        by = min(1.0, self.detail / max(frame.height, frame.width))
        high, wide = (max(16, round(s * by / 16) * 16) for s in (frame.height, frame.width))
        return high, wide


def _another_shot(before: Tensor, now: Tensor) -> bool:
    """Return whether two small pictures are of two shots, though no cut is marked."""
    return before.shape == now.shape and float((now - before).abs().mean()) > _CUT
