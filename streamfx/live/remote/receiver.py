"""What a client is sent: pictures, sound and messages, to as many readers as there are."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any, TypeVar

import av
import torch

from streamfx.frame import Frame, Sound
from streamfx.live.media.pictures import incoming
from streamfx.live.remote.arrivals import Arrivals

Message = dict[str, Any]
Frames = Arrivals[Frame]
Sounds = Arrivals[Sound]
Messages = Arrivals[Message]
T = TypeVar("T")

SHORTEST, LONGEST, USUAL = Fraction(1, 240), Fraction(1, 5), Fraction(1, 30)
"""Bounds of how long a live picture is taken to last, and what the first one lasts, in seconds."""


class Receiver:
    """Hands what comes in to every reader. :meth:`picture` and :meth:`sound` are for any thread."""

    def __init__(self) -> None:
        self._frames: list[Frames] = []
        self._sounds: list[Sounds] = []
        self._messages: list[Messages] = []
        self._lock = threading.Lock()
        self._last: Fraction | None = None
        self._end: tuple[Exception | None] | None = None

    def frames(self, bound: int) -> Frames:
        """Return the pictures from now on."""
        return self._reader(self._frames, bound)

    def sounds(self, bound: int) -> Sounds:
        """Return the sound from now on."""
        return self._reader(self._sounds, bound)

    def messages(self, bound: int) -> Messages:
        """Return the messages from now on."""
        return self._reader(self._messages, bound)

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a decoded picture."""
        lasts = USUAL if self._last is None else instant - self._last
        self._last = instant
        shown = incoming(frame, instant, min(max(lasts, SHORTEST), LONGEST))
        for reader in self._open(self._frames):
            reader.put(shown)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take decoded sound."""
        readers = self._open(self._sounds)
        if not readers:
            return
        heard = _heard(frame, instant)
        for reader in readers:
            reader.put(heard)

    def tell(self, message: Message) -> None:
        """Take a message of the server."""
        for reader in self._open(self._messages):
            reader.put(message)

    def close(self, error: Exception | None) -> None:
        """End every iteration, with ``error`` where there is one. Safe to call twice."""
        with self._lock:
            self._end = self._end or (error,)
            readers: list[Arrivals[Any]] = [*self._frames, *self._sounds, *self._messages]
        for reader in readers:
            reader.close(error)

    def _reader(self, readers: list[Arrivals[T]], bound: int) -> Arrivals[T]:
        reader: Arrivals[T] = Arrivals(bound)
        with self._lock:
            readers[:] = [each for each in readers if not each.closed]
            readers.append(reader)
            end = self._end
        if end is not None:
            reader.close(end[0])
        return reader

    def _open(self, readers: list[Arrivals[T]]) -> list[Arrivals[T]]:
        with self._lock:
            return [reader for reader in readers if not reader.closed]


def _heard(frame: av.AudioFrame, instant: Fraction) -> Sound:
    array = torch.from_numpy(frame.to_ndarray().copy())
    if not frame.format.is_planar:
        array = array.reshape(-1, len(frame.layout.channels)).T
    if not array.is_floating_point():
        array = array.float() / torch.iinfo(array.dtype).max
    return Sound(array, frame.sample_rate, instant)
