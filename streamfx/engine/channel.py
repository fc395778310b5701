"""A bounded queue between two threads, which either end can close."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):  # noqa: N818  the end of a channel is no error
    """There is nothing more to take, or nobody who takes."""


class Channel(Generic[T]):
    """Items in order. A full channel makes the sender wait; nothing is ever dropped."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = self._left = False
        self.waited = 0.0
        """Seconds that the sender has waited for room."""

    def put(self, item: T) -> None:
        """Add an item, waiting for room. Raises :exc:`Closed` when the taker has left."""
        with self._changed:
            if len(self._items) >= self._size and not self._left:
                began = time.perf_counter()
                while len(self._items) >= self._size and not self._left:
                    self._changed.wait()
                self.waited += time.perf_counter() - began
            if self._left:
                raise Closed
            self._items.append(item)
            self._changed.notify_all()

    def get(self, timeout: float | None = None) -> T:
        """Take an item, waiting for one.

        Raises :exc:`Closed` after the last one, TimeoutError after ``timeout`` seconds.
        """
        with self._changed:
            if not self._items and not self._ended and not self._changed.wait(timeout):
                raise TimeoutError
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._ended:
                raise Closed
            raise TimeoutError  # woken for somebody else

    def end(self) -> None:
        """Say, as the sender, that nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def leave(self) -> None:
        """Say, as the taker, that nothing more is wanted; what waits is dropped."""
        with self._changed:
            self._left = True
            self._items.clear()
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._items)
