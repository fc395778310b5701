"""What comes from a remote peer of one kind of media: RTP in, whole frames out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
    unwrap_rtx,
)

from streamfx.live.transport.bandwidth import Allowance
from streamfx.live.transport.clockwork import Offset, StreamClock
from streamfx.live.transport.decoding import Decoding, Job
from streamfx.live.transport.jitter import Assembly, Encoded
from streamfx.live.transport.limit import Limit
from streamfx.live.transport.lines import Format, Line
from streamfx.live.transport.pieces import Piece, video_piece
from streamfx.live.transport.reception import Reception

SILENT = 1.0
"""Seconds without a packet after which another source may take over."""
KEYFRAME_EVERY = 0.5
"""Seconds between two requests for a keyframe, at the least."""
REPAIR = 0.25
"""Seconds that a packet asked for again may take to come."""
REORDER = 0.06
"""Seconds that a packet may come late where none can be asked for."""
_POLL = 0.03

logger = logging.getLogger(__name__)


class Receiver:
    """Takes the RTP packets of one line, repairs what can be repaired, queues whole frames.

    ``post`` sends RTCP; ``ssrc`` is the source that our feedback bears. Instants count from
    ``epoch``, which is on :func:`time.perf_counter`.
    """

    def __init__(
        self,
        line: Line,
        wall: Offset,
        decoding: Decoding,
        post: Callable[[bytes], object],
        ssrc: int,
        epoch: float,
        max_bitrate: int,
    ) -> None:
        self.line = line
        self.source: int | None = None
        """The source that is taken; None before its first packet."""
        self.reception: Reception | None = None
        self._wall = wall
        self._decoding = decoding
        self._post = post
        self._epoch = epoch
        self.ssrc = ssrc
        self._video = line.kind == "video"
        self._formats = {one.payload: one for one in line.formats}
        self._repeats = {one.rtx: one for one in line.formats if one.rtx is not None}
        self._repairs = any("nack" in one.feedback for one in line.formats)
        self._allowance = Allowance(max_bitrate)
        self._last = 0.0
        self._firs = 0
        self._keyframe = Limit(KEYFRAME_EVERY, self._ask_now)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._restart(None)

    @property
    def payloads(self) -> set[int]:
        """Payload types that belong here."""
        return {*self._formats, *self._repeats}

    @property
    def discarded(self) -> int:
        """Pictures that came but were not handed to the decoder."""
        return self._discarded + self._assembly.discarded

    def packet(self, packet: RtpPacket, arrived: float) -> None:
        """Take a decrypted packet. Raises ValueError for a malformed one, which changes nothing."""
        format_ = self._formats.get(packet.payload_type)
        if format_ is None:
            repeated = self._repeats.get(packet.payload_type)
            if repeated is None or self.source is None or len(packet.payload) < 2:
                return
            packet = unwrap_rtx(packet, repeated.payload, self.source)
            self._assemble(packet, repeated, arrived)
            return
        if not self._own(packet.ssrc, format_, arrived):
            return
        assert self.reception is not None
        self.reception.add(packet.sequence_number, packet.timestamp, arrived)
        self._allow(packet, arrived)
        self._assemble(packet, format_, arrived)

    def sender_report(self, report: RtcpSrPacket, arrived: float) -> None:
        """Take the remote's report of what it sends."""
        if report.ssrc != self.source or self.reception is None:
            return
        info = report.sender_info
        self.reception.sender_report(info.ntp_timestamp, arrived)
        self._clock.report(info.ntp_timestamp, info.rtp_timestamp, arrived - self._epoch)

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """Return our report of what came."""
        return self.reception.report(now) if self.reception is not None else None

    def ask_keyframe(self) -> None:
        """Ask the remote for a keyframe: now, or as soon as it may be asked again."""
        if self._video and self.source is not None and not self._closed:
            self._keyframe.ask()

    def close(self) -> None:
        """Forget the timers."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._keyframe.withdraw()

    def _own(self, ssrc: int, format_: Format, arrived: float) -> bool:
        """Return whether a packet is of the source that is taken, after choosing one."""
        if ssrc != self.source:
            if self.source is not None and arrived - self._last < SILENT:
                return False
            self._restart(ssrc)
            self.reception = Reception(ssrc, format_.clock)
        self._last = arrived
        return True

    def _restart(self, source: int | None) -> None:
        before = self.discarded if source is not None else 0
        self.source = source
        self._discarded = before
        clock = 90000 if self._video else 48000
        self._clock = StreamClock(clock, self._wall)
        patience = REPAIR if self._repairs else REORDER
        self._assembly = Assembly(video=self._video, patience=patience)

    def _assemble(self, packet: RtpPacket, format_: Format, arrived: float) -> None:
        if self._video:
            piece = video_piece(
                format_.name, packet.timestamp, bool(packet.marker), packet.payload, arrived
            )
        else:
            piece = Piece(packet.timestamp, True, packet.payload, arrived)
        self._format = format_
        now = time.monotonic()
        self._take(self._assembly.add(packet.sequence_number, piece, now), now)

    def _take(self, frames: list[Encoded], now: float) -> None:
        for frame in frames:
            instant = self._clock.instant(frame.timestamp, frame.arrived - self._epoch)
            job = Job(self._format.name, frame, instant)
            if self._video:
                if frame.key:
                    self._keyframe.withdraw()
                self._decoding.picture(job)
            else:
                self._decoding.sound(job)
        if self._assembly.wants_key:
            self._assembly.wants_key = False
            self.ask_keyframe()
        if self._repairs:
            self._repair(now)
        if self._assembly.gap and self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(_POLL, self._poll)

    def _poll(self) -> None:
        self._timer = None
        now = time.monotonic()
        self._take(self._assembly.due(now), now)

    def _repair(self, now: float) -> None:
        missing = self._assembly.missing(now)
        if missing and self.source is not None:
            request = RtcpRtpfbPacket(RTCP_RTPFB_NACK, self.ssrc, self.source, missing)
            self._post(bytes(request))

    def _ask_now(self) -> None:
        if self.source is None:
            return
        if any("nack pli" in one.feedback for one in self._formats.values()):
            self._post(bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, self.ssrc, self.source)))
        else:
            self._firs = (self._firs + 1) & 0xFF
            entry = self.source.to_bytes(4, "big") + bytes((self._firs, 0, 0, 0))
            self._post(bytes(RtcpPsfbPacket(RTCP_PSFB_FIR, self.ssrc, 0, entry)))

    def _allow(self, packet: RtpPacket, arrived: float) -> None:
        sent = packet.extensions.abs_send_time
        if sent is None or not any("goog-remb" in one.feedback for one in self._formats.values()):
            return
        size = len(packet.payload) + packet.padding_size
        bits = self._allowance.add(sent, size, arrived)
        if bits is not None and self.source is not None:
            fci = pack_remb_fci(bits, [self.source])
            self._post(bytes(RtcpPsfbPacket(RTCP_PSFB_APP, self.ssrc, 0, fci)))
