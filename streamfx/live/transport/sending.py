"""What goes to a remote peer of one kind of media: encoded packets in, RTP out."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import (
    HeaderExtensionsMap,
    RtcpReceiverInfo,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
    wrap_rtx,
)

from streamfx.live.transport.clockwork import SendingClock, ntp_now
from streamfx.live.transport.lines import Line
from streamfx.live.transport.terms import AnyPacket

HISTORY = 1024
"""Packets kept for retransmission: two seconds of 1080p."""
BURST = 32
"""Packets that go at once."""
PACE = 0.005
"""Seconds between two bursts: at most about 60 Mbit/s."""
MAX_QUEUE = 1500
"""Packets waiting, above which pictures are dropped up to the next keyframe."""
MAX_REPEATS = 1024
"""Packets sent again between two reports, about a second; a remote that asks for more gets none."""
REPEAT_AFTER = 0.015
"""Seconds between two retransmissions of the same packet."""


class _Packer(Protocol):
    def pack(self, packet: AnyPacket) -> tuple[list[bytes], int]: ...


class Sender:
    """Sends encoded packets of one line.

    ``post`` encrypts and sends, and says whether it did. ``wants_key`` is called when pictures had
    to be dropped, so that nothing before the next keyframe can be decoded.
    """

    def __init__(
        self,
        line: Line,
        clock: SendingClock,
        post: Callable[[bytes], bool],
        wants_key: Callable[[], None],
        source: tuple[int, int],
    ) -> None:
        self.line = line
        self.format = line.formats[0]
        self.ssrc, self._rtx_ssrc = source
        self.round_trip: float | None = None
        """Seconds, smoothed; None until the remote reported."""
        self.lost = 0.0
        """Share of our packets lost, by the remote's last report."""
        self.octets = 0
        """Bytes of payload sent."""
        self._clock = clock
        self._post = post
        self._wants_key = wants_key
        self._video = line.kind == "video"
        self._packer: _Packer | None = None
        if self._video:
            self._packer = H264Encoder() if self.format.name == "H264" else Vp8Encoder()
        self._extensions = HeaderExtensionsMap()
        self._extensions.configure(
            RTCRtpParameters(
                headerExtensions=[
                    RTCRtpHeaderExtensionParameters(id=number, uri=uri)
                    for uri, number in line.extensions.items()
                ]
            )
        )
        # In the lower half, so that it does not wrap while SRTP guesses its rollover counter
        # (RFC 3711, section 3.3.1).
        self._sequence = secrets.randbelow(1 << 15)
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._repeats = 0
        self._origin = secrets.randbits(32)
        self._packets = 0
        self._history: dict[int, tuple[RtpPacket, float]] = {}
        self._queue: deque[RtpPacket] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._needs_key = self._video
        self._reports: deque[tuple[int, float]] = deque(maxlen=8)
        self._closed = False

    def send(self, packet: AnyPacket) -> None:
        """Send a packet; pictures are dropped while a keyframe is needed and this is none."""
        if self._closed or packet.pts is None or packet.time_base is None:
            return
        seconds = float(packet.pts * packet.time_base)
        self._clock.note(seconds)
        if self._video:
            if len(self._queue) > MAX_QUEUE:
                self._queue.clear()
                self._needs_key = True
            if self._needs_key:
                if not packet.is_keyframe:
                    self._wants_key()
                    return
                self._needs_key = False
        payloads = self._packer.pack(packet)[0] if self._packer else [bytes(packet)]
        stamp = (self._origin + round(seconds * self.format.clock)) & 0xFFFFFFFF
        for i, payload in enumerate(payloads, 1):
            rtp = RtpPacket(self.format.payload, 0, self._sequence, stamp, self.ssrc, payload)
            rtp.marker = int(self._video and i == len(payloads))
            rtp.extensions.mid = self.line.mid or None
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._queue.append(rtp)
        if self._timer is None:
            self._flush()

    def repeat(self, numbers: list[int], now: float) -> None:
        """Send packets again that the remote misses (RFC 4585, RFC 4588)."""
        for number in numbers[:HISTORY]:
            if self._repeats >= MAX_REPEATS:
                return
            kept = self._history.get(number % HISTORY)
            if kept is None or kept[0].sequence_number != number or now - kept[1] < REPEAT_AFTER:
                continue
            packet = kept[0]
            self._history[number % HISTORY] = (packet, now)
            self._repeats += 1
            if self.format.rtx is not None:
                packet = wrap_rtx(packet, self.format.rtx, self._rtx_sequence, self._rtx_ssrc)
                self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
            self._out(packet)

    def report(self, now: float) -> RtcpSrPacket | None:
        """Return a sender report of this instant; None before anything was sent."""
        instant = self._clock.now()
        self._repeats = 0
        if instant is None or not self._packets:
            return None
        ntp, seconds = instant
        self._reports.append(((ntp >> 16) & 0xFFFFFFFF, now))
        stamp = (self._origin + round(seconds * self.format.clock)) & 0xFFFFFFFF
        info = RtcpSenderInfo(ntp, stamp, self._packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF)
        return RtcpSrPacket(self.ssrc, info)

    def reported(self, report: RtcpReceiverInfo, now: float) -> None:
        """Take what the remote reports of what we sent (RFC 3550, section 6.4.1)."""
        self.lost = report.fraction_lost / 256
        for last, at in self._reports:
            if last == report.lsr and report.lsr:
                trip = max(0.0, now - at - report.dlsr / 65536)
                known = self.round_trip
                self.round_trip = trip if known is None else known + (trip - known) / 8
                return

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        self._queue.clear()
        self._history.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        now = time.perf_counter()
        for _ in range(min(BURST, len(self._queue))):
            packet = self._queue.popleft()
            if not self._out(packet) and self._video:
                self._queue.clear()
                self._needs_key = True
                self._wants_key()
                return
            self._packets += 1
            self.octets += len(packet.payload)
            self._history[packet.sequence_number % HISTORY] = (packet, now - REPEAT_AFTER)
        if self._queue and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(PACE, self._flush)

    def _out(self, packet: RtpPacket) -> bool:
        packet.extensions.abs_send_time = (ntp_now() >> 14) & 0x00FFFFFF
        return self._post(packet.serialize(self._extensions))
