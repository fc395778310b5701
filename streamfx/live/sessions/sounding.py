"""A session's sound on its way out: held for the picture, encoded once for all who hear it."""

from __future__ import annotations

import asyncio
import logging
import threading
from fractions import Fraction

import av

from streamfx.live.media.encoding import SoundEncoder
from streamfx.live.media.sounds import SoundLine
from streamfx.live.sessions.crossing import into_loop
from streamfx.live.sessions.timeline import Timeline
from streamfx.live.sessions.viewers import Viewers
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

SHORTEST = 0.004
"""Seconds between two looks at what is due, at the least."""


class Sounding:
    """Gives sound out in a thread of its own, begun with the first sound.

    :meth:`put` and :meth:`picture_shown` are for any thread, all else for the loop's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeline: Timeline, name: str) -> None:
        self.viewers = Viewers()
        """Whoever hears it."""
        self._loop = loop
        self._line = SoundLine(timeline)
        self._name = name
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def put(self, frame: av.AudioFrame, pts: Fraction) -> None:
        """Take sound whose first sample belongs to ``pts`` on the session's timeline."""
        self._line.put(frame, pts)
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(
                    target=self._run, name=f"sound {self._name}", daemon=True
                )
                self._thread.start()

    def picture_shown(self, pts: Fraction) -> None:
        """Note that the picture of ``pts`` has gone out."""
        self._line.picture_shown(pts)

    def restart(self) -> None:
        """Expect another sender."""
        self._line.restart()

    def close(self) -> None:
        """End the thread, without waiting for it."""
        self._closed.set()

    def join(self) -> None:
        """Wait until the thread has ended. Not for the loop's thread."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        encoder = SoundEncoder()
        try:
            while not self._closed.wait(max(self._line.wait(), SHORTEST)):
                frames = self._line.due()
                if not len(self.viewers):
                    continue
                try:
                    packets = [packet for frame in frames for packet in encoder.encode(frame)]
                except Exception:  # whatever an encoder raises, the next sound may do better
                    log.exception("cannot encode sound")
                    encoder = SoundEncoder()
                    continue
                if packets and not into_loop(self._loop, self._deliver, packets):
                    return
        finally:
            encoder.close()

    def _deliver(self, packets: list[AnyPacket]) -> None:
        if self._closed.is_set():
            return
        for viewer in self.viewers:
            for packet in packets:
                viewer.send_sound(packet)
