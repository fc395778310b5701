"""Whether a file is as long as its own structure says: MP4, Matroska, AVI, WAV and MPEG-TS.

Reads headers only, never the media: ISO/IEC 14496-12 boxes, EBML (RFC 8794), RIFF chunks, transport
packets of 188 bytes. An intact file is never called short; formats not listed here are not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

BOXES = frozenset(
    b"ftyp moov mdat free skip wide moof mfra sidx ssix styp"
    b" meta udta uuid pnot prft emsg pdin".split()
)
"""Box types that stand at the top level of an MP4 or QuickTime file."""

MOST_BOXES = 100_000
"""Boxes looked at before the walk gives up (a fragmented file has two for each fragment)."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a file's own structure says of its length."""

    missing: int = 0
    """Bytes that should follow the last one; 0 where the file is whole or cannot be judged."""
    indexed: bool = True
    """False for an MP4 without the ``moov`` box, which nothing can decode."""


WHOLE = Extent()


def measure(path: Path) -> Extent:
    """Return how the file's length compares with what its structure says. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[4:8] in BOXES:
            return _boxes(file, size)
        if head[:4] == b"\x1aE\xdf\xa3":
            return _matroska(file, size)
        if head[:4] == b"RIFF" and len(head) >= 8:
            return _riff(head, size)
        return _transport(file, size)


def _boxes(file: BinaryIO, size: int) -> Extent:
    at, indexed = 0, False
    for _ in range(MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if not head.strip(b"\0"):
            return Extent(0, indexed)
        if len(head) < 8:
            return Extent(8 - len(head), indexed)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if kind not in BOXES:
            return Extent(0, indexed)
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8:
            return Extent(0, indexed)
        at += length
        indexed = indexed or (kind == b"moov" and at <= size)
        if at >= size:
            return Extent(at - size, indexed)
    return Extent(0, True)


def _matroska(file: BinaryIO, size: int) -> Extent:
    file.seek(4)
    header = _vint(file)
    if header is None:
        return WHOLE
    file.seek(header, 1)
    if file.read(4) != b"\x18\x53\x80\x67":
        return WHOLE
    segment = _vint(file)
    return WHOLE if segment is None else Extent(max(0, file.tell() + segment - size))


def _vint(file: BinaryIO) -> int | None:
    """Read an EBML length; None where it is unknown (a stream) or cut off."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    if len(rest) < width - 1:
        return None
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + rest, "big")
    return None if value == (1 << 7 * width) - 1 else value


def _riff(head: bytes, size: int) -> Extent:
    length = int.from_bytes(head[4:8], "little")
    if length in (0, 0xFFFFFFFF):
        return WHOLE
    return Extent(max(0, 8 + length - size))


def _transport(file: BinaryIO, size: int) -> Extent:
    file.seek(0)
    syncs = file.read(188 * 4 + 1)[::188]
    if len(syncs) < 5 or syncs != b"G" * 5:
        return WHOLE
    return Extent(-size % 188)
