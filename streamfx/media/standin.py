"""Pixel formats that are not read directly: palettes, bit streams, mosaics, and what stands in."""

from __future__ import annotations

import re

import numpy as np
from av.video.frame import VideoFrame

from streamfx.errors import MediaError
from streamfx.media.packing import Packing, direct, lines, packing


def unpacked(frame: VideoFrame) -> tuple[VideoFrame, Packing]:
    """Return the frame in a format that is read directly: itself, or the nearest without loss.

    Raises MediaError for a format that libswscale cannot read.
    """
    own = packing(frame.format.name)
    if own is not None:
        return frame, own
    name = _stand_in(frame)
    try:
        return frame.reformat(format=name), direct(name)
    except (OSError, ValueError) as exc:
        raise MediaError(f"pixel format {frame.format.name} cannot be read: {exc}") from exc


def _stand_in(frame: VideoFrame) -> str:
    form = frame.format
    base = re.sub(r"(le|be)$", "", form.name)
    if base in _STAND_INS:
        return _STAND_INS[base]
    if form.has_palette:
        return "rgba" if has_alpha(frame) else "rgb24"
    if form.is_bayer:
        return "rgb48le" if "16" in base else "rgb24"
    if form.is_rgb:
        return "gbrp10le" if base.startswith("x2") else "rgb24"
    return "yuv444p12le"


_STAND_INS = {
    "xyz12": "rgb48le",
    "monob": "gray",
    "monow": "gray",
    "xv30": "yuv444p10le",
    "v30x": "yuv444p10le",
}


def has_alpha(frame: VideoFrame) -> bool:
    """Tell whether a frame has alpha; a palette has it if one of the colours used is not opaque."""
    form = frame.sw_format or frame.format
    if form.has_palette:
        used = np.unique(lines(frame.planes[0], "u1")[:, : frame.width])
        palette = np.frombuffer(memoryview(frame.planes[1]), np.uint8).reshape(256, 4)
        return bool((palette[used, 3] < 255).any())
    return any(part.is_alpha for part in form.components)
