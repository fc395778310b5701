"""Room for one item between two threads: the newest wins, and what it replaces is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from streamfx.engine.channel import Closed

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds the newest item until it is taken. Never makes the sender wait."""

    def __init__(self) -> None:
        self.offered = 0
        """Items put so far."""
        self.dropped = 0
        """Items that a newer one replaced before anybody took them."""
        self._item: T | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T) -> None:
        """Offer an item in place of one that still waits. Does nothing once closed."""
        with self._changed:
            if self._closed:
                return
            self.offered += 1
            self.dropped += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self, timeout: float | None = None) -> T:
        """Take the newest item, waiting for one.

        Raises :exc:`Closed` once closed, TimeoutError after ``timeout`` seconds.
        """
        with self._changed:
            while self._item is None and not self._closed:
                if not self._changed.wait(timeout):
                    raise TimeoutError
            if self._item is None or self._closed:
                raise Closed
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Let nobody wait any more; what still waits is let go of."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify_all()
