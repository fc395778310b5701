"""Encoded packets waiting to be sent: bounded, and whole again after an overflow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition


@dataclass(frozen=True, slots=True)
class Waiting:
    """One packet on its way."""

    seconds: float
    """When it is shown or heard, on the clock of its stream."""
    video: bool
    """Whether it belongs to the pictures."""
    keyframe: bool
    """Whether decoding can begin with it; True for all sound."""
    data: bytes
    """The packet, packed."""


class Backlog:
    """A queue between two threads that never holds more than ``seconds`` and ``size`` bytes.

    On overflow all that waits is thrown away and counted, and pictures are refused until the next
    keyframe: what comes out can always be decoded.
    """

    def __init__(self, seconds: float, size: int) -> None:
        self._seconds, self._size = seconds, size
        self._queue: deque[Waiting] = deque()
        self._held = 0
        self._broken = False
        self._closed = False
        self._changed = Condition()
        self.dropped = 0
        """How many packets of pictures were thrown away."""

    @property
    def broken(self) -> bool:
        """Whether pictures are refused until a keyframe comes."""
        return self._broken

    def __len__(self) -> int:
        return len(self._queue)

    def start_over(self) -> None:
        """Throw away what waits; begin again with a keyframe."""
        with self._changed:
            self._empty()

    def push(self, packet: Waiting) -> bool:
        """Take a packet; return whether it will go out."""
        with self._changed:
            if self._closed:
                return False
            if self._queue and (
                abs(packet.seconds - self._queue[0].seconds) > self._seconds
                or self._held + len(packet.data) > self._size
            ):
                self._empty()
            if packet.video and self._broken:
                if not packet.keyframe:
                    self.dropped += 1
                    return False
                self._broken = False
            self._queue.append(packet)
            self._held += len(packet.data)
            self._changed.notify()
            return True

    def pop(self, timeout: float | None = None) -> Waiting | None:
        """Return the next packet; None after ``timeout`` seconds or once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed, timeout)
            if not self._queue:
                return None
            packet = self._queue.popleft()
            self._held -= len(packet.data)
            return packet

    @property
    def closed(self) -> bool:
        """Whether no packet will come any more."""
        return self._closed

    def close(self) -> None:
        """Take no more; what waits can still be popped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _empty(self) -> None:
        self.dropped += sum(packet.video for packet in self._queue)
        self._queue.clear()
        self._held = 0
        self._broken = True
