"""Where a source could not be read as it was written: damaged ranges and early ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

JOIN = Fraction(1, 5)
"""Seconds: the same kind of damage this close together is one range."""

LIMIT = 1000
"""Most ranges kept apart; from there on the last range of its kind grows instead."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A range of the source in which data was lost or wrong."""

    start: Fraction
    """Seconds on the source's own timeline."""
    end: Fraction
    """Seconds on the source's own timeline; the same as ``start`` where no length is known."""
    what: str
    """What is wrong there, in a few words: ``undecodable video``."""
    count: int = 1
    """How many packets or frames it stands for."""

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{float(self.start):.3f} s to {float(self.end):.3f} s: {self.what}{times}"


class DamageLog:
    """Collect damage as it is met, and merge what belongs together. Its size is bounded."""

    def __init__(self) -> None:
        self._ranges: list[Damage] = []
        self._latest: dict[str, int] = {}

    def add(self, start: Fraction, end: Fraction, what: str) -> None:
        """Record that the source is damaged from ``start`` to ``end`` (seconds)."""
        end = max(start, end)
        index = self._latest.get(what)
        if index is not None:
            last = self._ranges[index]
            near = start <= last.end + JOIN and end >= last.start - JOIN
            if near or len(self._ranges) >= LIMIT:
                self._ranges[index] = replace(
                    last,
                    start=min(last.start, start),
                    end=max(last.end, end),
                    count=last.count + 1,
                )
                return
        self._latest[what] = len(self._ranges)
        self._ranges.append(Damage(start, end, what))

    def ranges(self) -> list[Damage]:
        """Return what was recorded, in order of time."""
        return sorted(self._ranges, key=lambda damage: (damage.start, damage.end, damage.what))

    def __bool__(self) -> bool:
        return bool(self._ranges)
