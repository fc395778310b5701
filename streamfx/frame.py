"""What flows along a wire, and what is known of it before it flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol, TypeGuard, cast

import torch

from streamfx.colour import Colour


@dataclass(frozen=True, slots=True)
class Props:
    """What is known of one frame besides its pixels."""

    cut: bool = False
    """First frame of a new shot, or after a seek: state about earlier frames is void."""
    repeated: bool = False
    """Shows the same picture as the frame before."""
    corrupt: bool = False
    """Decoded from damaged data."""
    number: int | None = None
    """Position in the source, counted from 0; None where no one source frame stands behind it."""
    notes: Mapping[str, object] = field(default_factory=dict)
    """Whatever nodes want to tell nodes further down."""


PLAIN = Props()
SDR = Colour()


class Timed(Protocol):
    """Anything that may flow along a wire: a frame, sound, or a class of somebody's own."""

    @property
    def pts(self) -> Fraction:
        """Seconds on the stream's own timeline."""
        ...

    @property
    def duration(self) -> Fraction:
        """Seconds that it lasts."""
        ...


class Picture(Protocol):
    """A picture as a decoder left it. It turns into a tensor only when somebody looks."""

    @property
    def width(self) -> int:
        """Columns, once upright."""
        ...

    @property
    def height(self) -> int:
        """Lines, once upright."""
        ...

    @property
    def alpha(self) -> bool:
        """Whether it carries an alpha plane."""
        ...

    def image(self) -> torch.Tensor:
        """Return ``(3 or 4, H, W)``, upright, R'G'B'[A], nominally in [0, 1], on the device."""
        ...

    def planes(self) -> tuple[torch.Tensor, ...]:
        """Return the planes as decoded, each ``(H, W)`` or ``(H, W, components)``."""
        ...


def _is_picture(image: torch.Tensor | Picture) -> TypeGuard[Picture]:
    """Tell a picture from a tensor without loading torch, which takes a second and a half."""
    return hasattr(type(image), "planes")


