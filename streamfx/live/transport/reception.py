"""What is counted of an incoming RTP stream, for receiver reports (RFC 3550, appendix A)."""

from __future__ import annotations

from aiortc.rtp import RtcpReceiverInfo, clamp_packets_lost

from streamfx.live.transport.clockwork import unwrapped


class Reception:
    """Losses and jitter of one source."""

    def __init__(self, ssrc: int, clock: int) -> None:
        self.ssrc = ssrc
        self.jitter = 0.0
        """Seconds (RFC 3550, section 6.4.1)."""
        self.lost = 0.0
        """Share of the packets lost between the last two reports."""
        self._clock = clock
        self._first: int | None = None
        self._highest = 0
        self._received = 0
        self._before = (0, 0)
        self._transit: float | None = None
        self._stamp: int | None = None
        self._report: tuple[int, float] | None = None

    def add(self, sequence: int, timestamp: int, arrived: float) -> None:
        """Count a packet."""
        number = unwrapped(sequence, None if self._first is None else self._highest, 16)
        if self._first is None:
            self._first = self._highest = number
        self._received += 1
        if number < self._highest:
            return
        self._highest = number
        stamp = unwrapped(timestamp, self._stamp, 32)
        if stamp != self._stamp:
            transit = arrived - stamp / self._clock
            if self._transit is not None and abs(transit - self._transit) < 10:
                self.jitter += (abs(transit - self._transit) - self.jitter) / 16
            self._transit = transit
        self._stamp = stamp

    def sender_report(self, ntp: int, arrived: float) -> None:
        """Note a sender report, which the next receiver report answers."""
        self._report = ((ntp >> 16) & 0xFFFFFFFF, arrived)

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """Return the block of a receiver report, or None before the first packet."""
        if self._first is None:
            return None
        expected = self._highest - self._first + 1
        new = expected - self._before[0]
        lost = max(0, new - (self._received - self._before[1]))
        self._before = (expected, self._received)
        self.lost = min(1.0, lost / new) if new > 0 else 0.0
        last, delay = 0, 0
        if self._report is not None:
            last, delay = self._report[0], int((now - self._report[1]) * 65536) & 0xFFFFFFFF
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, int(self.lost * 256)),
            packets_lost=clamp_packets_lost(expected - self._received),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=min(int(self.jitter * self._clock), 0xFFFFFFFF),
            lsr=last,
            dlsr=delay,
        )
