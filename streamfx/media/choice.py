"""What to encode with: container, codec, encoder, pixel format and options, chosen unopened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from streamfx.colour import Colour
from streamfx.errors import TargetError
from streamfx.frame import VideoInfo
from streamfx.media import codecs, encoders, pixels
from streamfx.media.codecs import Codec
from streamfx.media.containers import CONTAINERS, Container
from streamfx.media.mastering import Mastering
from streamfx.media.options import options_for
from streamfx.media.tagging import stored
from streamfx.media.target import Target


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """How an output is to be written."""

    codec: str | None = None
    """A name of :data:`streamfx.media.codecs.CODECS`; None: what suits container and picture."""
    quality: float | None = None
    """The codec's own constant-quality number; None: the codec's default."""
    encoder: Literal["auto", "cpu", "nvenc"] = "auto"
    """Where to encode: ``auto`` takes NVENC where the card has it and nothing is lost by it."""
    overwrite: bool = False
    """Whether an output that exists is replaced."""
    fps: Fraction | None = None
    """Frames per second that the output says; None: what the graph makes."""


@dataclass(frozen=True, slots=True)
class EncodePlan:
    """How pictures will be encoded."""

    container: Container
    """What kind of file."""
    codec: Codec
    """The codec by name."""
    encoder: str
    """FFmpeg's name of the encoder."""
    pix_fmt: str
    """Pixel format that the encoder is given."""
    options: Mapping[str, str]
    """Options that the encoder is opened with."""
    colour: Colour
    """What the stored numbers mean; what it lists as guessed is left untagged."""
    notes: tuple[str, ...] = ()
    """Every decision that nobody asked for, in words."""

    @property
    def alpha(self) -> bool:
        """Whether alpha is stored."""
        return pixels.layout(self.pix_fmt).alpha

    @property
    def hardware(self) -> bool:
        """Whether a card encodes."""
        return self.encoder.endswith("_nvenc")


def choose(
    target: Target,
    video: VideoInfo,
    source_pix_fmt: str | None = None,
    settings: WriteSettings | None = None,
    mastering: Mastering | None = None,
    coded: tuple[int, int] | None = None,
) -> EncodePlan:
    """Return how to encode a stream of pictures.

    ``source_pix_fmt`` is the pixel format of the main source, whose chroma layout is followed;
    ``mastering`` its HDR10 metadata. ``coded`` is the size as stored, where that lies on its side.
    Raises :exc:`TargetError` where no encoder here can do what was asked for.
    """
    settings = settings or WriteSettings()
    notes: list[str] = []
    wanted = _wanted(video, source_pix_fmt)
    row = _grown(_codec(target, video, settings, notes), wanted, notes)
    encoder = _encoder(row, wanted, settings, notes)
    pix_fmt = _pixels(target, row, encoder, video, wanted, source_pix_fmt, notes)
    if wanted.alpha and not pixels.layout(pix_fmt).alpha:
        raise TargetError(_no_alpha(target, row))
    kept = target.container.colour or row.tags
    colour = stored(row, video, pix_fmt, coded or (video.width, video.height), kept, notes)
    if video.colour.hdr and pixels.layout(pix_fmt).depth < 10:
        notes.append(f"HDR in 8 bits will show bands: {row.name} takes no more here")
    if video.pixel_aspect != 1 and not (target.container.aspect or row.aspect):
        shape = f"{video.pixel_aspect.numerator}:{video.pixel_aspect.denominator}"
        notes.append(
            f"pixels of {shape} will be shown square: {row.name} in {target.container.name} does "
            "not keep their shape; resize to square pixels, or write a .mp4 or .mov"
        )
    graded = mastering if colour.hdr else None
    options = options_for(row, encoder, settings.quality, graded, notes)
    if target.container.name == "avi" and row.name == "h264":
        options["bf"] = "0"
        notes.append("no B-frames: AVI keeps no time stamps to put them in order")
    return EncodePlan(target.container, row, encoder, pix_fmt, options, colour, tuple(notes))


def _wanted(video: VideoInfo, source: str | None) -> pixels.Layout:
    """Return what would hold the pictures as they flow: the source's chroma, the wire's rest."""
    rgb = video.colour.matrix == "gbr"
    across = down = 0
    if not rgb:
        like = pixels.layout(source) if source else None
        chroma = (1, 1) if like is None or like.grey else (like.across, like.down)
        across, down = (0, 0) if like is not None and like.rgb else chroma
    return pixels.Layout(rgb, video.colour.depth, video.alpha, across, down)


def _codec(target: Target, video: VideoInfo, settings: WriteSettings, notes: list[str]) -> Codec:
    container = target.container
    fits = [row for row in codecs.CODECS if _takes(target, row)]
    if settings.codec is not None and not (target.pipe and settings.codec == "nut"):
        row = codecs.codec(settings.codec)
        if row not in fits:
            raise TargetError(
                f"{target.extension or container.name} does not take {row.name}; it takes "
                f"{', '.join(fit.name for fit in fits)}"
            )
    elif target.images:
        row = fits[0]
    elif target.pipe and container.name == "nut":
        row = codecs.codec("rawvideo")
    else:
        deep = video.colour.depth > 8 or video.colour.hdr
        name = (video.alpha and container.alpha) or (deep and container.deep) or container.codec
        row = codecs.codec(name)
        notes.append(f"codec {name}: the default of {target.extension or container.name}")
    if not encoders.has_encoder(row.encoder):
        raise TargetError(f"this FFmpeg was built without {row.encoder}, which {row.name} needs")
    return row


