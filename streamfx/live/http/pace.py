"""How long the next message has to wait, so that a flood becomes a stream."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 2.0
"""Seconds' worth that may come at once."""


class Pace:
    """A bucket that holds two seconds' worth of messages."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._each = 1 / per_second
        self._clock = clock
        self._due = clock() - BURST

    def wait(self) -> float:
        """Count a message and return the seconds that it has to wait; 0 most of the time."""
        now = self._clock()
        self._due = max(self._due, now - BURST) + self._each
        return max(0.0, self._due - now)
