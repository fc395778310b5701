"""Background replacement, once something upstream has cut the subject out."""

from typing import ClassVar

from torch import Tensor

from streamfx import Colour, Context, Frame, GraphError, Held, Node, Paired, VideoInfo, param
from streamfx.nodes.compose._backdrop import behind, defocused
from streamfx.nodes.compose._layers import Fit, feathered, fitted, laid
from streamfx.nodes.compose._match import WINDOW, Match
from streamfx.nodes.compose._wires import converted
from streamfx.nodes.compose._wrap import wrapped
from streamfx.swatch import Swatch, rgb


class Over(Node):
    """Lay a cut-out subject over a picture, a video, a colour, or the blurred shot itself.

    Behind it stands ``background``. Where nothing is wired there: with ``blur`` the shot that the
    subject was cut out of, without anything of the subject in it, else ``colour``.
    """

    past: ClassVar[int] = WINDOW - 1

    colour: Swatch = param(
        default="black",
        help="What stands behind, where nothing else does; as #rrggbb, or a name such as white. "
        "Also the bars beside a background that does not fill the picture.",
        live=True,
    )
    blur: float = param(
        default=0.0,
        ge=0,
        le=10,
        unit="%",
        help="How far the background is out of focus: standard deviation of the Gaussian, in "
        "hundredths of the picture's width.",
        live=True,
    )
    fit: Fit = param(
        default="fill",
        help="How the background gets the subject's size: fill covers it and crops, fit shows all "
        "of the background with bars, stretch ignores its shape.",
    )
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
    wrap: float = param(
        default=0.0,
        ge=0,
        le=1,
        unit="share",
        help="How much light of the background spills over the edge of the subject.",
        live=True,
    )
    wrap_width: int = param(
        default=12, ge=1, le=200, unit="px", help="How far inwards that light reaches.", live=True
    )
    match: float = param(
        default=0.0,
        ge=0,
        le=1,
        unit="share",
        help="How far the subject's colours move towards those of the background.",
        live=True,
    )
    linear: bool = param(
        default=False,
        help="Mix and blur light, as a lens does, instead of code values.",
        live=True,
    )

    _aspect: float = 1.0
    """Width of the background's pixels over that of the subject's."""

    def plan(
        self,
        video: VideoInfo,
        background: VideoInfo | None = None,
        shot: VideoInfo | None = None,
    ) -> VideoInfo:
        if background is not None and shot is not None:
            raise GraphError("takes a background or the shot to blur, not both")
        aspect = video.pixel_aspect if background is None else background.pixel_aspect
        self._aspect = float(aspect / video.pixel_aspect)
        return video.with_alpha(background is not None and background.alpha)

    def open(self, ctx: Context) -> None:
        self._fitted: tuple[tuple[object, ...], Tensor] | None = None
        self._match = Match()

    def process(
        self,
        subject: Frame,
        background: Held[Frame] | None = None,
        shot: Paired[Frame] | None = None,
    ) -> Frame:
        clear = background is not None and background.alpha
        if not subject.alpha and self.opacity == 1 and not clear:
            return subject
        linear = (subject.colour or Colour()).transfer if self.linear else None
        own = background is None and (self.blur > 0 or shot is not None)
        scene = self._shot(subject, shot, linear) if own else self._at(subject, background, linear)
        image = feathered(subject.image, self.feather)
        if subject.alpha and self.match:
            image = self._match.matched(image, scene, self.match)
        if subject.alpha and self.wrap:
            image = wrapped(image, scene, self.wrap, self.wrap_width, linear)
        spare = own and self.blur > 0
        return subject.showing(laid(image, scene, self.opacity, linear, spare=spare))

    def close(self) -> None:
        self._fitted = None
        self._match = Match()

    def _at(self, subject: Frame, background: Frame | None, linear: str | None) -> Tensor:
        """Return the background, or the colour, for a subject; what stays is made only once."""
        wire, size = subject.colour or Colour(), (subject.height, subject.width)
        key = (background, wire, size, self.colour, self.blur, self.fit, linear)
        if self._fitted is not None and self._fitted[0] == key:
            return self._fitted[1]
        fill = rgb(self.colour, wire)
        if background is None:
            scene = subject.image.new_tensor(fill)[:, None, None].expand(-1, *size)
        else:
            image = converted(background.image, background.colour or wire, wire)
            scene = fitted(image, *size, self.fit, fill, self._aspect)
            if self.blur:
                scene = defocused(scene, self._sigma(subject), linear)
        self._fitted = key, scene
        return scene

    def _shot(self, subject: Frame, shot: Frame | None, linear: str | None) -> Tensor:
        """Return the shot that a subject was cut out of, out of focus."""
        image = None
        if shot is not None:
            wire = subject.colour or Colour()
            image = converted(shot.image[:3], shot.colour or wire, wire)
            image = fitted(image, subject.height, subject.width, "stretch", (0, 0, 0))
        if not self.blur:
            assert image is not None, "without a blur only a shot that is wired is shown"
            return image
        if not subject.alpha:
            own = subject.image if image is None else image
            return defocused(own, self._sigma(subject), linear)
        return behind(subject.image, image, self._sigma(subject), linear)

    def _sigma(self, subject: Frame) -> float:
        return self.blur / 100 * subject.width
