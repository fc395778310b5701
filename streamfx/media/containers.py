"""The containers that can be written: what each is called, and what it can hold."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

SEQUENCE = "images"
"""Name of the container that is a file for each picture."""


@dataclass(frozen=True, slots=True)
class Container:
    """One kind of file."""

    name: str
    """FFmpeg's name of the muxer; :data:`SEQUENCE` for a file for each picture."""
    extensions: tuple[str, ...]
    """What file names end in, with the dot."""
    codec: str = ""
    """Codec of 8-bit SDR pictures where none is asked for; empty: the extension decides."""
    deep: str = ""
    """Codec of HDR or more than 8 bits; empty: as ``codec``."""
    alpha: str = ""
    """Codec of pictures with alpha; empty: none here carries alpha."""
    audio: str = ""
    """Encoder for sound that cannot be copied; empty: no sound."""
    copies: frozenset[str] | None = None
    """Audio codecs that it takes as they are, where asking FFmpeg is not enough."""
    rate: int | None = None
    """Samples per second that its sound must have; None: any."""
    refuses: frozenset[str] = frozenset()
    """Audio codecs that FFmpeg lists for it and then does not write."""
    subtitles: str = ""
    """Encoder for text subtitles that cannot be copied; empty: no subtitles."""
    rotates: bool = False
    """Whether it can say how pictures are turned."""
    chapters: bool = False
    """Whether it keeps chapters."""
    attachments: bool = False
    """Whether it keeps attached files, such as fonts."""
    tags: bool = True
    """Whether it keeps tags such as a title."""
    colour: bool = False
    """Whether it keeps colour tags by itself, whatever the codec."""
    aspect: bool = False
    """Whether it keeps the shape of pixels by itself, whatever the codec."""
    constant: bool = False
    """Whether every frame lasts equally long."""
    tick: Fraction | None = None
    """Seconds of its own clock where that is fixed; None: whatever the stream needs."""


_ISO = {
    "codec": "h264",
    "deep": "hevc",
    "audio": "aac",
    "subtitles": "mov_text",
    "rotates": True,
    "chapters": True,
    "colour": True,
    "aspect": True,
}
_NO_MOV = frozenset({"flac", "opus", "truehd", "vorbis"})
_TS_AUDIO = frozenset({"aac", "mp2", "mp3", "ac3", "eac3", "opus", "dts", "truehd"})
_AVI_AUDIO = frozenset({"mp3", "mp2", "ac3", "pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"})

CONTAINERS: tuple[Container, ...] = (
    Container("mp4", (".mp4", ".m4v"), **_ISO),  # type: ignore[arg-type]  # fields by name
    Container("mov", (".mov",), **_ISO, alpha="prores-4444", refuses=_NO_MOV),  # type: ignore[arg-type]  # as above
    Container(
        "matroska",
        (".mkv",),
        codec="h264",
        deep="hevc",
        alpha="ffv1",
        audio="flac",
        subtitles="subrip",
        rotates=True,
        chapters=True,
        attachments=True,
        colour=True,
        tick=Fraction(1, 1000),
    ),
    Container(
        "webm",
        (".webm",),
        codec="vp9",
        deep="av1",
        alpha="vp9",
        audio="libopus",
        subtitles="webvtt",
        rotates=True,
        chapters=True,
        colour=True,
        tick=Fraction(1, 1000),
    ),
    Container(
        "avi",
        (".avi",),
        codec="h264",
        deep="ffv1",
        alpha="ffv1",
        audio="pcm_s16le",
        copies=_AVI_AUDIO,
        constant=True,
    ),
    Container(
        "mxf",
        (".mxf",),
        codec="dnxhr",
        audio="pcm_s16le",
        copies=frozenset(),
        rate=48000,
        constant=True,
    ),
    Container(
        "mpegts",
        (".ts", ".m2ts", ".mts"),
        codec="h264",
        deep="hevc",
        audio="aac",
        copies=_TS_AUDIO,
        tick=Fraction(1, 90000),
    ),
    Container("nut", (".nut",), codec="ffv1", alpha="ffv1", audio="flac", chapters=True),
    Container("yuv4mpegpipe", (".y4m",), codec="y4m", constant=True, tags=False),
    Container(
        SEQUENCE,
        (".png", ".tif", ".tiff", ".exr", ".jpg", ".jpeg", ".webp", ".dpx"),
        alpha="png",
        tags=False,
    ),
)

BY_EXTENSION = {extension: row for row in CONTAINERS for extension in row.extensions}
BY_NAME = {row.name: row for row in CONTAINERS}
