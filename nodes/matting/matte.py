"""The matte itself as a picture."""

from typing import ClassVar

from streamfx import Frame, Node, VideoInfo


class Matte(Node):
    """Show alpha as grey: white is all subject, black none. An opaque picture comes out white."""

    stateless: ClassVar[bool] = True

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.with_alpha(False)

    def process(self, frame: Frame) -> Frame:
        image = frame.image
        alpha = image[3:].clamp(0, 1) if frame.alpha else image.new_ones((1, *image.shape[1:]))
        return frame.showing(alpha.expand(3, -1, -1))
