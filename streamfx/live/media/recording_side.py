"""One side of a recording: a thread that encodes or passes on, and writes."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Generic, TypeVar

import av

from streamfx.live.media.encoding import SOUND_RATE, SOUND_STEP, SoundEncoder, VideoEncoder
from streamfx.live.media.layout import Layout
from streamfx.live.media.pictures import incoming, outgoing
from streamfx.live.media.recording_track import RecordedFile, Track
from streamfx.live.media.stereo import sound_frame
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

PICTURES = 8
"""Decoded pictures that wait for the encoder, at the most."""
PACKETS = 300
"""Packets, or runs of samples, that wait, at the most: some seconds."""
KEYFRAMES = 2.0
"""Seconds between keyframes: a player can start at each."""
LONGEST_SILENCE = 30.0
"""Seconds of silence that are written where sound stops; a longer hole stays one."""

_FRAME = Fraction(1, 30)

Item = TypeVar("Item")


class Side(Generic[Item]):
    """What both sides share: a bounded queue, a thread, and an end that leaves whole files.

    ``tell`` hears in one sentence what is missing, and why.
    """

    def __init__(self, kind: str, track: Track, tell: Callable[[str], None]) -> None:
        self._kind, self._track, self._say = kind, track, tell
        self._queue: deque[tuple[Item, bool]] = deque()
        self._counts = {True: 0, False: 0}
        self._changed = threading.Condition()
        self._closed = False
        self.failed = False
        """Whether nothing is recorded any more because the disk takes no more."""
        self.dropped = 0
        """Pictures that encoder or disk were too slow for."""
        self._thread = threading.Thread(target=self._run, name=f"record {kind}", daemon=True)

    @property
    def files(self) -> tuple[RecordedFile, ...]:
        """What is finished."""
        return self._track.files

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Take no more; what waits is still written."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def join(self) -> None:
        """Wait until the files are whole."""
        if self._thread.ident is not None:
            self._thread.join()

    def _put(self, item: Item, *, video: bool, most: int) -> bool:
        """Queue an item; return whether there was room."""
        with self._changed:
            if self._closed or self.failed:
                return True
            if self._counts[video] < most:
                self._queue.append((item, video))
                self._counts[video] += 1
                self._changed.notify()
                return True
            first = self.dropped == 0
            self.dropped += video
        if video and first:
            self._say(f"the {self._kind} comes too fast to be recorded: pictures are missing")
        return False

    def _next(self) -> tuple[Item, bool] | None:
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            if not self._queue:
                return None
            item, video = self._queue.popleft()
            self._counts[video] -= 1
            return item, video

    def _run(self) -> None:
        try:
            while (entry := self._next()) is not None:
                self._take(*entry)
            self._track.close()
        except OSError as exc:
            self._fail((exc.strerror or str(exc)).lower())
        except Exception as exc:  # a thread that just ended would leave the file open
            log.exception("cannot record the %s", self._kind)
            self._fail(f"{type(exc).__name__}, see the server's log")

    def _fail(self, why: str) -> None:
        with self._changed:
            self.failed = True
            self._queue.clear()
        try:
            self._track.close()
        except Exception:  # the reason that is told is the first one
            log.debug("cannot write the end of the %s", self._kind, exc_info=True)
        self._say(f"the {self._kind} is not recorded any more: {why}")

    def _take(self, item: Item, video: bool) -> None:
        """Write an item, in the thread. Raises :exc:`OSError` where the disk takes no more."""
        raise NotImplementedError


class OutputSide(Side[AnyPacket]):
    """Writes packets as they are sent; after a loss, from the next keyframe on."""

    def __init__(
        self, track: Track, tell: Callable[[str], None], want_keyframe: Callable[[], None]
    ) -> None:
        super().__init__("output", track, tell)
        self._want_keyframe = want_keyframe
        self._keyed: float | None = None
        self._broken = False

    def video(self, packet: AnyPacket) -> None:
        """Take a picture."""
        assert packet.pts is not None
        now = float(packet.pts * packet.time_base)
        if packet.is_keyframe:
            self._broken, self._keyed = False, now
        elif self._keyed is None or now - self._keyed >= KEYFRAMES:
            self._keyed = now
            self._want_keyframe()
        if self._broken:
            self.dropped += 1
        elif not self._put(packet, video=True, most=PACKETS):
            self._broken = True
            self._want_keyframe()

    def sound(self, packet: AnyPacket) -> None:
        """Take sound."""
        self._put(packet, video=False, most=PACKETS)

    def _take(self, item: AnyPacket, video: bool) -> None:
        if video:
            self._track.video(item)
        else:
            self._track.sound(item)


class InputSide(Side[tuple[av.VideoFrame | av.AudioFrame, Fraction]]):
    """Encodes what came in, and writes it."""

    def __init__(self, track: Track, tell: Callable[[str], None]) -> None:
        super().__init__("input", track, tell)
        self._keyframe = False
        self._video = VideoEncoder("H264", interval=KEYFRAMES)
        self._sound = SoundEncoder()
        self._layout = Layout()
        self._complained = False

    def want_keyframe(self) -> None:
        """Make the next picture a keyframe."""
        self._keyframe = True

    def _run(self) -> None:
        super()._run()
        self._video.close()  # the recording may be remembered for its files

    def picture(self, frame: av.VideoFrame, instant: Fraction) -> None:
        """Take a picture."""
        self._put((frame, instant), video=True, most=PICTURES)

    def sound(self, frame: av.AudioFrame, instant: Fraction) -> None:
        """Take sound."""
        self._put((frame, instant), video=False, most=PACKETS)

    def _take(self, item: tuple[av.VideoFrame | av.AudioFrame, Fraction], video: bool) -> None:
        frame, instant = item
        try:
            if isinstance(frame, av.VideoFrame):
                packets = self._encoded(frame, instant)
            else:
                packets = self._heard(frame, instant)
        except Exception:  # whatever an encoder raises, the next picture may do better
            level = logging.DEBUG if self._complained else logging.ERROR
            log.log(level, "cannot encode the input for its recording", exc_info=True)
            self._complained = True
            self._video.close()
            return
        for packet in packets:
            if video:
                self._track.video(packet)
            else:
                self._track.sound(packet)

    def _encoded(self, frame: av.VideoFrame, instant: Fraction) -> list[AnyPacket]:
        picture = outgoing(incoming(frame, instant, _FRAME))
        keyframe, self._keyframe = self._keyframe, False
        return self._video.encode(picture, keyframe=keyframe)

    def _heard(self, frame: av.AudioFrame, instant: Fraction) -> list[AnyPacket]:
        _, end = self._layout.put(frame, round(instant * SOUND_RATE))
        reel, packets = self._layout.reel, []
        if end - reel.position > LONGEST_SILENCE * SOUND_RATE:
            reel.skip(end - SOUND_STEP - reel.position)
        while reel.end - reel.position >= SOUND_STEP:
            step = sound_frame(reel.position, reel.take(SOUND_STEP))
            packets += self._sound.encode(step)
        return packets
