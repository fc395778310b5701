"""What a client sends: pictures and sound, encoded in a thread, the newest picture first."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from fractions import Fraction
from typing import Literal, cast

import av

from streamfx.frame import Frame
from streamfx.live.media.encoding import VIDEO_TICK, SoundEncoder, VideoEncoder
from streamfx.live.media.pictures import outgoing
from streamfx.live.transport.peer import Peer
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

SOUNDS = 50
"""Runs of samples that wait for the encoder, at the most: a second of them."""
SHARE = 0.85
"""Share of the bandwidth that the picture gets: sound, headers and repeats need some."""


class Publisher:
    """Encodes what a source gives and sends it to whichever peer is attached.

    It is the listener of a source: :meth:`picture`, :meth:`sound` and :meth:`state` are for any
    thread. One picture waits while another is encoded; a newer one replaces it, which
    :attr:`dropped` counts. Without a peer nothing is encoded.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, bitrate: int | None = None) -> None:
        self._loop, self._bitrate = loop, bitrate
        self._peer: Peer | None = None
        self._picture: tuple[Frame | av.VideoFrame, Fraction] | None = None
        self._sounds: deque[tuple[av.AudioFrame, Fraction]] = deque(maxlen=SOUNDS)
        self._changed = threading.Condition()
        self._keyframe = True
        self._bandwidth: int | None = None
        self._closed = False
        self.sent = 0
        """Pictures that were encoded."""
        self.dropped = 0
        """Pictures that a newer one replaced."""
        self.ended: asyncio.Future[None] = loop.create_future()
        """Done when the source has ended; with the exception where it failed."""
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)
        self._thread.start()

    def attach(self, peer: Peer | None) -> None:
        """Send to another peer from now on, beginning with a keyframe. For the loop's thread."""
        with self._changed:
            self._peer, self._keyframe, self._bandwidth = peer, True, None

    def want_keyframe(self) -> None:
        """Make the next picture a keyframe."""
        self._keyframe = True

    def note_bandwidth(self, bits: int) -> None:
        """Send no more than ``bits`` a second."""
        self._bandwidth = int(bits * SHARE)

    def picture(
        self, frame: Frame | av.VideoFrame, instant: Fraction, arrived: float = 0.0
    ) -> None:
        """Take a picture of the source, shown at ``instant`` on the source's clock."""
        with self._changed:
            if self._peer is None or self._closed:
                return
            self.dropped += self._picture is not None
            self._picture = (frame, instant)
            self._changed.notify()

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float = 0.0) -> None:
        """Take sound of the source, heard from ``instant`` on the same clock on."""
        with self._changed:
            if self._peer is None or self._closed:
                return
            self._sounds.append((frame, instant))
            self._changed.notify()

    def state(self, state: str) -> None:
        """Follow the source: ``ended`` is the last that is heard of it."""
        if state == "ended":
            self.finish(None)

    def finish(self, error: Exception | None) -> None:
        """Note that the source has ended, or why it failed. From any thread."""
        try:
            self._loop.call_soon_threadsafe(self._finish, error)
        except RuntimeError:  # the loop has ended before the source
            log.debug("a source ended after the loop")

    def close(self) -> None:
        """End the thread and wait for it, which takes as long as one picture."""
        with self._changed:
            self._closed, self._peer = True, None
            self._changed.notify()
        self._thread.join()
        self._finish(None)

    def _finish(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
            self.ended.exception()  # whoever waits for it is told; nobody has to

    def _run(self) -> None:
        video: VideoEncoder | None = None
        sound = SoundEncoder()
        try:
            while (peer := self._wait()) is not None:
                with self._changed:
                    picture, self._picture = self._picture, None
                    sounds = list(self._sounds)
                    self._sounds.clear()
                packets = [packet for each in sounds for packet in _heard(sound, *each)]
                self._send(peer.send_sound, packets)
                codec = cast("Literal['H264', 'VP8'] | None", peer.video_codec)
                if picture is None or codec is None:
                    continue
                if video is None or video.codec != codec:
                    video = VideoEncoder(codec, bitrate=self._bitrate)
                self._send(peer.send_video, self._encode(video, *picture))
        except Exception as exc:  # whatever an encoder or a frame raises belongs to the caller
            log.debug("publishing failed", exc_info=True)
            self.finish(exc)
        finally:
            if video is not None:
                video.close()
            sound.close()

    def _wait(self) -> Peer | None:
        """Return the peer to send to when there is something to send; None at the end."""
        with self._changed:
            while not self._closed:
                if self._peer is not None and (self._picture is not None or self._sounds):
                    return self._peer
                self._changed.wait()
        return None

    def _encode(
        self, encoder: VideoEncoder, picture: Frame | av.VideoFrame, instant: Fraction
    ) -> list[AnyPacket]:
        if self._bandwidth is not None:
            encoder.bitrate = min(self._bandwidth, self._bitrate or self._bandwidth)
        frame = outgoing(picture) if isinstance(picture, Frame) else picture
        frame.pts, frame.time_base = round(instant / VIDEO_TICK), VIDEO_TICK
        keyframe, self._keyframe = self._keyframe, False
        self.sent += 1
        return encoder.encode(frame, keyframe=keyframe)

    def _send(self, send: object, packets: list[AnyPacket]) -> None:
        if packets:
            try:
                self._loop.call_soon_threadsafe(_each, send, packets)
            except RuntimeError:  # the loop has ended
                log.debug("nobody sends any more")


def _each(send: object, packets: list[AnyPacket]) -> None:
    assert callable(send)
    for packet in packets:
        send(packet)


def _heard(encoder: SoundEncoder, frame: av.AudioFrame, instant: Fraction) -> list[AnyPacket]:
    frame.time_base = Fraction(1, frame.sample_rate)
    frame.pts = round(instant * frame.sample_rate)
    return encoder.encode(frame)
