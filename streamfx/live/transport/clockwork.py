"""Instants of RTP timestamps: one clock for pictures and sound, both ways (RFC 3550)."""

from __future__ import annotations

import time
from fractions import Fraction

DRIFT = 0.001
"""Seconds a second by which a clock may gain on another; quartz differs by a tenth of it."""
SLEW = 0.05
"""Share of the time that passes by which instants are moved towards where they belong."""
HURRY = 0.5
"""The same, for what must go back by more than :data:`JUMP`, and at the beginning."""
SETTLING = 3.0
"""Seconds that the beginning lasts: senders start with what they had waiting, and reports come."""
JUMP = 0.5
"""Seconds off at which an instant moves forward at once."""
RESTART = 2.0
"""Seconds off at which a stream or a clock counts as started anew."""

_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""
_WALL = time.time() - time.perf_counter()


def unwrapped(value: int, last: int | None, bits: int) -> int:
    """Return a counter of so many bits as the number nearest to ``last`` that it can stand for."""
    if last is None:
        return value
    span = 1 << bits
    ahead = (value - last) & (span - 1)
    return last + (ahead if ahead < span // 2 else ahead - span)


def ntp_seconds(stamp: int) -> float:
    """Return the seconds since 1900 of a 64-bit NTP timestamp (RFC 5905, section 6)."""
    return stamp / (1 << 32)


class Offset:
    """How far one clock is ahead of another, from instants that arrive late, never early.

    The least delay seen tells the offset. It may grow again by :data:`DRIFT`, so that a clock that
    runs slower is followed.
    """

    def __init__(self) -> None:
        self._value: float | None = None
        self._at = 0.0

    @property
    def value(self) -> float | None:
        """Seconds to add to an instant of the other clock; None before the first."""
        return self._value

    def learn(self, theirs: float, ours: float) -> float:
        """Take the instant of something on their clock, and of its arrival on ours."""
        sample = ours - theirs
        if self._value is None or abs(sample - self._value) > RESTART:
            self._value = sample
        else:
            allowed = self._value + DRIFT * max(0.0, ours - self._at)
            self._value = min(allowed, sample)
        self._at = ours
        return self._value


class StreamClock:
    """The instants of one RTP stream.

    ``wall`` is shared by the streams of one remote: it places the remote's wall clock, which its
    sender reports are in, on ours. Until the first report arrival alone places a stream.
    """

    def __init__(self, rate: int, wall: Offset) -> None:
        self._rate = rate
        self._wall = wall
        self._arrival = Offset()
        self._stamp: int | None = None
        self._report: tuple[float, float] | None = None
        self._shift: float | None = None
        self._last: int | None = None
        self._before = 0.0
        self._age = 0.0

    def report(self, ntp: int, rtp: int, arrived: float) -> None:
        """Take a sender report: the same instant as NTP and as RTP timestamp."""
        if not ntp:  # the sender has no wall clock (RFC 3550, section 6.4.1)
            return
        seconds = ntp_seconds(ntp)
        self._wall.learn(seconds, arrived)
        stamp = unwrapped(rtp, self._stamp, 32)
        self._report = (seconds, stamp / self._rate)

    def instant(self, rtp: int, arrived: float) -> Fraction:
        """Return the instant of an RTP timestamp; later than all before, in whole ticks."""
        self._stamp = unwrapped(rtp, self._stamp, 32)
        seconds = self._stamp / self._rate
        wanted = self._wanted(seconds, arrived)
        if self._shift is None:
            self._shift = wanted
        passed = min(max(seconds - self._before, 0.0), 1.0)
        self._before = seconds
        off = wanted - self._shift
        if off > JUMP:
            self._shift = wanted
        else:
            self._age += passed
            most = passed * (HURRY if off < -JUMP or self._age < SETTLING else SLEW)
            self._shift += min(max(off, -most), most)
        tick = round((seconds + self._shift) * self._rate)
        if self._last is not None:
            tick = max(tick, self._last + 1)
        self._last = tick
        return Fraction(tick, self._rate)

    def _wanted(self, seconds: float, arrived: float) -> float:
        by_arrival = self._arrival.learn(seconds, arrived)
        if self._report is None or self._wall.value is None:
            return by_arrival
        wall, reported = self._report
        by_report = wall - reported + self._wall.value
        return by_report if abs(by_report - by_arrival) < RESTART else by_arrival


class SendingClock:
    """What pts of outgoing packets are in wall-clock time: the same for pictures and sound."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def note(self, seconds: float, now: float | None = None) -> None:
        """Take the instant of a packet that goes out now; the first one ties the clocks."""
        now = time.perf_counter() if now is None else now
        if self._ahead is None or abs(now - seconds - self._ahead) > 2 * RESTART:
            self._ahead = now - seconds

    def now(self, now: float | None = None) -> tuple[int, float] | None:
        """Return this instant as NTP timestamp and as seconds of pts; None before any packet."""
        if self._ahead is None:
            return None
        now = time.perf_counter() if now is None else now
        wall = now + _WALL + _NTP_EPOCH
        return int(wall * (1 << 32)), now - self._ahead


def ntp_now() -> int:
    """Return this instant as 64-bit NTP timestamp."""
    return int((time.perf_counter() + _WALL + _NTP_EPOCH) * (1 << 32))
