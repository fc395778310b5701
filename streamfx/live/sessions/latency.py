"""How long pictures were on their way through the server."""

from __future__ import annotations

import bisect
import threading
from collections import deque

from streamfx.live.sessions.contract import LATENCY_BOUNDS

KEPT = 300
"""Pictures that the percentiles are taken over: ten seconds at 30 frames/s."""


class Latency:
    """Delays of a session's pictures, in seconds from arrival to departure. For any thread."""

    def __init__(self) -> None:
        self._lately: deque[float] = deque(maxlen=KEPT)
        self._counts = [0] * (len(LATENCY_BOUNDS) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """Note the delay of one picture."""
        with self._lock:
            self._lately.append(seconds)
            self._counts[bisect.bisect_left(LATENCY_BOUNDS, seconds)] += 1
            self._sum += seconds

    def percentiles(self) -> tuple[float, float] | None:
        """Return the median and the 95th percentile of late; None before the first picture."""
        with self._lock:
            ordered = sorted(self._lately)
        if not ordered:
            return None
        last = len(ordered) - 1
        return ordered[round(last * 0.5)], ordered[round(last * 0.95)]

    def histogram(self) -> tuple[tuple[int, ...], float]:
        """Return how many pictures fell into each class of ``LATENCY_BOUNDS``, and their sum."""
        with self._lock:
            return tuple(self._counts), self._sum
