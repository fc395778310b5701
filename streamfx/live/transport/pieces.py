"""RTP payloads of H.264 (RFC 6184), VP8 (RFC 7741) and Opus (RFC 7587) as pieces of frames."""

from __future__ import annotations

from dataclasses import dataclass

from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import VpxPayloadDescriptor

_FRAGMENT = 28
_AGGREGATE = 24
_IDR = 5
_SPS = 7
_DELIMITER = 9


@dataclass(slots=True)
class Piece:
    """What one RTP packet carries of a frame."""

    timestamp: int
    marker: bool
    data: bytes
    arrived: float
    starts: bool = True
    """Whether a frame begins here for certain."""
    opens: bool = True
    """Whether a frame may begin here."""
    key: bool = False
    """Whether it belongs to a frame that can be decoded without any before it."""


def video_piece(name: str, timestamp: int, marker: bool, payload: bytes, arrived: float) -> Piece:
    """Return the piece in a payload of H.264 or VP8. Raises ValueError for a malformed one."""
    if not payload:  # padding, by which senders probe the network
        return Piece(timestamp, marker, b"", arrived, False, False)
    if name == "VP8":
        descriptor, data = VpxPayloadDescriptor.parse(payload)
        starts = descriptor.partition_start == 1 and descriptor.partition_id == 0
        key = starts and bool(data) and not data[0] & 1
        return Piece(timestamp, marker, data, arrived, starts, starts, key)
    data = h264_depayload(payload)
    kinds = _kinds(payload)
    return Piece(
        timestamp,
        marker,
        data,
        arrived,
        bool(kinds) and kinds[0] in (_SPS, _DELIMITER),
        bool(kinds),
        _IDR in kinds or _SPS in kinds,
    )


def _kinds(payload: bytes) -> list[int]:
    """Return the types of the NAL units that begin in a payload."""
    kind = payload[0] & 0x1F
    if kind == _FRAGMENT:
        return [payload[1] & 0x1F] if payload[1] & 0x80 else []
    if kind != _AGGREGATE:
        return [kind]
    kinds = []
    position = 1
    while position + 2 < len(payload):
        kinds.append(payload[position + 2] & 0x1F)
        position += 2 + int.from_bytes(payload[position : position + 2], "big")
    return kinds
