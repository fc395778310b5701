"""From what the user wrote to an open container: files, stills, sequences, pipes and URLs."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from streamfx.errors import SourceError
from streamfx.media import extent, sequence, still
from streamfx.media.sequence import Sequence

STDIN = "-"
"""What stands for the standard input."""

NETWORK_TIMEOUT = 20.0
"""Seconds without a byte after which a URL counts as dead."""

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://|^pipe:")


@dataclass(frozen=True, slots=True)
class Opened:
    """An open container, and what kind of thing it stands for."""

    container: InputContainer
    """FFmpeg's demuxer, header read."""
    name: str
    """What to call it in messages."""
    path: Path | None
    """The file, where it is a regular one: it can be read twice and seeked in."""
    images: Sequence | None
    """The numbered images, where it is a sequence."""
    missing: int
    """Bytes that the file lacks at its end, by its own structure; 0 where it is whole."""

    @property
    def network(self) -> bool:
        """Whether it comes from a URL."""
        return self.path is None and self.images is None and "://" in self.name

    @property
    def lasting(self) -> bool:
        """Whether it can be opened again, and is the same then; streams and pipes are not."""
        return self.path is not None or self.images is not None or self.name.startswith("http")


def open_source(source: str, *, fps: Fraction | None, hwaccel: HWAccel | None = None) -> Opened:
    """Open ``source``: a path, a pattern of numbered images, ``-`` or a URL.

    ``fps`` is the rate of stills and sequences. PyAV reads URLs with the interpreter lock held at
    times, so a network source belongs in a process of its own when anything live runs beside it.
    Raises :exc:`SourceError` with one clear line when it cannot be used.
    """
    if source == STDIN:
        return Opened(_open("pipe:0", "the standard input", hwaccel, fps), "-", None, None, 0)
    if _URL.match(source) and not source.startswith("file:"):
        timeout = None if source.startswith("pipe:") else NETWORK_TIMEOUT
        return Opened(_open(source, source, hwaccel, fps, timeout), source, None, None, 0)
    path = Path(source.removeprefix("file://").removeprefix("file:"))
    if not _exists(path, source) and sequence.is_pattern(str(path)):
        images = sequence.find(str(path))
        return Opened(_open_sequence(images, source, fps), source, None, images, 0)
    regular = _check(path, source)
    missing = _measure(path, source) if regular else 0
    address = f"file:{path}" if ":" in str(path) else str(path)
    try:
        container = _open(address, source, hwaccel, fps)
    except SourceError as exc:
        if missing:
            raise SourceError(
                f"{source}: cannot be read: the file is truncated ({missing} bytes are missing)"
            ) from exc
        raise
    return Opened(container, source, path if regular else None, None, missing)


def _exists(path: Path, source: str) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError) as exc:
        raise SourceError(f"{source}: not a usable path: {exc}") from exc


def _check(path: Path, source: str) -> bool:
    """Return whether the path is a regular file; raise where it can be no source at all."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SourceError(
                f"{source}: is a directory; name the images in it by a pattern: {path}/%04d.png"
            )
        if not stat.S_ISREG(mode):
            return False
        with path.open("rb") as file:
            if not file.read(1):
                raise SourceError(f"{source}: the file is empty")
    except FileNotFoundError as exc:
        raise SourceError(f"{source}: no such file") from exc
    except PermissionError as exc:
        raise SourceError(f"{source}: no permission to read it") from exc
    except OSError as exc:
        raise SourceError(f"{source}: cannot be read: {exc.strerror}") from exc
    return True


def _measure(path: Path, source: str) -> int:
    try:
        found = extent.measure(path)
    except OSError as exc:
        raise SourceError(f"{source}: cannot be read: {exc.strerror}") from exc
    if not found.indexed:
        raise SourceError(
            f"{source}: the MP4 has no index (moov): it is truncated or was never finished"
        )
    return found.missing


def _open_sequence(images: Sequence, source: str, fps: Fraction | None) -> InputContainer:
    options = {"start_number": str(images.first), "pattern_type": "sequence"}
    return _open(images.pattern, source, None, fps, format="image2", options=options)


def _open(
    address: str,
    name: str,
    hwaccel: HWAccel | None,
    fps: Fraction | None,
    timeout: float | None = None,
    *,
    format: str | None = None,
    options: dict[str, str] | None = None,
) -> InputContainer:
    rate = fps or still.RATE
    container_options = {
        "framerate": f"{rate.numerator}/{rate.denominator}",
        **(options or {}),
    }
    if address.startswith("rtsp"):
        container_options["rtsp_transport"] = "tcp"
    settings: dict[str, Any] = {
        "format": format,
        "container_options": container_options,
        "metadata_errors": "replace",
        "timeout": timeout,
        "hwaccel": hwaccel,
    }
    try:
        container: InputContainer = av.open(address, "r", **settings)
    except av.error.ExitError as exc:
        raise SourceError(f"{name}: nothing came for {NETWORK_TIMEOUT:.0f} s") from exc
    except (av.error.InvalidDataError, av.error.EOFError) as exc:
        raise SourceError(f"{name}: not a video file, or its header is damaged") from exc
    except av.error.ProtocolNotFoundError as exc:
        raise SourceError(f"{name}: FFmpeg knows no such protocol") from exc
    except av.error.FFmpegError as exc:
        raise SourceError(f"{name}: cannot be opened: {exc.strerror}") from exc
    return container
