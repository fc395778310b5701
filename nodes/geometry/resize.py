"""Another size."""

from dataclasses import replace
from fractions import Fraction
from typing import ClassVar, Literal

from torch import Tensor

from streamfx import Colour, Context, Frame, Node, VideoInfo, param
from streamfx.nodes.geometry._layout import Layout, Request
from streamfx.resample import Filter, resize
from streamfx.swatch import Swatch, rgb


class Resize(Node):
    """Enlarge or shrink the picture, by a size or by a scale."""

    stateless: ClassVar[bool] = True

    width: int = param(
        default=0, ge=0, le=16384, unit="px", help="0: as the height has it, shape kept."
    )
    height: int = param(
        default=0, ge=0, le=16384, unit="px", help="0: as the width has it, shape kept."
    )
    scale: float = param(
        default=1.0, gt=0, le=16, unit="x", help="By how much, where neither side is given."
    )
    fit: Literal["stretch", "fit", "fill", "pad"] = param(
        default="fit",
        help="Where both sides are given and the shape differs: stretch takes both and changes the "
        "pixel aspect, fit stays inside them, fill covers them and crops, pad adds bars.",
    )
    filter: Filter = param(
        default="lanczos", help="How pixels are weighed; shrinking is antialiased but by nearest."
    )
    multiple: int = param(
        default=2,
        ge=1,
        le=64,
        unit="px",
        help="Sides that are worked out round to a multiple of it.",
    )
    colour: Swatch = param(default="black", help="Colour of the bars that pad adds.")

    def plan(self, video: VideoInfo) -> VideoInfo:
        layout = self._lay(video.width, video.height, video.pixel_aspect)
        made = video.sized(layout.width, layout.height)
        return replace(made, pixel_aspect=layout.pixel_aspect)

    def open(self, ctx: Context) -> None:
        self._aspect = ctx.video.pixel_aspect

    def process(self, frame: Frame) -> Frame:
        layout = self._lay(frame.width, frame.height, self._aspect)
        if layout.window is None and (layout.width, layout.height) == (frame.width, frame.height):
            return frame
        high, wide = layout.inner or (layout.height, layout.width)
        image = resize(frame.image, high, wide, self.filter, layout.window)
        if layout.inner is not None:
            image = self._padded(image, layout, frame.colour or Colour())
        return frame.showing(image)

    def _lay(self, width: int, height: int, aspect: Fraction) -> Layout:
        asked = Request(self.width, self.height, self.scale, self.fit, self.multiple)
        return asked.lay(width, height, aspect)

    def _padded(self, image: Tensor, layout: Layout, colour: Colour) -> Tensor:
        bars = image.new_tensor([*rgb(self.colour, colour), 1.0])[: image.shape[0], None, None]
        page = bars.expand(-1, layout.height, layout.width).clone()
        high, wide = image.shape[1:]
        top, left = (layout.height - high) // 2, (layout.width - wide) // 2
        page[:, top : top + high, left : left + wide] = image
        return page
