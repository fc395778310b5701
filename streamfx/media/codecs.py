"""The video codecs that can be written, one row each, and which of them this machine has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from streamfx.errors import TargetError

ISO = ("mp4", "mov", "matroska")
_RAW = tuple(
    f"{family}{depth}"
    for family in ("yuv420p", "yuv422p", "yuv444p")
    for depth in ("", "10le", "12le", "14le", "16le")
)
_RAW_ALPHA = tuple(
    f"{family}{depth}"
    for family in ("yuva420p", "yuva422p", "yuva444p")
    for depth in ("", "10le", "16le")
)
_RAW_RGB = ("rgb24", "rgba", "rgb48le", "rgba64le", "gbrp10le", "gbrp12le", "gbrap10le")


@dataclass(frozen=True, slots=True)
class Quality:
    """The constant-quality number of an encoder."""

    option: str
    """The encoder's option that takes it."""
    low: float
    """Smallest value taken."""
    high: float
    """Largest value taken."""
    default: float
    """Value where none is asked for."""
    better: Literal["low", "high"] = "low"
    """Which end looks better."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec as it is asked for by name."""

    name: str
    """What ``--codec`` takes."""
    encoder: str
    """FFmpeg's encoder on the processor."""
    containers: tuple[str, ...]
    """Names of the containers that take it."""
    extensions: tuple[str, ...] = ()
    """Which extensions of an image sequence stand for it."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the encoder, the rate control besides quality among them."""
    quality: Quality | None = None
    """How quality is asked for; None where there is nothing to ask."""
    formats: tuple[str, ...] = ()
    """Pixel formats to choose from; empty: all that the encoder lists."""
    nvenc: str = ""
    """Encoder on an NVIDIA card; empty: none."""
    grows: Mapping[Literal["alpha", "chroma", "deep"], str] = field(default_factory=dict)
    """The row to take instead where the picture has alpha, full chroma or more than 8 bits."""
    mastering: Literal["", "x264-params", "x265-params", "svtav1-params"] = ""
    """The option that takes HDR10 mastering metadata; empty: it cannot be kept."""
    even: bool = False
    """Whether sides that share chroma must be even."""
    linear: bool = False
    """Whether it holds linear light."""
    full: bool = False
    """Whether Y'CbCr must be full range."""
    alpha_in: tuple[str, ...] = ()
    """Containers in which its alpha survives; empty: all of them."""
    smallest: tuple[int, int] = (1, 1)
    """Fewest columns and lines."""
    matrices: tuple[str, ...] = ()
    """Y'CbCr matrices that it can state; empty: any."""
    aspect: bool = False
    """Whether its own data says what shape pixels have."""
    tags: bool = False
    """Whether its own data says what the numbers mean."""

    @property
    def note(self) -> str:
        """One line for lists: the encoder and the quality range."""
        if self.quality is None:
            return self.encoder
        q = self.quality
        return f"{self.encoder}, quality {q.low:g} to {q.high:g} ({q.better} is better)"


def _prores(name: str, profile: str, **more: object) -> Codec:
    alpha = profile.startswith("4444")
    return Codec(
        name,
        "prores_ks",
        ("mov", "matroska", "mxf"),
        options={"profile": profile, "vendor": "apl0", **({"alpha_bits": "16"} if alpha else {})},
        formats=("yuv444p10le", "yuva444p10le") if alpha else ("yuv422p10le",),
        tags=True,
        **more,  # type: ignore[arg-type]  # fields by name
    )


def _dnxhr(name: str, pixels: tuple[str, ...], **more: object) -> Codec:
    profile = "dnxhr_" + (name.partition("-")[2] or "hq")
    return Codec(
        name,
        "dnxhd",
        ("mov", "mxf"),
        options={"profile": profile},
        formats=pixels,
        smallest=(256, 120),
        matrices=("bt709", "bt2020nc", "gbr"),
        **more,  # type: ignore[arg-type]  # fields by name
    )


