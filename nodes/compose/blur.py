"""Out of focus."""

from typing import ClassVar

from streamfx import Frame, Node, param
from streamfx.resample import blur


class Blur(Node):
    """Blur by a Gaussian; where there is alpha, the edge of the matte gets soft too."""

    stateless: ClassVar[bool] = True

    radius: float = param(
        default=8.0,
        ge=0,
        le=200,
        unit="px",
        help="Standard deviation of the Gaussian; 0: the picture as it was.",
        live=True,
    )

    def process(self, frame: Frame) -> Frame:
        if self.radius == 0:
            return frame
        return frame.showing(blur(frame.image, self.radius))
