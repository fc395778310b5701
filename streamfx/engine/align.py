"""How the inputs of one step wait for each other: by instant, never by what happens to be there."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import torch

from streamfx.errors import NodeError
from streamfx.frame import Sound, Timed
from streamfx.node import Policy, Port

Bound = tuple[Fraction, int]
"""How far a stream has come: every item whose ``(pts, 0)`` is below it has been delivered."""

START: Bound = (Fraction(-(10**9)), 0)
END: Bound = (Fraction(10**12), 0)


def after(pts: Fraction) -> Bound:
    """Return the bound of a stream that has just delivered the item of ``pts``."""
    return (pts, 1)


class Inbox:
    """What has come in at one port that does not drive, and how far its stream has come."""

    def __init__(self, name: str, port: Port, lookahead: Fraction) -> None:
        self.name = name
        self.bound = START
        self._policy = port.policy
        self._sound = issubclass(port.type, Sound)
        self._lookahead = lookahead
        self._waiting: deque[Timed] = deque()
        self._held: Timed | None = None

    def put(self, item: Timed) -> None:
        """Take in an item; they come in the order of their instants."""
        self._waiting.append(item)

    @property
    def waiting(self) -> int:
        """How many items wait here."""
        return len(self._waiting)

    def ready(self, driver: Timed) -> bool:
        """Return whether everything that ``driver`` has to be met by has come."""
        if self._policy is Policy.SPAN:
            return self.bound >= (driver.pts + driver.duration + self._lookahead, 0)
        if self.bound <= (driver.pts, 0):
            return False
        return self._policy is Policy.PAIRED or self._held is not None or self._some()

    def _some(self) -> bool:
        return bool(self._waiting) or self.bound >= END

    def take(self, step: str, driver: Timed) -> Timed | tuple[Timed, ...]:
        """Return what meets ``driver``, and drop what no later driver can want."""
        if self._policy is Policy.HELD:
            return self._take_held(step, driver.pts)
        if self._policy is Policy.PAIRED:
            return self._take_paired(step, driver.pts)
        return self._take_span(driver.pts, driver.pts + driver.duration)

    def _take_held(self, step: str, pts: Fraction) -> Timed:
        waiting = self._waiting
        while waiting and (self._held is None or waiting[0].pts <= pts):
            self._held = waiting.popleft()  # before its first item, a stream shows its first item
        if self._held is None:
            raise NodeError(step, pts, "nothing ever came in", self.name)
        return self._held

    def _take_paired(self, step: str, pts: Fraction) -> Timed:
        waiting = self._waiting
        while waiting and waiting[0].pts < pts:
            waiting.popleft()
        if not waiting or waiting[0].pts != pts:
            raise NodeError(step, pts, "nothing came in for this very instant", self.name)
        return waiting.popleft()

    def _take_span(self, start: Fraction, end: Fraction) -> Timed | tuple[Timed, ...]:
        waiting = self._waiting
        while waiting and waiting[0].pts + waiting[0].duration <= start:
            self._held = waiting.popleft()
        if self._sound:
            return self._sound_between(start, end + self._lookahead)
        stop = end + self._lookahead
        return tuple(item for item in waiting if start <= item.pts < stop)

    def _sound_between(self, start: Fraction, end: Fraction) -> Sound:
        sounds = [item for item in (self._held, *self._waiting) if isinstance(item, Sound)]
        inside = [sound for sound in sounds if sound.end > start and sound.pts < end]
        if not inside:
            rate, channels = (sounds[0].rate, sounds[0].samples.shape[0]) if sounds else (48000, 1)
            return Sound(torch.zeros(channels, 0), rate, start).cut(start, end)
        whole = inside[0]
        if len(inside) > 1:
            whole = Sound(torch.cat([s.samples for s in inside], 1), whole.rate, whole.pts)
        return whole.cut(start, end)
