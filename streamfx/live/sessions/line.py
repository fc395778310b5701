"""One encoder for all viewers of a codec, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from streamfx.frame import Frame
from streamfx.live.media.encoding import VideoCodec, VideoEncoder
from streamfx.live.media.pictures import outgoing
from streamfx.live.sessions.crossing import into_loop
from streamfx.live.sessions.viewers import Viewer, Viewers
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

WAITING = 2
"""Pictures that wait for the encoder, at the most; then the oldest goes."""

KEYFRAMES_APART = 0.5
"""Seconds between two keyframes that viewers asked for: each costs as much as ten others."""

SHARE = 0.85
"""Share of a viewer's bandwidth that the picture gets: sound, headers and repeats need some."""


class Line:
    """Encodes what is shown and hands the packets to every viewer of the codec.

    :meth:`put` is for any thread, all else for the loop's. Without viewers nothing is encoded.
    """

    def __init__(
        self,
        codec: VideoCodec,
        loop: asyncio.AbstractEventLoop,
        departed: Callable[[float], None],
        name: str,
    ) -> None:
        self.codec: VideoCodec = codec
        self.viewers = Viewers()
        self.dropped = 0
        """Pictures that the encoder was too slow for."""
        self._loop = loop
        self._departed = departed
        self._waiting: deque[tuple[Frame, float]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._watched = False
        self._keyframe = True
        self._keyframe_at = 0.0
        self._bitrate: int | None = None
        title = f"encode {codec} {name}"
        self._thread = threading.Thread(target=self._run, name=title, daemon=True)
        self._thread.start()

    def add(self, viewer: Viewer) -> None:
        """Let a viewer watch, from a keyframe on."""
        self.viewers.add(viewer)
        self._watched = True
        self._keyframe = True

    def remove(self, viewer: Viewer) -> None:
        """Let a viewer go."""
        self.viewers.remove(viewer)
        self._watched = len(self.viewers) > 0
        self._follow_slowest()

    def want_keyframe(self) -> None:
        """Make the next picture a keyframe, unless one was made just now."""
        now = time.perf_counter()
        if now - self._keyframe_at >= KEYFRAMES_APART:
            self._keyframe_at = now
            self._keyframe = True

    def note_bandwidth(self, viewer: Viewer, bits: int) -> None:
        """Follow the slowest viewer's bandwidth."""
        self.viewers.note_bandwidth(viewer, bits)
        self._follow_slowest()

    def put(self, frame: Frame, arrived: float) -> None:
        """Encode a picture that came in at ``arrived`` (a reading of the clock)."""
        if not self._watched:
            return
        with self._changed:
            if len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((frame, arrived))
            self._changed.notify()

    def close(self) -> None:
        """End the thread, without waiting for it."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()

    def join(self) -> None:
        """Wait until the thread has ended. Not for the loop's thread."""
        self._thread.join()

    def _follow_slowest(self) -> None:
        slowest = self.viewers.bandwidth
        self._bitrate = None if slowest is None else int(slowest * SHARE)

    def _run(self) -> None:
        encoder, failing = VideoEncoder(self.codec), False
        try:
            while (entry := self._next()) is not None:
                frame, arrived = entry
                try:
                    packets = self._encode(encoder, frame)
                except Exception:  # whatever an encoder raises, the next picture may do better
                    if not failing:
                        log.exception("cannot encode %s", self.codec)
                    encoder.close()
                    encoder, failing = VideoEncoder(self.codec), True
                    self._keyframe = True
                    continue
                failing = False
                if packets and not into_loop(self._loop, self._deliver, packets, arrived):
                    return
        finally:
            encoder.close()

    def _encode(self, encoder: VideoEncoder, frame: Frame) -> list[AnyPacket]:
        if self._bitrate is not None:
            encoder.bitrate = self._bitrate
        keyframe, self._keyframe = self._keyframe, False
        return encoder.encode(outgoing(frame), keyframe=keyframe)

    def _next(self) -> tuple[Frame, float] | None:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return None if self._closed else self._waiting.popleft()

    def _deliver(self, packets: list[AnyPacket], arrived: float) -> None:
        if self._closed:
            return
        for viewer in self.viewers:
            for packet in packets:
                viewer.send_video(packet)
        self._departed(time.perf_counter() - arrived)
