"""What a decoder puts beside the pixels of a frame: display matrix, HDR10 metadata and the like."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import cast

from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame


def beside(frame: VideoFrame) -> dict[Type, bytes]:
    """Return the frame's side data by kind, as FFmpeg's C structures.

    PyAV 18 gives none at all of a frame that carries one kind it has no name for (the EXIF block of
    a JPEG or TIFF); of such a frame only the display matrix comes, made from its rotation.
    """
    try:
        found = cast("Iterable[SideData]", frame.side_data)  # PyAV types it as a single item
    except ValueError:
        return {Type.DISPLAYMATRIX: _matrix(frame.rotation)} if frame.rotation else {}
    return {data.type: bytes(data) for data in found}


def _matrix(degrees: int) -> bytes:
    """Return the display matrix of a turn counter-clockwise, as libavutil/display.h has it."""
    cos = round(math.cos(math.radians(degrees)) * (1 << 16))
    sin = round(math.sin(math.radians(degrees)) * (1 << 16))
    return struct.pack("=9i", cos, -sin, 0, sin, cos, 0, 0, 0, 1 << 30)
