"""A file as a live source: over and over, at its own pace, with its sound."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Event

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfx.errors import SourceError
from streamfx.live.media.source_timing import STEP, Item, Playout
from streamfx.live.media.source_upright import Upright
from streamfx.media import streams
from streamfx.media.damage import DamageLog
from streamfx.media.decoder import VideoDecoder
from streamfx.media.opening import open_source
from streamfx.media.packets import AnyPacket, Packets
from streamfx.media.timeline import Timeline

AHEAD = 8
"""Pictures decoded before they are due, at the most."""

SOUND_AHEAD = Fraction(2)
"""Seconds of sound decoded before it is due, at the most."""

Timed = tuple[Fraction, Fraction, VideoFrame | AudioFrame]
"""Start and end in seconds, and what is shown or heard in between."""


def play(
    path: str,
    closed: Event,
    show: Callable[[Item], None],
    *,
    start: Fraction = Fraction(0),
    loop: bool = True,
    sound: bool = True,
) -> None:
    """Hand over the file's pictures and sound when they are due, until ``closed`` or the end.

    ``start`` is the instant, in seconds, at which the file begins.

    Raises :exc:`SourceError` or :exc:`MediaError` when the file cannot be read (any more).
    """
    playout = Playout()
    items = _rounds(path, start, loop=loop, sound=sound)
    more = True
    while not closed.is_set():
        wait = playout.wait(time.perf_counter())
        if wait == 0 and (len(playout) > 1 or not more):
            show(playout.pop(time.perf_counter()))
        elif more and playout.pictures < AHEAD and playout.seconds < SOUND_AHEAD:
            following = next(items, None)
            if following is None:
                more = False
            else:
                playout.push(following)
        elif wait is None:
            return
        else:
            closed.wait(wait)


def _rounds(path: str, offset: Fraction, *, loop: bool, sound: bool) -> Iterator[Item]:
    """Yield the file's items once or again and again, each round after the last."""
    number = 0
    while True:
        reach = Fraction(0)
        count = 0
        only: VideoFrame | None = None
        for start, end, frame in _once(path, sound=sound):
            count += 1
            only = frame if isinstance(frame, VideoFrame) and count == 1 else None
            reach = max(reach, end)
            yield Item(offset + start, number, frame)
            number += 1
        if not loop:
            return
        if only is not None:
            yield from _still(only, offset, number)
        if not count:
            raise SourceError(f"{path}: no picture could be decoded")
        offset += max(reach, STEP)


def _still(frame: VideoFrame, offset: Fraction, number: int) -> Iterator[Item]:
    while True:
        offset += STEP
        number += 1
        yield Item(offset, number, frame)


def _once(path: str, *, sound: bool) -> Iterator[Timed]:
    """Yield the file's pictures and sound from start to end, counted from its first instant."""
    container = open_source(path, fps=None).container
    try:
        video = streams.choose_video(container, path)
        audio = streams.choose_audio(container, video) if sound else None
        base = Fraction(container.start_time or 0, av.time_base)
        pictures = _Pictures(video)
        packets = Packets(container, DamageLog(), path)
        while (packet := packets.read()) is not None:
            if packet.stream is video:
                yield from _moved(pictures.decode(packet), base)
            elif audio is not None and packet.stream is audio:
                yield from _moved(_sounds(audio, packet), base)
        yield from _moved(pictures.flush(), base)
        if audio is not None:
            yield from _moved(_sounds(audio, None), base)
    finally:
        container.close()


def _moved(timed: Iterator[Timed], base: Fraction) -> Iterator[Timed]:
    for start, end, frame in timed:
        yield start - base, end - base, frame


class _Pictures:
    """Decode one stream to upright frames with their instants."""

    def __init__(self, stream: VideoStream) -> None:
        assert stream.time_base is not None
        self._tick = stream.time_base
        self._step = 1 / (stream.average_rate or stream.guessed_rate or 1 / STEP)
        self._decoder = VideoDecoder(stream, DamageLog())
        self._timeline = Timeline(self._tick, 1 / self._step)
        self._upright = Upright(self._tick)

    def decode(self, packet: AnyPacket) -> Iterator[Timed]:
        for frame in self._decoder.decode(packet):
            self._timeline.repair(frame)
            yield from self._timed(self._upright.push(frame))

    def flush(self) -> Iterator[Timed]:
        for frame in self._decoder.flush():
            self._timeline.repair(frame)
            yield from self._timed(self._upright.push(frame))
        yield from self._timed(self._upright.flush())

    def _timed(self, frames: list[VideoFrame]) -> Iterator[Timed]:
        for frame in frames:
            assert frame.pts is not None
            start = frame.pts * self._tick
            yield start, start + (frame.duration * self._tick or self._step), frame


def _sounds(stream: AudioStream, packet: AnyPacket | None) -> Iterator[Timed]:
    try:
        frames = stream.codec_context.decode(packet)
    except av.error.FFmpegError:
        return  # Damage is a gap: the next packet is heard again.
    for frame in frames:
        if frame.pts is None or frame.time_base is None:
            continue
        start = frame.pts * Fraction(frame.time_base)
        yield start, start + Fraction(frame.samples, frame.sample_rate), frame
