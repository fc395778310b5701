"""What a peer is told, what it tells, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import av

from streamfx.live.settings import IceServer

AnyPacket: TypeAlias = "av.Packet[Any]"
"""An encoded packet, of whatever stream."""


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """How one remote peer is reached and how much it may be sent."""

    ice_servers: tuple[IceServer, ...] = ()
    """STUN and TURN servers; the first of each kind is used."""
    udp_ports: tuple[int, int] | None = None
    """First and last UDP port; None: whatever the system gives."""
    max_bitrate: int = 8_000_000
    """Bits per second that are never exceeded by the estimate of :meth:`PeerListener.bandwidth`."""
    codecs: tuple[str, ...] = ("H264", "VP8")
    """Video codecs that may be negotiated, the preferred one first."""
    patience: float = 10.0
    """Seconds that ICE and DTLS together may take."""
    silence: float = 8.0
    """Seconds without a sign of life after which a connected peer counts as lost."""


class PeerListener(Protocol):
    """Who hears of a peer; no method may block."""

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a decoded picture, in the decode thread.

        ``instant`` is in seconds on the one clock that pictures and sound of this peer share, and
        only grows; it starts near zero when the peer is made, and keeps to the pace of
        :func:`time.perf_counter`, on which ``arrived`` is when the last packet came.
        """

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take decoded sound, in the decode thread; the times are those of :meth:`picture`."""

    def state(self, state: str) -> None:
        """Hear ``connecting``, ``connected`` or ``lost`` (which is final), in the loop's thread."""

    def keyframe_wanted(self) -> None:
        """Hear that the video sent cannot be decoded on without a keyframe, in the loop's thread.

        The remote said so (PLI or FIR, RFC 4585, RFC 5104), or packets had to be dropped here.
        """

    def bandwidth(self, bits: int) -> None:
        """Hear how many bits per second the way to the remote takes, in the loop's thread."""


@dataclass(frozen=True, slots=True)
class PeerStats:
    """What is known of a peer now."""

    bits_in: int = 0
    """Bits per second that came, over the last second or two."""
    bits_out: int = 0
    """Bits per second that went, over the last second or two."""
    bytes_in: int = 0
    """Bytes that came since the beginning."""
    bytes_out: int = 0
    """Bytes that went since the beginning."""
    round_trip: float | None = None
    """Seconds to the remote and back (RFC 3550, section 6.4.1); None: not known."""
    lost_in: float = 0.0
    """Share of the packets to us that got lost, 0 to 1, over the last second or two."""
    lost_out: float = 0.0
    """Share of the packets from us that got lost, as the remote reports."""
    jitter: float = 0.0
    """Seconds by which the arrival of pictures varies (RFC 3550, section 6.4.1)."""
    frames_decoded: int = 0
    """Pictures handed to the listener."""
    frames_discarded: int = 0
    """Pictures that came but were dropped before or by the decoder."""
    size: tuple[int, int] | None = None
    """Width and height of the last picture that came."""
    bandwidth: int | None = None
    """Bits per second last told to :meth:`PeerListener.bandwidth`."""