CODECS: tuple[Codec, ...] = (
    Codec(
        "h264",
        "libx264",
        (*ISO, "mpegts", "avi", "nut"),
        options={"preset": "veryfast"},
        quality=Quality("crf", 0, 51, 18),
        nvenc="h264_nvenc",
        mastering="x264-params",
        aspect=True,
        tags=True,
        even=True,
    ),
    Codec(
        "hevc",
        "libx265",
        (*ISO, "mpegts", "nut"),
        options={"preset": "fast", "x265-params": "log-level=error"},
        quality=Quality("crf", 0, 51, 20),
        # Alpha in HEVC is a second layer that hardly any player shows: never chosen for it.
        formats=(
            *("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "gbrp"),
            *("yuv420p10le", "yuv422p10le", "yuv444p10le", "gbrp10le"),
            *("yuv420p12le", "yuv422p12le", "yuv444p12le", "gbrp12le"),
        ),
        nvenc="hevc_nvenc",
        mastering="x265-params",
        aspect=True,
        tags=True,
        even=True,
    ),
    Codec(
        "av1",
        "libsvtav1",
        ("mp4", "matroska", "webm"),
        options={"preset": "8"},
        quality=Quality("crf", 0, 63, 30),
        nvenc="av1_nvenc",
        mastering="svtav1-params",
        tags=True,
    ),
    Codec(
        "vp9",
        "libvpx-vp9",
        ("mp4", "matroska", "webm"),
        options={"deadline": "good", "cpu-used": "4", "row-mt": "1", "b": "0"},
        quality=Quality("crf", 0, 63, 24),
        # FFmpeg lists more, and then refuses to open with them or cannot read them back
        formats=("yuv420p", "yuva420p", "yuv422p", "yuv444p", "gbrp"),
        alpha_in=("webm", "matroska"),
        tags=True,
    ),
    _prores("prores", "standard", grows={"alpha": "prores-4444", "chroma": "prores-4444"}),
    _prores("prores-proxy", "proxy"),
    _prores("prores-lt", "lt"),
    _prores("prores-hq", "hq"),
    _prores("prores-4444", "4444"),
    _prores("prores-4444xq", "4444xq"),
    _dnxhr("dnxhr", ("yuv422p",), grows={"chroma": "dnxhr-444", "deep": "dnxhr-hqx"}),
    _dnxhr("dnxhr-lb", ("yuv422p",)),
    _dnxhr("dnxhr-sq", ("yuv422p",)),
    _dnxhr("dnxhr-hq", ("yuv422p",)),
    _dnxhr("dnxhr-hqx", ("yuv422p10le",)),
    _dnxhr("dnxhr-444", ("yuv444p10le", "gbrp10le")),
    Codec(
        "ffv1",
        "ffv1",
        ("matroska", "avi", "nut"),
        options={"level": "3", "slicecrc": "1", "slices": "4", "g": "1"},
    ),
    Codec("png", "png", ("images", "mov", "avi", "nut"), (".png",), aspect=True, tags=True),
    Codec("tiff", "tiff", ("images",), (".tif", ".tiff"), {"compression_algo": "lzw"}),
    Codec("exr", "exr", ("images",), (".exr",), {"compression": "zip16"}, linear=True),
    Codec(
        "jpeg",
        "mjpeg",
        ("images", "mov", "matroska", "avi", "nut"),
        (".jpg", ".jpeg"),
        quality=Quality("jpeg", 1, 100, 95, "high"),
        formats=("yuvj420p", "yuvj422p", "yuvj444p"),
        full=True,
        aspect=True,
    ),
    Codec(
        "webp",
        "libwebp",
        ("images",),
        (".webp",),
        quality=Quality("quality", 0, 100, 95, "high"),
        formats=("yuv420p", "yuva420p"),
    ),
    Codec("dpx", "dpx", ("images",), (".dpx",)),
    Codec("rawvideo", "rawvideo", ("nut",), formats=(*_RAW, *_RAW_ALPHA, *_RAW_RGB)),
    Codec("y4m", "wrapped_avframe", ("yuv4mpegpipe",), formats=_RAW),
)

BY_NAME = {row.name: row for row in CODECS}


def codec(name: str) -> Codec:
    """Return the codec of a name. Raises :exc:`TargetError` with the known names."""
    row = BY_NAME.get(name.lower())
    if row is None:
        raise TargetError(f"no codec {name!r}; known: {', '.join(BY_NAME)}")
    return row
