"""How often something happens, and what steps cost, of late."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from streamfx.engine.meter import StepTime

WINDOW = 2.0
"""Seconds that count as of late."""

MOST = 256
"""Instants that are remembered at the most."""

ENOUGH = 6
"""Instants from which a rate is known."""


class Rate:
    """Counts events in a second; for any thread."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def happened(self, now: float) -> None:
        """Note an event."""
        with self._lock:
            self._times.append(now)
            while self._times[0] < now - WINDOW:
                self._times.popleft()

    def read(self, now: float) -> float:
        """Return events per second over the last seconds, 0 where there were none."""
        with self._lock:
            recent = [at for at in self._times if at >= now - WINDOW]
        if len(recent) < 2:
            return 0.0
        count, span = len(recent) - 1, recent[-1] - recent[0]
        overdue = now - recent[-1] - span / count
        return count / (span + max(overdue, 0.0)) if span > 0 else 0.0

    def known(self) -> float | None:
        """Return the rate of the events that came last; None where they are too few."""
        with self._lock:
            if len(self._times) < ENOUGH:
                return None
            span = self._times[-1] - self._times[0]
            return (len(self._times) - 1) / span if span > 0 else None


class RecentSteps:
    """Turns the counters of steps, which only grow, into what happened of late."""

    def __init__(self) -> None:
        self.latest: tuple[StepTime, ...] = ()
        """What each step cost over the last one or two seconds."""
        self._marks: deque[tuple[float, tuple[StepTime, ...]]] = deque(maxlen=3)

    def due(self, now: float) -> bool:
        """Return whether it is time for :meth:`note`."""
        return not self._marks or now - self._marks[-1][0] >= WINDOW / 2

    def note(self, now: float, steps: Sequence[StepTime]) -> None:
        """Take in the counters."""
        steps = tuple(steps)
        last = self._marks[-1][1] if self._marks else ()
        if not _follows(last, steps):
            self._marks.clear()
            self._marks.append((now, tuple(StepTime(step.id, 0, 0.0) for step in steps)))
        else:
            self._marks.append((now, steps))
        self.latest = tuple(
            StepTime(b.id, b.items - a.items, b.seconds - a.seconds)
            for a, b in zip(self._marks[0][1], steps, strict=True)
        )


def _follows(before: Sequence[StepTime], after: Sequence[StepTime]) -> bool:
    """Return whether counters go on from earlier ones: another run begins again at 0."""
    return [step.id for step in before] == [step.id for step in after] and all(
        a.items <= b.items for a, b in zip(before, after, strict=True)
    )
