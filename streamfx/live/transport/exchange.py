"""The packets of one connected peer: RTP and RTCP to where they belong, reports once a second."""

from __future__ import annotations

import asyncio
import logging
import random
import struct
import time
from collections import deque

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)

from streamfx.live.transport.bandwidth import Bandwidth
from streamfx.live.transport.clockwork import Offset, SendingClock
from streamfx.live.transport.decoding import Decoding
from streamfx.live.transport.dtls import Secure
from streamfx.live.transport.limit import Limit
from streamfx.live.transport.lines import Line
from streamfx.live.transport.receiving import Receiver
from streamfx.live.transport.reports import goodbye, report
from streamfx.live.transport.sending import Sender
from streamfx.live.transport.terms import AnyPacket, PeerListener, PeerStats
from streamfx.live.transport.writing import Source

KEYFRAME_EVERY = 0.25
"""Seconds between two keyframes wanted of us, at the least."""
AFTER_BYE = 2.0
"""Seconds without a sign of life after which a remote that said goodbye counts as lost."""

_MALFORMED = (ValueError, IndexError, KeyError, AssertionError, struct.error)

logger = logging.getLogger(__name__)


class Exchange:
    """Senders and receivers of the agreed lines, over one secure connection.

    It is made when the lines are agreed, so that pictures may be offered to it at any time; what
    comes before the connection stands is dropped.
    """

    def __init__(
        self,
        lines: list[Line],
        secure: Secure,
        decoding: Decoding,
        listener: PeerListener,
        sources: dict[str, Source],
        max_bitrate: int,
        epoch: float,
    ) -> None:
        self._secure = secure
        self._decoding = decoding
        self._listener = listener
        own = sources[lines[0].kind]
        self._ssrc, self._cname = own.ssrc, own.cname
        self._bandwidth = Bandwidth(max_bitrate)
        self._senders: dict[str, Sender] = {}
        self._receivers: dict[str, Receiver] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._keyframe = Limit(KEYFRAME_EVERY, listener.keyframe_wanted)
        self._counted: deque[tuple[float, int, int]] = deque([(time.monotonic(), 0, 0)], maxlen=3)
        self._extensions = HeaderExtensionsMap()
        clock, wall = SendingClock(), Offset()
        for line in lines:
            source = sources[line.kind]
            if line.send:
                self._senders[line.kind] = Sender(
                    line, clock, secure.post, self._keyframe.ask, (source.ssrc, source.rtx)
                )
            if line.receive:
                self._receivers[line.kind] = Receiver(
                    line, wall, decoding, secure.post, source.ssrc, epoch, max_bitrate
                )
            self._extensions.configure(
                RTCRtpParameters(
                    headerExtensions=[
                        RTCRtpHeaderExtensionParameters(id=number, uri=uri)
                        for uri, number in line.extensions.items()
                    ]
                )
            )

    @property
    def video_codec(self) -> str | None:
        """What video is sent as; None: none is sent."""
        sender = self._senders.get("video")
        return sender.format.name if sender is not None else None

    @property
    def sends(self) -> frozenset[str]:
        """Kinds of media that go to the remote."""
        return frozenset(self._senders)

    @property
    def receives(self) -> frozenset[str]:
        """Kinds of media that come from the remote."""
        return frozenset(self._receivers)

    def start(self) -> None:
        """Begin to report; called when the connection stands."""
        self._schedule()
        if "video" in self._senders:
            self._keyframe.ask()

    def close(self) -> None:
        """Say goodbye, and send and take nothing more."""
        ssrcs = [sender.ssrc for sender in self._senders.values()]
        if ssrcs:
            self._secure.post(goodbye(ssrcs, self._cname))
        if self._timer is not None:
            self._timer.cancel()
        self._keyframe.withdraw()
        for sender in self._senders.values():
            sender.close()
        for receiver in self._receivers.values():
            receiver.close()

    def send(self, kind: str, packet: AnyPacket) -> None:
        """Send an encoded packet, if that kind is sent and the connection stands."""
        sender = self._senders.get(kind)
        if sender is not None and self._secure.connected:
            sender.send(packet)

    def ask_keyframe(self) -> None:
        """Ask the remote for a keyframe."""
        receiver = self._receivers.get("video")
        if receiver is not None:
            receiver.ask_keyframe()

    def incoming(self, data: bytes, control: bool, arrived: float) -> None:
        """Take a decrypted packet; a malformed one is dropped."""
        try:
            if control:
                for packet in RtcpPacket.parse(data):
                    self._control(packet, arrived)
                return
            rtp = RtpPacket.parse(data, self._extensions)
            for receiver in self._receivers.values():
                if rtp.payload_type in receiver.payloads:
                    receiver.packet(rtp, arrived)
                    return
        except _MALFORMED as exc:
            logger.debug("a malformed packet was dropped: %s", exc)

    def stats(self) -> PeerStats:
        """Return what is known now."""
        now = time.monotonic()
        then, before_in, before_out = self._counted[0]
        passed = max(now - then, 1e-3)
        video = self._receivers.get("video")
        receptions = [one.reception for one in self._receivers.values() if one.reception]
        senders = list(self._senders.values())
        trips = [one.round_trip for one in senders if one.round_trip is not None]
        bytes_in, bytes_out = self._secure.bytes_in, self._secure.bytes_out
        return PeerStats(
            bits_in=int(8 * (bytes_in - before_in) / passed),
            bits_out=int(8 * (bytes_out - before_out) / passed),
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            round_trip=min(trips, default=None),
            lost_in=max((one.lost for one in receptions), default=0.0),
            lost_out=max((one.lost for one in senders), default=0.0),
            jitter=video.reception.jitter if video and video.reception else 0.0,
            frames_decoded=self._decoding.decoded,
            frames_discarded=self._decoding.discarded + (video.discarded if video else 0),
            size=self._decoding.size,
            bandwidth=self._bandwidth.told,
        )

    def _control(self, packet: AnyRtcpPacket, arrived: float) -> None:
        if isinstance(packet, RtcpSrPacket):
            for receiver in self._receivers.values():
                receiver.sender_report(packet, arrived)
        if isinstance(packet, RtcpSrPacket | RtcpRrPacket):
            self._reported(packet, arrived)
        elif isinstance(packet, RtcpRtpfbPacket):
            if packet.fmt == RTCP_RTPFB_NACK:
                for sender in self._senders.values():
                    if sender.ssrc == packet.media_ssrc:
                        sender.repeat(packet.lost, arrived)
        elif isinstance(packet, RtcpPsfbPacket):
            self._feedback(packet)
        elif isinstance(packet, RtcpByePacket):
            known = {receiver.source for receiver in self._receivers.values()} - {None}
            if known and known <= set(packet.sources):
                self._secure.path.silence = min(self._secure.path.silence, AFTER_BYE)

    def _reported(self, packet: RtcpSrPacket | RtcpRrPacket, arrived: float) -> None:
        for block in packet.reports:
            for sender in self._senders.values():
                if sender.ssrc != block.ssrc:
                    continue
                sender.reported(block, arrived)
                if sender.line.kind == "video":
                    self._tell(self._bandwidth.losses(sender.lost, self.stats().bits_out))

    def _feedback(self, packet: RtcpPsfbPacket) -> None:
        video = self._senders.get("video")
        if video is None:
            return
        if packet.fmt == RTCP_PSFB_PLI and packet.media_ssrc == video.ssrc:
            self._keyframe.ask()
        elif packet.fmt == RTCP_PSFB_FIR:
            entries = range(0, len(packet.fci) - 7, 8)
            wanted = {int.from_bytes(packet.fci[i : i + 4], "big") for i in entries}
            if video.ssrc in wanted or packet.media_ssrc == video.ssrc:
                self._keyframe.ask()
        elif packet.fmt == RTCP_PSFB_APP and packet.fci[:4] == b"REMB":
            bits, ssrcs = unpack_remb_fci(packet.fci)
            if video.ssrc in ssrcs:
                self._tell(self._bandwidth.remote(bits, self.stats().bits_out))

    def _tell(self, bits: int | None) -> None:
        if bits is not None:
            self._listener.bandwidth(bits)

    def _schedule(self) -> None:
        wait = random.uniform(0.6, 1.2)  # RFC 3550, section 6.2, wants it irregular
        self._timer = asyncio.get_running_loop().call_later(wait, self._report)

    def _report(self) -> None:
        now = time.perf_counter()
        self._counted.append((time.monotonic(), self._secure.bytes_in, self._secure.bytes_out))
        blocks = [block for one in self._receivers.values() if (block := one.report(now))]
        reports = [sent for one in self._senders.values() if (sent := one.report(now))]
        datagram = report(reports, blocks, self._ssrc, self._cname)
        if datagram:
            self._secure.post(datagram)
        self._schedule()