class Frame:
    """One picture and when it is shown. Immutable.

    It stays as it was decoded until somebody reads :attr:`image`; what nobody read is encoded from
    the decoder's own planes, untouched.
    """

    __slots__ = ("_image", "colour", "decoded", "duration", "props", "pts")

    _image: torch.Tensor | None
    decoded: Picture | None
    """The picture as decoded, or None when a node made it."""
    pts: Fraction
    """Seconds on the stream's own timeline. Exact, so that it never drifts."""
    duration: Fraction
    """Seconds on screen."""
    colour: Colour | None
    """What the numbers mean; None: as the plan says of the wire that it flows along."""
    props: Props
    """What else is known of it."""

    def __init__(
        self,
        image: torch.Tensor | Picture,
        pts: Fraction,
        duration: Fraction,
        colour: Colour | None = None,
        props: Props = PLAIN,
    ) -> None:
        put = object.__setattr__
        if not _is_picture(image):
            image = cast("torch.Tensor", image)
            if image.ndim != 3 or image.shape[0] not in (3, 4):
                raise ValueError(f"image must be (3 or 4, H, W), got {tuple(image.shape)}")
            put(self, "_image", image)
            put(self, "decoded", None)
        else:
            put(self, "_image", None)
            put(self, "decoded", image)
        put(self, "pts", pts)
        put(self, "duration", duration)
        put(self, "colour", colour)
        put(self, "props", props)

    @property
    def image(self) -> torch.Tensor:
        """``(3 or 4, H, W)``, R'G'B' or R'G'B'A (straight alpha), on the device.

        0 is black and 1 is white; what a source holds beyond them (super-white) is kept, so clamp
        before you count on the bounds.
        """
        if self._image is None:
            assert self.decoded is not None
            object.__setattr__(self, "_image", self.decoded.image())
        assert self._image is not None
        return self._image

    @property
    def planes(self) -> tuple[torch.Tensor, ...]:
        """The planes as decoded; the image itself for a frame that a node made."""
        return self.decoded.planes() if self.decoded is not None else (self.image,)

    @property
    def width(self) -> int:
        """Columns."""
        return self.decoded.width if self.decoded is not None else int(self.image.shape[2])

    @property
    def height(self) -> int:
        """Lines."""
        return self.decoded.height if self.decoded is not None else int(self.image.shape[1])

    @property
    def alpha(self) -> bool:
        """Whether there is an alpha channel."""
        return self.decoded.alpha if self.decoded is not None else self.image.shape[0] == 4

    @property
    def end(self) -> Fraction:
        """Seconds at which it leaves the screen."""
        return self.pts + self.duration

    def showing(self, image: torch.Tensor) -> Frame:
        """Return another picture for the same instant."""
        return Frame(image, self.pts, self.duration, self.colour, self.props)

    def at(self, pts: Fraction, duration: Fraction | None = None) -> Frame:
        """Return the same picture for another instant."""
        return self._copy(pts=pts, duration=self.duration if duration is None else duration)

    def tagged(self, colour: Colour) -> Frame:
        """Return the same picture, its numbers meaning ``colour``."""
        return self._copy(colour=colour)

    def marked(self, **props: object) -> Frame:
        """Return the same picture with some of its :class:`Props` changed."""
        return self._copy(props=replace(self.props, **props))  # type: ignore[arg-type]  # by name

    def _copy(self, **changes: object) -> Frame:
        twin = object.__new__(Frame)
        for name in self.__slots__:
            object.__setattr__(twin, name, changes.get(name, getattr(self, name)))
        return twin

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"a Frame is immutable: make another with showing() or at(), not {name}="
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Frame is immutable: {name} cannot be deleted")

    def __repr__(self) -> str:
        size = f"{4 if self.alpha else 3}x{self.height}x{self.width}"
        kind = "decoded" if self.decoded is not None else "made"
        return f"<Frame {size} {kind} at {float(self.pts):.3f}s for {float(self.duration):.3f}s>"


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A run of audio samples."""

    samples: torch.Tensor
    """``(channels, count)``, floating point in [-1, 1]."""
    rate: int
    """Samples per second."""
    pts: Fraction
    """Seconds on the stream's own timeline, of the first sample."""

    def __post_init__(self) -> None:
        if self.samples.ndim != 2:
            raise ValueError(f"samples must be (channels, count), got {tuple(self.samples.shape)}")

    @property
    def duration(self) -> Fraction:
        """Seconds it lasts."""
        return Fraction(self.samples.shape[1], self.rate)

    @property
    def end(self) -> Fraction:
        """Seconds of the first instant after it."""
        return self.pts + self.duration

    def cut(self, start: Fraction, end: Fraction) -> Sound:
        """Return the samples from ``start`` to ``end``; silence where there are none.

        Instants round to samples on one grid, so that neighbouring cuts neither share nor lose any.
        """
        origin = round(self.pts * self.rate)
        first, last = round(start * self.rate) - origin, round(end * self.rate) - origin
        count = self.samples.shape[1]
        inside = self.samples[:, min(max(first, 0), count) : max(min(last, count), 0)]
        before = min(max(-first, 0), last - first)
        after = last - first - before - inside.shape[1]
        if before or after:
            inside = torch.nn.functional.pad(inside, (before, after))
        return Sound(inside, self.rate, start)

    def __repr__(self) -> str:
        channels, count = self.samples.shape
        return f"<Sound {channels}x{count} at {self.rate} Hz from {float(self.pts):.3f}s>"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A stream of pictures as known before its first frame."""

    width: int
    """Columns, upright."""
    height: int
    """Lines, upright."""
    fps: Fraction
    """Frames per second; the average where the rate is variable."""
    variable: bool = False
    """Whether frames last differently long."""
    colour: Colour = SDR
    """What the numbers mean."""
    alpha: bool = False
    """Whether frames carry alpha (straight)."""
    latency: Fraction = Fraction(0)
    """Seconds by which the nodes so far hold the picture back."""
    held_back: int = 0
    """Frames that the last node alone holds back."""
    tick: Fraction = Fraction(0)
    """Seconds of which every pts is a multiple (the time base); 0: one frame's duration."""
    frames: int | None = None
    """How many frames there will be, where the container says."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of a pixel over its height, upright."""
    speed: Fraction = Fraction(1)
    """Seconds of the source that pass in one second: its instants are the source's over this."""
    muted: bool = False
    """Whether the source's sound is left out beside it; else it is stretched as the picture is."""

    @property
    def time_base(self) -> Fraction:
        """Seconds of one tick: every pts is a multiple of it."""
        return self.tick or 1 / self.fps

    def sized(self, width: int, height: int) -> VideoInfo:
        """Return the stream at another size."""
        return replace(self, width=width, height=height)

    def scaled(self, by: int) -> VideoInfo:
        """Return the stream with both sides ``by`` times longer."""
        return self.sized(self.width * by, self.height * by)

    def delayed(self, frames: int) -> VideoInfo:
        """Return the stream held back by ``frames`` frames of its own rate."""
        return replace(
            self, latency=self.latency + frames / self.fps, held_back=self.held_back + frames
        )

    def faster(self, by: int, *, held_back: int = 0) -> VideoInfo:
        """Return the stream at ``by`` times the rate, ``held_back`` input frames late."""
        return replace(
            self.delayed(held_back),
            fps=self.fps * by,
            tick=self.time_base / by,
            frames=None if self.frames is None else self.frames * by,
        )

    def retimed(self, speed: Fraction, *, muted: bool = False) -> VideoInfo:
        """Return the stream ``speed`` times as fast: every instant over ``speed``."""
        return replace(
            self,
            fps=self.fps * speed,
            tick=self.tick / speed,
            latency=self.latency / speed,
            speed=self.speed * speed,
            muted=self.muted or muted,
        )

    def with_alpha(self, alpha: bool = True) -> VideoInfo:
        """Return the stream with or without alpha."""
        return replace(self, alpha=alpha)


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """A stream of sound as known before its first sample."""

    rate: int
    """Samples per second."""
    channels: int
    """How many channels."""
    layout: str = ""
    """FFmpeg's name of the channel layout, such as ``stereo``."""
    latency: Fraction = Fraction(0)
    """Seconds by which the nodes so far hold the sound back."""
    held_back: int = 0
    """Always 0: what holds sound back says so in seconds, by ``latency``."""


Info = VideoInfo | AudioInfo
"""What is known of a wire before anything flows along it."""
