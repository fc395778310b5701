"""The deadline ladder: how much is done for each picture, by what it costs and what time there is.

No thread and no clock: whoever drives it says what time it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import exp
from typing import Literal, get_args

Rung = Literal["full", "reuse", "skip", "smaller", "pass"]
"""Everything; every second matte is the one before, laid on the new picture; every second picture
is left out; the graph computes at half size; the picture stays as it came."""

RUNGS: tuple[Rung, ...] = get_args(Rung)

_SHARE: dict[Rung, float] = {"full": 1.0, "reuse": 0.6, "skip": 0.5, "smaller": 0.35, "pass": 0.0}
"""What a rung is expected to cost, as a share of all of the work."""

SMOOTHING = 0.5
"""Seconds over which costs are smoothed (the time constant of an exponential average)."""

TOO_MUCH = 1.0
"""Load above which the work cannot keep up."""

WORTH_SKIPPING = 1.5
"""Load above which every second picture is left out. Below, the newest picture wins all the same,
which leaves out fewer."""

COMFORT = 0.95
"""Load that the rung above may be expected to have when it is tried."""

DOWN_AFTER = 1.0
"""Seconds of too much load before a step down."""

UP_AFTER = 5.0
"""Seconds of expected comfort before a step up."""

LASTED = 10.0
"""Seconds after which a step up has lasted."""

DOUBTFUL = 1.5
"""Load that a rung below may be expected to have when it is tried: it may turn out lower."""

LONGEST = 60.0
"""Seconds that a step up is put off for at the most, after steps up that did not last."""

SETTLING = 2
"""Costs that do not count after the work has changed: caches fill, memory is taken."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step on the ladder."""

    before: Rung
    after: Rung
    load: float
    """Load that led to it: measured for a step down, expected for a step up."""


class Ladder:
    """Steps down when the work takes longer than there is time for, and up again when it may fit.

    Down it goes to the first rung that has a chance, up one at a time. A step up that did not last
    makes the next one wait twice as long.
    """

    def __init__(self, allowed: Collection[Rung] = RUNGS) -> None:
        self.rung: Rung = "full"
        self._allowed = frozenset(allowed) | {"full"}
        self._load: float | None = None
        self._at = 0.0
        self._settling = SETTLING
        self._over: float | None = None
        self._under: float | None = None
        self._patience = UP_AFTER
        self._rose: float | None = None

    @property
    def load(self) -> float:
        """Smoothed time that the work takes, as a share of the time there is."""
        return self._load or 0.0

    @property
    def stride(self) -> int:
        """Work is done for one picture out of this many."""
        return 2 if self.rung == "skip" else 1

    def restart(self, allowed: Collection[Rung]) -> None:
        """Begin anew at the top, with the rungs that another graph offers."""
        self.__init__(allowed)  # type: ignore[misc]  # every attribute is to be as at first

    def settle(self) -> None:
        """Leave the next costs out of account: the work has been set up anew."""
        self._settling = SETTLING
        self._over = self._under = None

    def worked(self, now: float, cost: float, budget: float) -> Move | None:
        """Note that work ended at ``now``, and return the step that follows from it, if any.

        It took ``cost`` seconds; there are ``budget`` seconds from one picture to the next.
        """
        if self._settling:
            self._settling -= 1
            self._at = now
            return None
        load = cost / (budget * self.stride)
        self._smooth(now, load)
        if self._load is None:
            return None
        return self._judge(now, cost, self._load)

    def _smooth(self, now: float, load: float) -> None:
        if self._load is None:
            self._load = load
        else:
            weight = 1 - exp(-max(now - self._at, 0.0) / SMOOTHING)
            self._load += weight * (load - self._load)
        self._at = now

    def _judge(self, now: float, cost: float, load: float) -> Move | None:
        if self._rose is not None and now - self._rose > LASTED:
            self._rose, self._patience = None, UP_AFTER
        below, above = self._neighbour(1), self._neighbour(-1)
        if below is not None and load > (WORTH_SKIPPING if below == "skip" else TOO_MUCH):
            self._under = None
            if self._over is None:
                self._over = now - cost
            if now - self._over >= DOWN_AFTER:
                return self._down(self._first_with_a_chance(below, load), load)
            return None
        self._over = None
        expected = load if above is None else self._expected(load, self.rung, above)
        if above is None or expected >= COMFORT:
            self._under = None
            return None
        if self._under is None:
            self._under = now
        if now - self._under >= self._patience:
            return self._up(now, above, expected)
        return None

    def _first_with_a_chance(self, rung: Rung, load: float) -> Rung:
        """Return the first rung from ``rung`` downwards that might fit."""
        while self._expected(load, self.rung, rung) > DOUBTFUL:
            below = self._neighbour(1, rung)
            if below is None:
                break
            rung = below
        return rung

    @staticmethod
    def _expected(load: float, at: Rung, other: Rung) -> float:
        """Return the load that another rung would have; of what passes, nobody knows."""
        return load * _SHARE[other] / _SHARE[at] if _SHARE[at] else load

    def _down(self, below: Rung, load: float) -> Move:
        if self._rose is not None:
            self._patience = min(self._patience * 2, LONGEST)
            self._rose = None
        return self._move(below, load)

    def _up(self, now: float, above: Rung, expected: float) -> Move:
        self._rose = now
        return self._move(above, expected)

    def _move(self, rung: Rung, load: float) -> Move:
        before, self.rung = self.rung, rung
        self._load = None
        self.settle()
        return Move(before, rung, load)

    def _neighbour(self, direction: int, rung: Rung | None = None) -> Rung | None:
        at = RUNGS.index(rung or self.rung) + direction
        while 0 <= at < len(RUNGS):
            if RUNGS[at] in self._allowed:
                return RUNGS[at]
            at += direction
        return None
