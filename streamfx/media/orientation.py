"""How coded pixels become upright: quarter turns and mirrors, from a stream's display matrix."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import torch
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from streamfx.media.beside import beside

ONE = 1 << 16
"""1.0 in the 16.16 fixed point of a display matrix."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways a picture can lie: swap the sides first, then flip."""

    swaps: bool = False
    """Whether lines become columns, so that width and height change places."""
    flips_across: bool = False
    """Whether left and right change places, after the swap."""
    flips_down: bool = False
    """Whether top and bottom change places, after the swap."""
    note: str = field(default="", compare=False)
    """Why a matrix was ignored, in words; empty when none was."""

    @classmethod
    def none(cls) -> Orientation:
        """Return the orientation of pixels that are upright as coded."""
        return cls()

    @classmethod
    def from_frame(cls, frame: VideoFrame) -> Orientation:
        """Read the display matrix that the decoder put beside the frame."""
        matrix = beside(frame).get(Type.DISPLAYMATRIX)
        return cls() if matrix is None else cls.from_matrix(struct.unpack("=9i", matrix[:36]))

    @classmethod
    def from_matrix(cls, matrix: tuple[int, ...]) -> Orientation:
        """Read nine integers ``a b u c d v x y w``, of which a to d are 16.16 fixed point.

        A pixel at (x, y) is shown at (ax + cy, bx + dy). Only quarter turns and mirrors are taken;
        any other matrix counts as none, and :attr:`note` says so.
        """
        a, b, _, c, d = matrix[:5]
        if _nought(b, a) and _nought(c, d) and a and d:
            return cls(False, a < 0, d < 0)
        if _nought(a, b) and _nought(d, c) and b and c:
            return cls(True, c < 0, b < 0)
        if not any((a, b, c, d)):
            return cls()
        shown = ", ".join(f"{v / ONE:.3f}" for v in (a, b, c, d))
        return cls(note=f"display matrix ({shown}) is no quarter turn: shown as coded")

    @property
    def upright_already(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.swaps or self.flips_across or self.flips_down)

    @property
    def hflip(self) -> bool:
        """Whether it mirrors: no turn alone brings it about."""
        return self.swaps == (self.flips_across == self.flips_down)

    @property
    def degrees(self) -> int:
        """Counter-clockwise turn, 0, 90, 180 or -90, that comes before :attr:`hflip`.

        Both go to ``VideoStream.set_display_rotation`` as they are.
        """
        across = self.flips_across != self.hflip
        if self.swaps:
            return -90 if across else 90
        return 180 if across else 0

    @property
    def matrix(self) -> tuple[int, ...]:
        """Nine integers for ``VideoStream.set_display_matrix``."""
        across = -ONE if self.flips_across else ONE
        down = -ONE if self.flips_down else ONE
        a, b, c, d = (0, down, across, 0) if self.swaps else (across, 0, 0, down)
        return (a, b, 0, c, d, 0, 0, 0, 1 << 30)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height once upright (or once coded: it is the same swap)."""
        return (height, width) if self.swaps else (width, height)

    def upright(self, image: torch.Tensor) -> torch.Tensor:
        """Turn a coded ``(C, H, W)`` image upright. A view where no flip is needed."""
        return _flip(image.transpose(1, 2) if self.swaps else image, self)

    def coded(self, image: torch.Tensor) -> torch.Tensor:
        """Turn an upright ``(C, H, W)`` image back to how it was coded."""
        image = _flip(image, self)
        return image.transpose(1, 2) if self.swaps else image

    def __str__(self) -> str:
        if self.upright_already:
            return "upright"
        turn = f"turned by {self.degrees} degrees" if self.degrees else ""
        return " and ".join(part for part in (turn, "mirrored" if self.hflip else "") if part)


def _nought(value: int, beside: int) -> bool:
    return abs(value) * 1000 <= abs(beside)


def _flip(image: torch.Tensor, by: Orientation) -> torch.Tensor:
    dims = [dim for dim, wanted in ((1, by.flips_down), (2, by.flips_across)) if wanted]
    return image.flip(dims) if dims else image
