"""When to try again what has failed: soon at first, then ever more seldom."""

from __future__ import annotations

FIRST = 2.0
"""Seconds until the first new attempt."""

LONGEST = 60.0
"""Seconds between attempts at the most; also how long it must go well to be well again."""


class Recovery:
    """Says when a failed run may be tried again."""

    def __init__(self) -> None:
        self.failed = False
        """Whether it has failed and has not gone well since."""
        self._wait = FIRST
        self._due = 0.0
        self._well_since: float | None = None

    def failure(self, now: float) -> float:
        """Note a failure; return the seconds until the next attempt."""
        if self._well_since is not None and now - self._well_since >= LONGEST:
            self._wait = FIRST
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST)
        self._due = now + wait
        self._well_since = None
        self.failed = True
        return wait

    def due(self, now: float) -> bool:
        """Return whether it may be tried, or tried again."""
        return not self.failed or now >= self._due

    def success(self, now: float) -> bool:
        """Note that it went well; return whether that ends a failure."""
        ends, self.failed = self.failed, False
        if ends or self._well_since is None:
            self._well_since = now
        return ends

    def restart(self) -> None:
        """Forget every failure: it is another run now."""
        self.__init__()  # type: ignore[misc]  # every attribute is to be as at first
