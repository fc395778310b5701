"""Work of several live sessions done at once, by nodes that can take more than one frame."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

from streamfx.frame import Frame
from streamfx.node import Node
from streamfx.timing import Clock, WallClock

PATIENCE = 0.002
"""Seconds that a frame waits for those of other sessions, at the most."""

IDLE = 0.2
"""Seconds without a frame after which nobody waits for a session any more."""


def fits(node: Node) -> bool:
    """Return whether a node's frames may be worked on together with those of its twins."""
    return node.stateless and node.batch_size > 1 and len(node.inputs) == 1


class Batcher:
    """Brings frames of sessions together whose nodes are twins: same class, parameters and size.

    The first frame to arrive waits a moment for the others, and takes them along. Where no other
    session is at work nothing waits. A batch that fails is done again frame by frame, so that only
    the session at fault sees the failure.
    """

    def __init__(self, patience: float = PATIENCE, clock: Clock | None = None) -> None:
        self._patience = patience
        self._clock = clock or WallClock()
        self._lock = threading.Lock()
        self._seats: set[Seat] = set()
        self._tables: dict[Hashable, _Table] = {}

    def seat(self, node: Node, where: Hashable, party: object) -> Seat:
        """Return the place of a node that has been opened.

        ``where`` is its device or the like, ``party`` the session: its nodes run one after the
        other, so they do not wait for each other.
        """
        seat = Seat(self, node, where, party)
        with self._lock:
            self._seats.add(seat)
        return seat

    @property
    def seats(self) -> int:
        """How many nodes take part."""
        return len(self._seats)

    def _leave(self, seat: Seat) -> None:
        with self._lock:
            self._seats.discard(seat)

    def _work(self, seat: Seat, frame: Frame) -> Any:  # noqa: ANN401  whatever the node puts out
        key = seat.key_for(frame)
        guest = _Guest(frame)
        with self._lock:
            seat.key, seat.at = key, self._clock.now()
            expected = min(self._others(seat) + 1, seat.node.batch_size)
            if key is None or expected < 2:
                table = None
            else:
                table = self._tables.get(key)
                leads = table is None or not table.admit(guest)
                if leads:
                    table = self._tables[key] = _Table(guest, expected)
        if table is None:
            return seat.node.process(frame)
        if not leads:
            guest.served.wait()
        else:
            table.full.wait(self._patience)
            with self._lock:
                table.closed = True
                if self._tables.get(key) is table:
                    del self._tables[key]
            _serve(seat.node, table.guests)
        return guest.made if guest.done else seat.node.process(frame)

    def _others(self, seat: Seat) -> int:
        """Return how many other sessions have had a twin at work a moment ago."""
        since = seat.at - IDLE
        others = (one for one in self._seats if one.party is not seat.party and one.at >= since)
        return len({id(one.party) for one in others if one.key == seat.key})


class Seat:
    """One node's place among its twins."""

    def __init__(self, batcher: Batcher, node: Node, where: Hashable, party: object) -> None:
        self.node = node
        self.party = party
        self.key: Hashable | None = None
        """What its last frame had in common with those of its twins."""
        self.at = 0.0
        """When its last frame came."""
        self._batcher = batcher
        self._where = where

    def process(self, frame: Frame) -> Any:  # noqa: ANN401  whatever the node puts out
        """Work on a frame, perhaps together with those of others. Waits until that is done."""
        return self._batcher._work(self, frame)

    def close(self) -> None:
        """Take part no more."""
        self._batcher._leave(self)

    def key_for(self, frame: Frame) -> Hashable | None:
        """Return what twins have in common; None where a parameter cannot be compared."""
        node = self.node
        params = tuple(getattr(node, name) for name in type(node).model_fields)
        size = frame.width, frame.height
        key = (type(node), params, self._where, size, frame.alpha, frame.colour)
        try:
            hash(key)
        except TypeError:
            return None
        return key


class _Guest:
    """A frame that is to be worked on, and what came of it."""

    __slots__ = ("done", "frame", "made", "served")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.made: Any = None
        self.done = False
        self.served = threading.Event()


class _Table:
    """Frames that will be worked on together. Changed under the batcher's lock."""

    __slots__ = ("closed", "expected", "full", "guests")

    def __init__(self, first: _Guest, expected: int) -> None:
        self.guests = [first]
        self.expected = expected
        self.full = threading.Event()
        self.closed = False

    def admit(self, guest: _Guest) -> bool:
        """Take in a frame, unless the work has begun."""
        if self.closed or len(self.guests) >= self.expected:
            return False
        self.guests.append(guest)
        if len(self.guests) >= self.expected:
            self.full.set()
        return True


def _serve(node: Node, guests: list[_Guest]) -> None:
    """Work on all frames at once; where that fails, everybody is left to do their own."""
    try:
        if len(guests) > 1:
            made = node.batch([guest.frame for guest in guests])
            for guest, item in zip(guests, made, strict=True):
                guest.made, guest.done = item, True
    except Exception:  # noqa: BLE001  the node may fail in any way; each frame is tried by itself
        for guest in guests:
            guest.done = False
    finally:
        for guest in guests:
            guest.served.set()
