"""Messages between this process and one that makes blocking network calls for it."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from typing import Any, BinaryIO

from av.packet import Packet

from streamfx.media.packets import AnyPacket

_HEAD = struct.Struct(">cI")
_PACKET = struct.Struct(">BBqqqII")
_NONE = -(1 << 63)

LONGEST = 256 << 20
"""Bytes of a message, at the most; a longer one is a broken pipe."""

PACKET = b"P"
"""A packet of one stream."""

WORDS = b"J"
"""A JSON object."""


def message(kind: bytes, data: bytes) -> bytes:
    """Return one message as bytes."""
    return _HEAD.pack(kind, len(data)) + data


def send(file: BinaryIO, kind: bytes, data: bytes) -> None:
    """Write one message."""
    file.write(_HEAD.pack(kind, len(data)))
    file.write(data)
    file.flush()


def tell(file: BinaryIO, **words: Any) -> None:  # noqa: ANN401  whatever JSON takes
    """Write one JSON object."""
    send(file, WORDS, json.dumps(words).encode())


def receive(file: BinaryIO) -> tuple[bytes, bytes] | None:
    """Read one message: its kind and its data. None when the other side is gone."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, length = _HEAD.unpack(head)
    if length > LONGEST:
        return None
    data = file.read(length)
    return (kind, data) if len(data) == length else None


def pack(packet: AnyPacket, index: int, *, old: bool = False) -> bytes:
    """Return a packet of stream ``index`` as bytes; it must have a time base.

    ``old``: what it shows is no news; it is only needed to decode what follows.
    """
    base = packet.time_base
    return _PACKET.pack(
        index,
        packet.is_keyframe | old << 1,
        _NONE if packet.pts is None else packet.pts,
        _NONE if packet.dts is None else packet.dts,
        packet.duration or 0,
        base.numerator,
        base.denominator,
    ) + bytes(packet)


def unpack(data: bytes) -> tuple[int, AnyPacket, bool]:
    """Return the stream's index, the packet and whether it is old, from what :func:`pack` made."""
    index, flags, pts, dts, duration, numerator, denominator = _PACKET.unpack_from(data)
    packet: AnyPacket = Packet(data[_PACKET.size :])
    packet.time_base = Fraction(numerator, denominator)
    packet.pts = None if pts == _NONE else pts
    packet.dts = None if dts == _NONE else dts
    packet.duration = duration
    packet.is_keyframe = bool(flags & 1)
    return index, packet, bool(flags & 2)
