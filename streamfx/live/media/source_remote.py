"""A URL or a device as a live source: read by a process of its own, decoded here."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Event, Lock
from typing import Any, BinaryIO, cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec.context import CodecContext, Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from streamfx.errors import SourceError
from streamfx.live.media import wire
from streamfx.live.media.source_timing import STEP, Continuity, Item
from streamfx.live.media.source_upright import Upright
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

CHILD = "streamfx.live.media.source_child"


class Remote:
    """Connect to ``where`` each time that :meth:`run` is called; show what comes until it ends.

    Instants go on from one connection to the next as the time between them does. :meth:`stop` may
    come from any thread.
    """

    def __init__(
        self, where: str, closed: Event, show: Callable[[Item], None], *, sound: bool = True
    ) -> None:
        self._order = {"where": where, "sound": sound}
        self._closed = closed
        self._show = show
        self._continuity = Continuity()
        self._began: float | None = None
        self._number = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def run(self) -> None:
        """Show what comes. Returns when the source ended; raises :exc:`SourceError` on failure."""
        with self._lock:
            if self._closed.is_set():
                return
            child = self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if log.isEnabledFor(logging.DEBUG) else subprocess.DEVNULL,
            )
        try:
            assert child.stdin is not None
            child.stdin.write(json.dumps(self._order).encode() + b"\n")
            child.stdin.flush()
            self._receive(child)
        except BrokenPipeError as exc:
            raise SourceError("the process that reads it ended") from exc
        finally:
            end(child)

    def stop(self) -> None:
        """End the connection at hand; no other is made once ``closed`` is set."""
        with self._lock:
            if self._child is not None:
                self._child.kill()

    def _receive(self, child: subprocess.Popen[bytes]) -> None:
        pipe = cast(BinaryIO, child.stdout)
        decoders: dict[int, _Pictures | _Sounds] = {}
        while (message := wire.receive(pipe)) is not None and not self._closed.is_set():
            kind, data = message
            if kind == wire.WORDS:
                words = json.loads(data)
                if "why" in words:
                    raise SourceError(words["why"])
                if words.get("ended"):
                    return
                decoders = {stream["index"]: _decoder(stream) for stream in words["streams"]}
                self._restart()
            elif kind == wire.PACKET:
                index, packet, old = wire.unpack(data)
                for pts, frame in decoders[index].decode(packet):
                    if old:
                        continue
                    self._number += 1
                    self._show(Item(self._continuity.instant(pts), self._number, frame))
        if not self._closed.is_set():
            raise SourceError("the process that reads it ended without a word")

    def _restart(self) -> None:
        now = time.perf_counter()
        if self._began is None:
            self._began = now
        self._continuity.restart(Fraction(round((now - self._began) * 1000), 1000))


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process and close its pipes. Safe to call twice."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # What was still to be written has no reader any more.
    child.wait()


class _Pictures:
    """Decode the packets of the pictures."""

    def __init__(self, stream: dict[str, Any]) -> None:
        context = CodecContext.create(stream["codec"], "r")
        assert isinstance(context, VideoCodecContext)
        context.extradata = base64.b64decode(stream["extradata"]) or None
        context.width, context.height = stream["width"], stream["height"]
        context.pix_fmt = stream["pix_fmt"]
        context.thread_type = "SLICE"  # threads by frame would hold frames back
        context.flags |= Flags.low_delay
        self._context = context
        self._tick = Fraction(*stream["time_base"])
        self._step = 1 / Fraction(*stream["fps"]) if stream["fps"] else STEP
        self._upright = Upright(self._tick)
        self._next = Fraction(0)

    def decode(self, packet: AnyPacket) -> Iterator[tuple[Fraction, VideoFrame]]:
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            return  # The decoder goes on with the next keyframe.
        for frame in frames:
            if frame.pts is None:
                frame.pts = round(self._next / self._tick)
            self._next = frame.pts * self._tick + self._step
            for upright in self._upright.push(frame):
                assert upright.pts is not None
                yield upright.pts * self._tick, upright


class _Sounds:
    """Decode the packets of the sound."""

    def __init__(self, stream: dict[str, Any]) -> None:
        context = CodecContext.create(stream["codec"], "r")
        assert isinstance(context, AudioCodecContext)
        context.extradata = base64.b64decode(stream["extradata"]) or None
        context.sample_rate, context.layout = stream["rate"], stream["layout"]
        self._context = context
        self._tick = Fraction(*stream["time_base"])

    def decode(self, packet: AnyPacket) -> Iterator[tuple[Fraction, AudioFrame]]:
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            return  # A gap: the next packet is heard again.
        for frame in frames:
            if frame.pts is not None:
                yield frame.pts * Fraction(frame.time_base or self._tick), frame


def _decoder(stream: dict[str, Any]) -> _Pictures | _Sounds:
    return _Pictures(stream) if stream["type"] == "video" else _Sounds(stream)
