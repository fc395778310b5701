"""Whether another session fits: by what the running ones cost, measured, not by a guess."""

from __future__ import annotations

import logging
import os
from collections import deque
from dataclasses import dataclass

from streamfx.live.refusal import Refusal, full
from streamfx.timing import Clock, WallClock

log = logging.getLogger(__name__)

HEADROOM = 0.9
"""Share of the cores that sessions may fill: decoders need some at every burst."""

WINDOW = 3.0
"""Seconds over which the load of the process is taken."""

RATE = 30.0
"""Frames per second that a session is expected to bring."""

PATIENCE = 5.0
"""Seconds after which a refused client may ask again."""


@dataclass(frozen=True, slots=True, eq=False)
class Promise:
    """A session that was admitted: what it will take is not in the measured load yet."""

    at: float
    """When that was."""
    cost: float
    """Cores that it will take."""


class Admission:
    """Admits sessions as long as the cores can carry them.

    What a preset costs is measured when it is warmed up, in seconds of the processor for a frame;
    what the running sessions cost is the processor time of the whole process. The first session is
    always admitted: it has a ladder to fall down.
    """

    def __init__(self, most: int, *, cores: int | None = None, clock: Clock | None = None) -> None:
        self._most = most
        self._cores = cores if cores is not None else len(os.sched_getaffinity(0))
        self._clock = clock or WallClock()
        self._costs: dict[str, float] = {}
        self._readings: deque[tuple[float, float]] = deque()
        self._promised: deque[Promise] = deque()
        self.refused = 0
        """Sessions turned away so far."""

    def measured(self, preset: str, seconds: float) -> None:
        """Note what one frame of a preset costs, in seconds of processor time."""
        self._costs[preset] = seconds
        log.info("preset %s costs %.1f ms of processor time a frame", preset, seconds * 1000)

    def sample(self, cpu_seconds: float) -> None:
        """Note a reading of the process's processor time. To be called about once a second."""
        now = self._clock.now()
        self._readings.append((now, cpu_seconds))
        while len(self._readings) > 2 and now - self._readings[0][0] > WINDOW:
            self._readings.popleft()
        while self._promised and now - self._promised[0].at > WINDOW:
            self._promised.popleft()

    @property
    def load(self) -> float:
        """Cores in use over the last seconds, sessions counted that were admitted just now."""
        promised = sum(promise.cost for promise in self._promised)
        if len(self._readings) < 2:
            return promised
        (began, before), (ended, after) = self._readings[0], self._readings[-1]
        return (after - before) / max(ended - began, 1e-6) + promised

    def check(self, preset: str, running: int) -> Promise:
        """Admit one more session beside ``running`` others, or raise a 503 :class:`Refusal`.

        What is returned is for :meth:`withdraw`, when the session ends.
        """
        try:
            self._check(preset, running)
        except Refusal:
            self.refused += 1
            raise
        promise = Promise(self._clock.now(), self._cost(preset))
        self._promised.append(promise)
        return promise

    def withdraw(self, promise: Promise) -> None:
        """Count a session no more that has ended, perhaps before it could be measured."""
        if promise in self._promised:
            self._promised.remove(promise)

    def _check(self, preset: str, running: int) -> None:
        if running >= self._most:
            raise full(f"all {self._most} sessions are taken", PATIENCE)
        if running == 0:
            return
        room = HEADROOM * self._cores - self.load
        cost = self._cost(preset)
        if cost > room:
            raise full(
                f"no room for another session: it would take {cost:.2f} cores, "
                f"{max(room, 0):.2f} are free",
                PATIENCE,
            )

    def _cost(self, preset: str) -> float:
        """Return the cores that a session will take; the dearest known where not yet measured."""
        known = self._costs.get(preset)
        if known is None:
            known = max(self._costs.values(), default=0.0)
        return known * RATE
