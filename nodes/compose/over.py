"""Background replacement, once something upstream has cut the subject out."""

from typing import ClassVar, Literal

from torch import Tensor

from streamfx import Context, Frame, Held, Node, VideoInfo, param
from streamfx.nodes.compose._layers import feathered, fitted, laid


class Over(Node):
    """Lay a cut-out subject over another picture."""

    stateless: ClassVar[bool] = True

    feather: int = param(
        default=0,
        ge=0,
        le=100,
        unit="px",
        help="How far the edge of the subject fades, inwards and outwards.",
        live=True,
    )
    opacity: float = param(
        default=1.0, ge=0, le=1, unit="share", help="How solid the subject is.", live=True
    )
    fit: Literal["fill", "fit", "stretch"] = param(
        default="fill",
        help="How the background gets the subject's size: fill covers it and crops, fit shows all "
        "of the background with black bars, stretch ignores its shape.",
    )

    def plan(self, video: VideoInfo, background: VideoInfo | None = None) -> VideoInfo:
        return video.with_alpha(background is not None and background.alpha)

    def open(self, ctx: Context) -> None:
        self._fitted: tuple[Frame, tuple[int, int], Tensor] | None = None

    def process(self, subject: Frame, background: Held[Frame]) -> Frame:
        if not subject.alpha and self.opacity == 1 and not background.alpha:
            return subject
        scene = self._scene(background, subject.height, subject.width)
        image = feathered(subject.image, self.feather)
        return subject.showing(laid(image, scene, self.opacity))

    def close(self) -> None:
        self._fitted = None

    def _scene(self, background: Frame, height: int, width: int) -> Tensor:
        """Return the background at a size; a still one is fitted only once."""
        known, size = self._fitted, (height, width)
        if known is not None and known[0] is background and known[1] == size:
            return known[2]
        scene = fitted(background.image, height, width, self.fit)
        self._fitted = (background, size, scene)
        return scene
