"""What waits to be sent to a client of the control socket: bounded, and what happens then."""

from __future__ import annotations

import asyncio
from collections import deque

from streamfx.live.sessions.contract import Message

ROOM = 256
"""Messages that may wait; a client that lets more pile up has stopped reading."""


class Outbox:
    """A queue that the loop's thread fills without waiting, and one task empties.

    Of statistics only the latest waits. When it is full, it closes: see :attr:`overflowed`.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._waiting: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._closed = False
        self.overflowed = False
        """Whether it closed because the client did not read."""

    def put(self, message: Message) -> None:
        """Add a message; does nothing once it is closed."""
        if self._closed:
            return
        if message.get("type") == "stats":
            self._waiting = deque(one for one in self._waiting if one.get("type") != "stats")
        if len(self._waiting) >= self._room:
            self.overflowed = True
            self._waiting.clear()
            self.close()
            return
        self._waiting.append(message)
        self._filled.set()

    def close(self) -> None:
        """Take nothing in any more; what waits can still be taken out."""
        self._closed = True
        self._filled.set()

    async def take(self) -> Message | None:
        """Return the next message; None when it is closed and empty."""
        while not self._waiting:
            if self._closed:
                return None
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()
