"""A session's own clock, on which the instants of one publisher after another find their place."""

from __future__ import annotations

import threading
from fractions import Fraction

from streamfx.timing import Clock, WallClock

TICKS = 90_000
"""Ticks of a second to which a publisher's begin is rounded: the clock of RTP video (RFC 6184)."""

ASTRAY = Fraction(2)
"""Seconds by which a publisher's instants may leave the session's clock before they move."""


class Timeline:
    """Places a publisher's instants on the session's clock, which starts at 0 and never stops.

    Picture and sound of a publisher move by the same shift, so that they stay together. A publisher
    that comes back goes on where the clock is by then. Safe to use from several threads.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self._began = self._clock.now()
        self._shift: Fraction | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return seconds since the session began."""
        return self._clock.now() - self._began

    def since_begin(self, reading: float) -> float:
        """Return a reading of the clock as seconds since the session began."""
        return reading - self._began

    def restart(self) -> None:
        """Expect another publisher, whose instants begin anew."""
        with self._lock:
            self._shift = None

    def place(self, instant: Fraction, arrived: float) -> Fraction:
        """Return a publisher's instant on the session's clock.

        ``arrived`` is the reading of the clock at which it came in.
        """
        here = Fraction(round(self.since_begin(arrived) * TICKS), TICKS)
        with self._lock:
            if self._shift is None or abs(instant + self._shift - here) > ASTRAY:
                self._shift = here - instant
            return instant + self._shift
