"""What the FFmpeg of this machine can really do, found out by trying."""

from __future__ import annotations

import av
import av.codec.codec
from av.video.codeccontext import VideoCodecContext

from streamfx.media import hardware
from streamfx.media.codecs import CODECS, Codec
from streamfx.media.encoders import formats, has_encoder, nvenc_problem
from streamfx.media.scheduling import ordinary

SIZE = (256, 128)
"""Columns and lines of the pictures that are tried: the least that every codec takes."""


def versions() -> dict[str, str]:
    """Return the versions of PyAV, FFmpeg and its libraries."""
    libraries = {name: ".".join(map(str, v)) for name, v in av.library_versions.items()}
    return {"PyAV": av.__version__, "FFmpeg": av.ffmpeg_version_info, **libraries}


def try_codec(row: Codec) -> str:
    """Encode two small pictures and decode them again; return what went wrong, or nothing."""
    if not has_encoder(row.encoder):
        return f"FFmpeg was built without {row.encoder}"
    try:
        return _round_trip(row)
    except (av.FFmpegError, ValueError) as exc:
        return f"{row.encoder} does not work: {getattr(exc, 'strerror', None) or exc}"


def try_nvenc() -> dict[str, str]:
    """Return every NVENC encoder with what keeps it from working here; nothing where it works."""
    return {row.nvenc: nvenc_problem(row.nvenc) for row in CODECS if row.nvenc}


def try_nvdec() -> str:
    """Return why pictures cannot be decoded on a card here; nothing where they can."""
    accel, why = hardware.find()
    return "" if accel is not None else why


def _round_trip(row: Codec) -> str:
    encoder = av.codec.codec.Codec(row.encoder, "w").create("video")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt = (row.formats or formats(row.encoder) or ("yuv420p",))[0]
    encoder.framerate = 25  # type: ignore[assignment]  # takes any rational
    encoder.options = dict(row.options)
    packets = []
    with ordinary():
        for pts in (0, 1):
            packets += encoder.encode(_black(encoder.pix_fmt, pts))
    packets += encoder.encode(None)
    if row.encoder == "wrapped_avframe":  # the packet is the picture: nothing to decode
        return "" if len(packets) == 2 else f"{len(packets)} of 2 pictures came out"
    name = encoder.codec.canonical_name
    decoder = av.codec.codec.Codec(_DECODERS.get(name, name), "r").create("video")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = encoder.extradata
    decoder.width, decoder.height, decoder.pix_fmt = *SIZE, encoder.pix_fmt
    count = sum(len(decoder.decode(packet)) for packet in [*packets, None])
    return "" if count == 2 else f"{count} of 2 pictures could be decoded"


_DECODERS = {"av1": "libdav1d"}  # FFmpeg's own one decodes on a card only


def _black(pix_fmt: str, pts: int) -> av.VideoFrame:
    frame = av.VideoFrame(*SIZE, pix_fmt)
    for plane in frame.planes:  # what lies there may be no picture at all, and abort an encoder
        plane.update(bytes(plane.buffer_size))
    frame.pts = pts
    return frame
