"""Looks and conversions from a .cube file."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import BeforeValidator

from streamfx import Context, Frame, Node, VideoInfo, param
from streamfx.nodes.adjust._cube import read
from streamfx.nodes.adjust._lookup import Lookup


def _path(value: object) -> object:
    return Path(value) if isinstance(value, str) and value else value


class Lut(Node):
    """Grade by a look-up table (Adobe Cube LUT 1.0, one- or three-dimensional)."""

    stateless: ClassVar[bool] = True

    file: Annotated[Path, BeforeValidator(_path)] = param(
        help="The .cube file. It is made for one colour space: give it the one that it expects."
    )
    interpolation: Literal["tetrahedral", "trilinear"] = param(
        default="tetrahedral",
        help="Between the points of a 3D table; tetrahedral keeps greys neutral.",
    )
    strength: float = param(
        default=1.0, ge=0, le=1, unit="share", help="0: the picture as it was.", live=True
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        read(self.file)  # whatever is wrong with the file is found before a frame is touched
        return video

    def open(self, ctx: Context) -> None:
        self._lookup = Lookup(read(self.file), self.interpolation, ctx.device)

    def process(self, frame: Frame) -> Frame:
        if self.strength == 0:
            return frame
        colour = frame.image[:3]
        graded = self._lookup(colour)
        if self.strength < 1:
            graded = torch.lerp(colour, graded, self.strength)
        graded.clamp_(0, 1)
        return frame.showing(torch.cat([graded, frame.image[3:]]) if frame.alpha else graded)
