"""Which of FFmpeg's encoders this build and this machine have, found out by trying."""

from __future__ import annotations

import logging
import os
from functools import cache

import av
import av.codec.codec
import av.video.codeccontext

log = logging.getLogger(__name__)


@cache
def has_encoder(encoder: str) -> bool:
    """Tell whether FFmpeg was built with an encoder."""
    os.environ.setdefault("SVT_LOG", "1")  # or SVT-AV1 writes its settings to standard error
    try:
        av.codec.codec.Codec(encoder, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


@cache
def formats(encoder: str) -> tuple[str, ...]:
    """Return the pixel formats that an encoder lists; empty where it lists none."""
    return tuple(f.name for f in av.codec.codec.Codec(encoder, "w").video_formats or ())


@cache
def nvenc_problem(encoder: str) -> str:
    """Return why an NVENC encoder cannot be used on this machine; empty where it can.

    A small picture is really encoded: that the encoder is built in says nothing of the card.
    """
    if not has_encoder(encoder):
        return f"FFmpeg was built without {encoder}"
    context = av.codec.codec.Codec(encoder, "w").create("video")
    assert isinstance(context, av.video.codeccontext.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 256, 256, "yuv420p"
    context.framerate = 25  # type: ignore[assignment]  # takes any rational
    try:
        context.encode(av.VideoFrame(256, 256, "yuv420p"))
        context.encode(None)
    except av.FFmpegError as exc:
        log.debug("%s cannot be opened: %s", encoder, exc)
        return f"{encoder} does not open here ({exc.strerror or exc})"
    return ""
