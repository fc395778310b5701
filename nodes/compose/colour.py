"""A plain background."""

from typing import ClassVar

import streamfx
from streamfx import Frame, Node, VideoInfo, param
from streamfx.swatch import Swatch, rgb


class Colour(Node):
    """Fill what is transparent with a colour, so that the picture is opaque."""

    stateless: ClassVar[bool] = True

    colour: Swatch = param(
        default="black", help="As #rrggbb, or a name such as white, grey or lime.", live=True
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.with_alpha(False)

    def process(self, frame: Frame) -> Frame:
        if not frame.alpha:
            return frame
        fill = rgb(self.colour, frame.colour or streamfx.Colour())
        image = frame.image
        scene = image.new_tensor(fill)[:, None, None].expand_as(image[:3])
        return frame.showing(scene.lerp(image[:3], image[3:]))
