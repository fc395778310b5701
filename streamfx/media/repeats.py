"""Whether a decoded picture is the one before, bit for bit."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

ROWS = 24
"""Lines of the first plane compared before anything else is: different pictures differ there."""


class Repeats:
    """Compare each frame with the one before: a few lines first, every plane only if they agree.

    Frames in device memory are not compared, and count as new.
    """

    def __init__(self) -> None:
        self._last: VideoFrame | None = None

    def same(self, frame: VideoFrame) -> bool:
        """Return whether ``frame`` shows exactly what the frame before showed."""
        last, self._last = self._last, frame
        if last is None or not _comparable(last, frame):
            return False
        before, now = last.planes, frame.planes
        widths = _line_bytes(frame)
        sample = max(1, now[0].height // ROWS)
        first = _lines(before[0], widths[0])[::sample], _lines(now[0], widths[0])[::sample]
        if not np.array_equal(*first):
            return False
        return all(
            np.array_equal(_lines(a, width), _lines(b, width))
            for a, b, width in zip(before, now, widths, strict=True)
        )

    def restart(self) -> None:
        """Forget the frame before."""
        self._last = None


def _comparable(a: VideoFrame, b: VideoFrame) -> bool:
    if a.format.name != b.format.name or (a.width, a.height) != (b.width, b.height):
        return False
    return not any(c in a.format.name for c in ("cuda", "vaapi", "qsv", "vulkan", "d3d11"))


def _lines(plane: VideoPlane, width: int) -> Bytes:
    """Return ``(H, bytes)`` without the padding at the ends of the lines."""
    data: Bytes = np.frombuffer(memoryview(plane), np.uint8)
    if plane.line_size <= 0 or plane.height * plane.line_size > data.size:
        return data.reshape(1, -1)  # a palette, not lines
    return data[: plane.height * plane.line_size].reshape(plane.height, -1)[:, :width]


def _line_bytes(frame: VideoFrame) -> list[int]:
    """Return how many bytes of each plane's lines may hold picture; the rest is padding."""
    found = []
    for index, plane in enumerate(frame.planes):
        bits = (c.bits for c in frame.format.components if c.plane == index)
        found.append(plane.width * sum((count + 7) // 8 for count in bits))
    return found
