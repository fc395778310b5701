"""A node of your own, and its test."""

from typing import ClassVar

import torch
from torch import Tensor

from streamfx import Context, Frame, Node, param
from streamfx.testing import clip, run


class Trail(Node):
    """Let whatever is bright leave a trail of light."""

    past: ClassVar[int] = 30  # frames to see before a render that starts in the middle

    keep: float = param(default=0.9, ge=0, lt=1, help="Share of the light that stays, each frame.")

    def open(self, ctx: Context) -> None:
        self._light: Tensor | None = None

    def process(self, frame: Frame) -> Frame:
        faded = frame.image * 0 if self._light is None else self._light * self.keep
        self._light = torch.maximum(frame.image, faded)
        return frame.showing(self._light)


def test_a_flash_fades_away() -> None:
    out = run(Trail(keep=0.5), frame=clip(1.0, 0.0, 0.0))
    assert [frame.image.max().item() for frame in out] == [1.0, 0.5, 0.25]
