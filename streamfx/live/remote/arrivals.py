"""From a decoder's thread to a coroutine: a bounded queue that drops the oldest."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Arrivals(Generic[T]):
    """Hand items from any thread to the loop that made this, ``bound`` of them at the most.

    One more than that drops the oldest, which is counted in :attr:`dropped`. Iterating waits for
    items and ends when it is closed; what was put before still comes.
    """

    def __init__(self, bound: int) -> None:
        if bound < 1:
            raise ValueError(f"bound must be at least 1, got {bound}")
        self._loop = asyncio.get_running_loop()
        self._items: deque[T] = deque()
        self._bound = bound
        self._lock = threading.Lock()
        self._there = asyncio.Event()
        self._closed = False
        self._error: Exception | None = None
        self.dropped = 0
        """How many items nobody was in time to take."""

    @property
    def closed(self) -> bool:
        """Whether nothing more can be put."""
        return self._closed

    def put(self, item: T) -> None:
        """Add an item. From any thread; never waits."""
        with self._lock:
            if self._closed:
                return
            if len(self._items) == self._bound:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            tell = len(self._items) == 1
        if tell:
            self._wake()

    def close(self, error: Exception | None = None) -> None:
        """Let the iteration end, with ``error`` where there is one. Safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed, self._error = True, error
        self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """Return the oldest item that waits."""
        while True:
            with self._lock:
                if self._items:
                    return self._items.popleft()
                if self._closed:
                    break
                self._there.clear()
            await self._there.wait()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._there.set)
        except RuntimeError:  # the loop has ended, and with it whoever waited
            self._closed = True
