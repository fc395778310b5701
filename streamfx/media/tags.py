"""Colour tags of ITU-T H.273 on frames and codecs: numbers to names and back."""

from __future__ import annotations

import re
from dataclasses import replace

from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from streamfx.colour import LUMA_WEIGHTS, Colour, Range, Siting, guess

PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
"""ColourPrimaries (H.273, table 2), as FFmpeg spells them."""

TRANSFERS = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
"""TransferCharacteristics (H.273, table 3)."""

MATRICES = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
}
"""MatrixCoefficients (H.273, table 4)."""

RANGES: dict[int, Range] = {1: "limited", 2: "full"}
"""FFmpeg's AVColorRange; 0 is unspecified."""

UNSPECIFIED = 2
"""What primaries, transfers and matrices are when nobody said."""

_CENTRED_CODECS = frozenset(
    ("mjpeg", "mjpegb", "jpegls", "jpeg2000", "mpeg1video", "webp", "h261", "h263", "flv", "theora")
)
"""Codecs whose standard puts chroma in the middle of its four luma samples."""

_COSITED_CODECS = frozenset(("dvvideo",))

_GREY = re.compile(r"(gray|ya|mono)")
_FLOAT = re.compile(r"f(16|32)(le|be)$")


def colour_of(
    item: VideoFrame | VideoCodecContext, *, width: int, height: int, codec: str = ""
) -> Colour:
    """Read the colour tags of a frame or codec, and guess by a stated rule what they leave open.

    ``codec`` is the decoder's name; PyAV does not tell the siting of chroma, so that the codec's
    standard decides it. Untagged grey and ``yuvj`` pictures are full range, as FFmpeg takes them.
    """
    form = _format(item)
    name = form.name if form is not None else "yuv420p"
    rgb = form is not None and (form.is_rgb or form.has_palette)
    primaries = PRIMARIES.get(item.color_primaries)
    transfer = TRANSFERS.get(item.color_trc)
    matrix = MATRICES.get(item.colorspace)
    tagged = "full" if name.startswith("yuvj") else RANGES.get(item.color_range)
    if isinstance(item, VideoCodecContext):
        codec = codec or item.name
    colour = guess(
        width=width,
        height=height,
        rgb=rgb,
        depth=depth_of(form) if form is not None else 8,
        primaries=primaries,
        transfer=transfer,
        matrix=matrix if rgb or matrix in LUMA_WEIGHTS else None,
        range=tagged,
        siting=_siting(name, codec, matrix, transfer),
    )
    return replace(colour, range="full") if _GREY.match(name) and tagged is None else colour


def depth_of(form: VideoFormat) -> int:
    """Return the bits of each component as decoded; 32 for floating point, 8 for palettes."""
    if _FLOAT.search(form.name):
        return 32
    return 8 if form.has_palette else max((c.bits for c in form.components), default=8)


def tag(item: VideoFrame | VideoCodecContext, colour: Colour) -> None:
    """Write the four colour tags. Names without a number in H.273 are written as unspecified."""
    item.color_primaries = _number(PRIMARIES, colour.primaries)
    item.color_trc = _number(TRANSFERS, colour.transfer)
    item.colorspace = _number(MATRICES, colour.matrix)
    item.color_range = 2 if colour.range == "full" else 1


def settle(colour: Colour, pix_fmt: str) -> Colour:
    """Return what a colour becomes in a pixel format: its matrix, range and depth.

    RGB has no matrix. Y'CbCr made from RGB takes the matrix of its primaries at limited range (grey
    stays full). ``yuvj`` formats are full range.
    """
    form = VideoFormat(pix_fmt, 64, 64)
    depth = depth_of(form)
    if form.is_rgb or form.has_palette:
        span = colour.range if colour.matrix == "gbr" else "full"
        return replace(colour, matrix="gbr", range=span, depth=depth)
    matrix, span = colour.matrix, colour.range
    if matrix not in LUMA_WEIGHTS:
        hint = guess(width=1920, height=1080, rgb=False, primaries=colour.primaries)
        grey = not any(part.is_chroma for part in form.components) and len(form.components) < 3
        matrix, span = hint.matrix, "full" if grey else "limited"
    if pix_fmt.startswith("yuvj"):
        span = "full"
    return replace(colour, matrix=matrix, range=span, depth=depth)


def _number(table: dict[int, str], name: str) -> int:
    return next((number for number, known in table.items() if known == name), UNSPECIFIED)


def _format(item: VideoFrame | VideoCodecContext) -> VideoFormat | None:
    return item.sw_format or item.format


def _siting(name: str, codec: str, matrix: str | None, transfer: str | None) -> Siting:
    if codec in _COSITED_CODECS:
        return "topleft"
    if codec in _CENTRED_CODECS or (not codec and name.startswith("yuvj")):
        return "center"
    if matrix == "bt2020nc" and transfer in ("smpte2084", "arib-std-b67"):
        return "topleft"
    return "left"