def _takes(target: Target, row: Codec) -> bool:
    if target.container.name not in row.containers:
        return False
    return not target.images or target.extension in row.extensions


def _grown(row: Codec, wanted: pixels.Layout, notes: list[str]) -> Codec:
    full = wanted.rgb or (wanted.across, wanted.down) == (0, 0)
    for asked, reason in (("alpha", wanted.alpha), ("chroma", full), ("deep", wanted.depth > 8)):
        name = row.grows.get(asked)  # type: ignore[call-overload]  # one of its three keys
        if reason and name:
            notes.append(f"{name} instead of {row.name}: the picture is {wanted}")
            return codecs.codec(name)
    return row


def _encoder(row: Codec, wanted: pixels.Layout, settings: WriteSettings, notes: list[str]) -> str:
    if settings.encoder == "cpu" or (settings.encoder == "auto" and not row.nvenc):
        return row.encoder
    if not row.nvenc:
        known = ", ".join(each.name for each in codecs.CODECS if each.nvenc)
        raise TargetError(f"NVENC has no {row.name} (it has {known}); give --encoder cpu")
    problem = encoders.nvenc_problem(row.nvenc)
    if settings.encoder == "nvenc":
        if problem:
            raise TargetError(f"no NVENC here: {problem}; give --encoder cpu")
        return row.nvenc
    if problem:
        return row.encoder
    held = pixels.layout(pixels.nearest(wanted, _NVENC_FORMATS))
    if (held.across, held.down, held.depth) != (wanted.across, wanted.down, wanted.depth):
        notes.append(f"{row.encoder} instead of {row.nvenc}: that takes no {wanted}")
        return row.encoder
    notes.append(f"encoded by {row.nvenc}; --encoder cpu takes {row.encoder}")
    return row.nvenc


_NVENC_FORMATS = ("yuv420p", "nv12", "p010le", "yuv444p")


def _pixels(
    target: Target,
    row: Codec,
    encoder: str,
    video: VideoInfo,
    wanted: pixels.Layout,
    source: str | None,
    notes: list[str],
) -> str:
    offered = row.formats or encoders.formats(encoder)
    if encoder == row.nvenc:
        offered = ("yuv420p", "p010le", "yuv444p")
    if row.alpha_in and target.container.name not in row.alpha_in:
        offered = tuple(name for name in offered if not pixels.layout(name).alpha)
    full = video.colour.range == "full" or row.full
    offered = tuple(name for name in offered if full or not pixels.full_name(name))
    if row.even:
        offered = _for_odd(offered, video)
        if not offered:
            raise TargetError(
                f"{row.name} cannot hold an odd size ({video.width}x{video.height}); "
                f"crop or resize to even sides, or take another codec such as ffv1"
            )
    if video.width < row.smallest[0] or video.height < row.smallest[1]:
        raise TargetError(
            f"{row.name} takes no less than {row.smallest[0]}x{row.smallest[1]}, and the picture "
            f"is {video.width}x{video.height}"
        )
    prefer = source if source is not None and pixels.layout(source) == wanted else ""
    chosen = pixels.nearest(wanted, offered, prefer)
    if pixels.layout(chosen) != wanted:
        held = pixels.layout(chosen)
        lost = replace(held, alpha=wanted.alpha) != wanted
        odd = row.even and (video.width % 2 or video.height % 2)
        why = "the size is odd" if odd else f"{encoder} takes no {replace(wanted, alpha=False)}"
        if lost:
            notes.append(f"stored as {chosen} ({held}) instead of {wanted}: {why}")
    return chosen


def _for_odd(offered: tuple[str, ...], video: VideoInfo) -> tuple[str, ...]:
    kept = []
    for name in offered:
        held = pixels.layout(name)
        if not (video.width % 2 and held.across) and not (video.height % 2 and held.down):
            kept.append(name)
    return tuple(kept)


def _no_alpha(target: Target, row: Codec) -> str:
    """Return that alpha would be lost, and where it would not be."""
    own = target.container.alpha if not target.images else ""
    homes: dict[str, list[str]] = {}
    for container in CONTAINERS:
        if container.alpha and container.alpha != own:
            homes.setdefault(container.alpha, []).append(container.extensions[0])
    better = [f"{name} ({', '.join(where)})" for name, where in homes.items()]
    better[:0] = [f"--codec {own}"] if own else []
    return (
        f"the picture has alpha, which {row.name} in {target.extension or 'a pipe'} cannot hold; "
        f"{', '.join(better)} can; or fill it first, as the preset flatten does"
    )
