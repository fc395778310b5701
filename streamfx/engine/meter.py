"""How long each step took, and how often it ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepTime:
    """What one step cost."""

    id: str
    """The step."""
    items: int
    """Driving items that it worked on."""
    seconds: float
    """Time spent in its own code; what it set going on a GPU and did not wait for is not in it."""

    @property
    def milliseconds(self) -> float:
        """Time for each driving item."""
        return 1000 * self.seconds / self.items if self.items else 0.0


class Meter:
    """Counters of one run, by position of the step."""

    __slots__ = ("items", "seconds")

    def __init__(self, steps: int) -> None:
        self.items = [0] * steps
        self.seconds = [0.0] * steps

    def read(self, ids: Sequence[str]) -> tuple[StepTime, ...]:
        """Return what each step has cost so far."""
        return tuple(
            StepTime(name, items, seconds)
            for name, items, seconds in zip(ids, self.items, self.seconds, strict=True)
        )
