"""Mux packets and send them to a service: the process behind ``push_program``.

Started as ``python -m``: an order (one line of JSON) and messages of ``wire`` come by standard
input; a line of JSON goes out each second at least, as long as the service takes what is sent. It
finishes and ends when its input does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from fractions import Fraction
from queue import Empty, Queue
from threading import Thread
from typing import Any, BinaryIO, TextIO, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from streamfx.errors import StreamfxError
from streamfx.live.media import srt, wire
from streamfx.live.media.address import hide_secrets
from streamfx.live.media.h264 import units
from streamfx.live.media.push_sound import RATE, Aac
from streamfx.media.packets import AnyPacket

PATIENCE = 10.0
"""Seconds that an SRT service may take nothing."""

WAITING = 64
"""Packets between the reading thread and the muxer, at the most."""

SIGN = 1.0
"""Seconds between two signs of life."""

BITRATE = 128_000
"""Bits per second of AAC."""

_SPS = 7
"""Type of the H.264 unit that says how pictures are coded (ITU-T H.264, table 7-1)."""

Waiting: TypeAlias = "Queue[tuple[int, AnyPacket] | None]"


def main() -> None:
    """Do what the order on standard input says, until it closes."""
    signs = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not end up between the signs
    order = json.loads(sys.stdin.buffer.readline())
    waiting: Waiting = Queue(WAITING)
    Thread(target=_receive, args=(sys.stdin.buffer, waiting), daemon=True).start()
    try:
        _push(order, waiting, signs)
    except av.error.FFmpegError as exc:
        _say(signs, why=hide_secrets(exc.strerror or str(exc)))
    except StreamfxError as exc:
        _say(signs, why=str(exc))
    os._exit(0)  # the reading thread may still hold the lock of standard input


def _receive(file: BinaryIO, waiting: Waiting) -> None:
    while (message := wire.receive(file)) is not None:
        index, packet, _ = wire.unpack(message[1])
        waiting.put((index, packet))
    waiting.put(None)


def _say(signs: TextIO, **words: Any) -> None:  # noqa: ANN401  whatever JSON takes
    try:
        print(json.dumps(words), file=signs, flush=True)
    except BrokenPipeError:
        os._exit(1)


def _push(order: dict[str, Any], waiting: Waiting, signs: TextIO) -> None:
    target: _Target | None = None
    said = time.monotonic()
    try:
        while True:
            try:
                following = waiting.get(timeout=SIGN)
            except Empty:
                _say(signs, alive=True)
                continue
            if following is None:
                return
            index, packet = following
            if target is None:
                if index or not packet.is_keyframe:
                    continue
                target = _Target(order, packet)
                target.push(index, packet)
                _say(signs, live=True)
                continue
            target.push(index, packet)
            if time.monotonic() - said > SIGN:
                said = time.monotonic()
                _say(signs, alive=True)
    finally:
        if target is not None:
            target.close()


class _Target:
    """A service that is being sent to."""

    def __init__(self, order: dict[str, Any], first: AnyPacket) -> None:
        assert first.pts is not None
        self._base = first.pts * first.time_base
        self._parameters = parameters(bytes(first))
        self._sender: srt.Sender | None = None
        self._container = self._open(order)
        width, height = size_of(first)
        self._video: Stream = self._container.add_mux_stream(
            "h264", width=width, height=height, time_base=Fraction(1, 90_000)
        )
        self._sound: Aac | None = None
        if order["sound"]:
            stream = self._container.add_stream("aac", rate=RATE)
            assert isinstance(stream, AudioStream)
            stream.codec_context.layout = "stereo"
            stream.codec_context.bit_rate = BITRATE
            self._sound = Aac(stream)
        self._last = -1

    def _open(self, order: dict[str, Any]) -> OutputContainer:
        options = {"flush_packets": "1"}
        if order["format"] == "rtsp":
            options["rtsp_transport"] = "tcp"
        if order["format"] == "flv":
            options["flvflags"] = "no_duration_filesize"
        if order["url"].lower().startswith("srt:"):
            self._sender = srt.Sender(order["url"], PATIENCE)
            file = cast(BinaryIO, self._sender)
            return av.open(
                file, "w", format="mpegts", container_options=options, buffer_size=srt.LARGEST
            )
        return av.open(order["url"], "w", format=order["format"], container_options=options)

    def push(self, index: int, packet: AnyPacket) -> None:
        """Send a packet of the pictures (0) or of the sound (1)."""
        assert packet.pts is not None
        at = packet.pts * packet.time_base - self._base
        if index:
            if self._sound is not None and at >= 0:
                self._container.mux(self._sound.push(packet, float(at)))
            return
        if packet.is_keyframe and parameters(bytes(packet)) not in (self._parameters, b""):
            raise StreamfxError("the pictures changed their size")
        ticks = max(self._last + 1, round(at * 90_000))
        self._last = ticks
        packet.stream = self._video
        packet.pts = packet.dts = ticks
        packet.time_base = Fraction(1, 90_000)
        self._container.mux(packet)
        if self._sound is not None:
            self._container.mux(self._sound.keep_up(float(at)))

    def close(self) -> None:
        """Finish as the protocol wants."""
        try:
            self._container.close()
        except (av.error.FFmpegError, StreamfxError):
            return  # It is lost already.
        finally:
            if self._sender is not None:
                self._sender.close()


def parameters(data: bytes) -> bytes:
    """Return the sequence parameter set in an Annex B picture; empty where it has none."""
    return next((unit for unit in units(data) if unit and unit[0] & 31 == _SPS), b"")


def size_of(keyframe: AnyPacket) -> tuple[int, int]:
    """Return width and height of an H.264 keyframe. Raises :exc:`StreamfxError` for another."""
    decoder = CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    try:
        frames = decoder.decode(keyframe) or decoder.decode(None)
    except av.error.FFmpegError:
        frames = []
    if not frames:
        raise StreamfxError("the pictures are no H.264")
    return frames[0].width, frames[0].height


if __name__ == "__main__":
    main()
