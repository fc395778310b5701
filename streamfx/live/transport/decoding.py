"""The thread that decodes what one peer sends; it never falls behind for long."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from streamfx.live.transport.jitter import Encoded
from streamfx.live.transport.terms import PeerListener

MAX_PICTURES = 60
"""Pictures waiting for the decoder, above which it goes on with the newest keyframe."""
MAX_DELAY = 0.3
"""Seconds that a picture may have waited, above which the same happens."""
MAX_PIXELS = 4096 * 2304
"""Pixels of a picture, above which it is not decoded: a few bytes can ask for gigabytes."""
MAX_SOUNDS = 50
"""Packets of sound waiting, a second's worth; the oldest go."""

_DECODERS = {"H264": "h264", "VP8": "vp8", "opus": "libopus"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A frame to decode."""

    codec: str
    frame: Encoded
    instant: Fraction


class Decoding:
    """Decodes pictures and sound in a thread of its own and hands them to the listener.

    ``lost_picture`` is called in that thread when a picture could not be decoded, and in the
    caller's when pictures are dropped because the decoder cannot keep up.
    """

    def __init__(
        self, listener: PeerListener, lost_picture: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        self.decoded = 0
        self.discarded = 0
        self.size: tuple[int, int] | None = None
        self._listener = listener
        self._lost_picture = lost_picture
        self._ended = ended
        self._pictures: deque[Job] = deque()
        self._sounds: deque[Job] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._needs_key = False
        self._thread: threading.Thread | None = None
        self._decoders: dict[str, Any] = {}
        self._instants: dict[int, Job] = {}
        self._complained = False

    def picture(self, job: Job) -> None:
        """Queue a picture; when too many wait, drop all up to the newest keyframe."""
        drained = False
        with self._wake:
            if self._needs_key and not job.frame.key:
                self.discarded += 1
                return
            self._needs_key = False
            self._pictures.append(job)
            late = job.frame.arrived - self._pictures[0].frame.arrived > MAX_DELAY
            if late or len(self._pictures) > MAX_PICTURES:
                drained = self._drain()
            self._start()
            self._wake.notify()
        if drained:
            self._lost_picture()

    def sound(self, job: Job) -> None:
        """Queue a packet of sound; when too many wait, drop the oldest."""
        with self._wake:
            self._sounds.append(job)
            if len(self._sounds) > MAX_SOUNDS:
                self._sounds.popleft()
            self._start()
            self._wake.notify()

    def close(self) -> bool:
        """Tell the thread to end; False when there is none, which never calls ``ended``."""
        with self._wake:
            self._closed = True
            self._wake.notify()
            return self._thread is not None

    def join(self) -> None:
        """Wait for the thread, which has called ``ended``."""
        if self._thread is not None:
            self._thread.join()

    def _drain(self) -> bool:
        """Drop what waits, and return whether a keyframe has to be asked for."""
        keys = [i for i, job in enumerate(self._pictures) if job.frame.key]
        if keys and keys[-1]:
            for _ in range(keys[-1]):
                self._pictures.popleft()
                self.discarded += 1
            return False
        self.discarded += len(self._pictures)
        self._pictures.clear()
        self._needs_key = True
        return True

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="peer-decoder", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                with self._wake:
                    while not (self._pictures or self._sounds or self._closed):
                        self._wake.wait()
                    if self._closed:
                        return
                    kind = self._sounds or self._pictures
                    job = kind.popleft()
                try:
                    self._decode(job)
                except av.FFmpegError as exc:
                    logger.debug("a frame of %s cannot be decoded: %s", job.codec, exc)
                    self._lose(job)
                except Exception:
                    if not self._complained:
                        logger.exception("a decoded frame could not be taken")
                    self._complained = True
        finally:
            self._decoders.clear()
            self._instants.clear()
            self._ended()

    def _lose(self, job: Job) -> None:
        if job.codec != "opus":
            self.discarded += 1
            self._lost_picture()

    def _decode(self, job: Job) -> None:
        packet = av.Packet(job.frame.data)
        packet.pts = round(job.instant * 90000)
        packet.time_base = Fraction(1, 90000)
        context = self._decoder(job.codec)
        if job.codec == "opus":
            for sound in context.decode(packet):
                self._listener.sound(sound, job.instant, job.frame.arrived)
            return
        self._instants[packet.pts] = job
        while len(self._instants) > 2 * MAX_PICTURES:
            del self._instants[next(iter(self._instants))]
        for picture in context.decode(packet):
            self._show(picture, job)

    def _show(self, picture: av.VideoFrame, job: Job) -> None:
        job = self._instants.pop(picture.pts, job) if picture.pts is not None else job
        if picture.is_corrupt:
            self._lose(job)
            return
        self.decoded += 1
        self.size = (picture.width, picture.height)
        self._listener.picture(picture, job.instant, job.frame.arrived)

    def _decoder(self, codec: str) -> Any:  # noqa: ANN401  one of video or of sound
        context = self._decoders.get(codec)
        if context is None:
            context = av.CodecContext.create(_DECODERS[codec], "r")
            if isinstance(context, av.AudioCodecContext):
                context.format = av.AudioFormat("s16")
                context.layout = av.AudioLayout("stereo")
                context.sample_rate = 48000
            else:
                context.flags |= av.codec.context.Flags.low_delay
                context.thread_type = "SLICE"
                context.thread_count = 2
                context.options = {"max_pixels": str(MAX_PIXELS)}
            self._decoders[codec] = context
        return context
