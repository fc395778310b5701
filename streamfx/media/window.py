"""Which part of the source's time a file shows, and the clock it counts in."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from streamfx.frame import Frame
from streamfx.media.packets import AnyPacket, Copied

LONGEST_CLOCK = 2**31 - 1
"""Largest count of ticks in a second that containers can state."""


def common_tick(*ticks: Fraction) -> Fraction:
    """Return the longest time that all of ``ticks`` (0 left out) are multiples of."""
    kept = [tick for tick in ticks if tick]
    bottom = lcm(*(tick.denominator for tick in kept))
    return Fraction(gcd(*(int(tick * bottom) for tick in kept)), bottom)


def file_tick(tick: Fraction, start: Fraction) -> Fraction:
    """Return the tick of a file whose instants are multiples of ``tick`` less ``start``.

    Where no container could state it, ``tick`` itself, and instants get rounded.
    """
    fine = common_tick(tick, start)
    return fine if max(fine.denominator, fine.numerator) <= LONGEST_CLOCK else tick


@dataclass(slots=True)
class Window:
    """Which part of the source's time goes into the file, and the file's clock.

    Pictures come with the instants that the graph gave them, everything else with the source's.
    """

    tick: Fraction
    """Seconds of one step of the video stream."""
    start: Fraction = Fraction(0)
    """Instant of a picture that becomes 0."""
    end: Fraction | None = None
    """Instant of a picture before which all that is kept begins; None: all of it."""
    speed: Fraction = Fraction(1)
    """Seconds of the source that pass in one second of the file."""
    cut: bool = False
    """Whether a range was asked for: only then what lies before ``start`` is left out."""
    coarse: Fraction | None = None
    """Seconds of the container's own clock, where that is fixed."""
    constant: bool = False
    """Whether every frame lasts one step."""
    loose: bool = False
    """Whether steps count from the first frame: nothing else in the file has a time."""
    moved: int = 0
    """How many instants were not on the file's clock."""
    furthest: Fraction = Fraction(0)
    """Seconds by which the worst of them was moved."""
    _origin: Fraction | None = None

    def place(self, frame: Frame) -> tuple[int, int]:
        """Return the step at which a frame is shown, and for how many."""
        first = max(frame.pts, self.start) if self.cut else frame.pts
        last = frame.end if self.end is None else min(frame.end, self.end)
        if self._origin is None:
            self._origin = first if self.loose else self.start
        step = round((first - self._origin) / self.tick)
        self._judge(first, step)
        return step, max(round((last - self._origin) / self.tick) - step, 1)

    def _judge(self, instant: Fraction, step: int) -> None:
        assert self._origin is not None
        shown = step * self.tick
        if self.coarse is not None:
            shown = round(shown / self.coarse) * self.coarse
        off = abs(instant - self._origin - shown)
        if off:
            self.moved += 1
            self.furthest = max(self.furthest, off)

    @property
    def source(self) -> tuple[Fraction, Fraction | None]:
        """From when to when of the source's own time is kept."""
        return self.start * self.speed, None if self.end is None else self.end * self.speed

    def at(self, instant: Fraction) -> Fraction:
        """Return when an instant of the source lies in the file."""
        return instant / self.speed - self.start

    def holds(self, item: Copied) -> bool:
        """Tell whether any of a packet is shown within the window."""
        if not self.cut:
            return True
        start, end = self.source
        return (item.end > start or item.pts == start) and (end is None or item.pts < end)

    def shift(self, packet: AnyPacket) -> None:
        """Move a packet to the file's own time."""
        ticks = round(self.start / packet.time_base)
        if self.speed != 1 and packet.duration:
            packet.duration = round(packet.duration / self.speed)
        if ticks or self.speed != 1:
            packet.pts = None if packet.pts is None else round(packet.pts / self.speed) - ticks
            packet.dts = None if packet.dts is None else round(packet.dts / self.speed) - ticks
