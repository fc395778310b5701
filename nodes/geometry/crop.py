"""Framing."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from streamfx import Context, Frame, GraphError, Node, VideoInfo, param


def _check(text: str) -> str:
    if text and not _aspect(text):
        raise ValueError("an aspect ratio such as 16:9, 2.39:1 or 1.85")
    return text


def _aspect(text: str) -> Fraction:
    """Return width over height; 0 for what is no aspect ratio."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:[:/](\d+(?:\.\d+)?))?", text)
    if not match:
        return Fraction(0)
    width, height = Fraction(match[1]), Fraction(match[2] or 1)
    return width / height if height else Fraction(0)


class Crop(Node):
    """Keep a part of the picture."""

    stateless: ClassVar[bool] = True

    left: int = param(default=0, ge=0, unit="px", help="Columns to drop at the left.")
    top: int = param(default=0, ge=0, unit="px", help="Lines to drop at the top.")
    width: int = param(default=0, ge=0, unit="px", help="Columns to keep; 0: to the right edge.")
    height: int = param(default=0, ge=0, unit="px", help="Lines to keep; 0: to the bottom edge.")
    aspect: Annotated[str, AfterValidator(_check)] = param(
        default="",
        help="Then keep the centre of that, in this shape on screen, such as 16:9 or 2.39:1.",
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        box = self._box(video.width, video.height, video.pixel_aspect)
        return video.sized(box.width, box.height)

    def open(self, ctx: Context) -> None:
        self._pixel_aspect = ctx.video.pixel_aspect

    def process(self, frame: Frame) -> Frame:
        box = self._box(frame.width, frame.height, self._pixel_aspect)
        if (box.width, box.height) == (frame.width, frame.height):
            return frame
        rows = slice(box.top, box.top + box.height)
        return frame.showing(frame.image[:, rows, box.left : box.left + box.width])

    def _box(self, width: int, height: int, pixel: Fraction) -> "_Box":
        wide, high = self.width or width - self.left, self.height or height - self.top
        if self.left + wide > width or self.top + high > height or wide <= 0 or high <= 0:
            raise GraphError(
                f"a crop of {max(wide, 0)}x{max(high, 0)} at ({self.left}, {self.top}) is not "
                f"inside the picture, which is {width}x{height}"
            )
        box = _Box(self.left, self.top, wide, high)
        return box.shaped(_aspect(self.aspect) / pixel) if self.aspect else box


@dataclass(frozen=True, slots=True)
class _Box:
    left: int
    top: int
    width: int
    height: int

    def shaped(self, aspect: Fraction) -> "_Box":
        """Return the largest part of ``aspect`` at the centre; the side that gives is even."""
        wide, high = self.width, self.height
        if wide > high * aspect:
            wide = min(wide, max(1, round(high * aspect / 2) * 2))
        else:
            high = min(high, max(1, round(wide / aspect / 2) * 2))
        left, top = (self.width - wide) // 2, (self.height - high) // 2
        return _Box(self.left + left, self.top + top, wide, high)
