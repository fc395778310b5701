"""Read a URL or a device and pass its packets on: the process behind ``source_remote``.

Started as ``python -m``: an order (one line of JSON) comes by standard input, messages of ``wire``
go out by standard output. It ends when its input does.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from threading import Thread
from typing import Any, BinaryIO, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfx.errors import SourceError, StreamfxError
from streamfx.live.media import srt, wire
from streamfx.live.media.address import hide_secrets, listening, scheme_of
from streamfx.live.media.backlog import Backlog, Waiting
from streamfx.media import streams
from streamfx.media.packets import AnyPacket

SILENCE = 10.0
"""Seconds without a byte after which a source is lost."""

HELD = 1.0
"""Seconds of packets that wait for a slow reader, at the most."""

HELD_BYTES = 64 << 20
"""Bytes of them, at the most."""

LATE = 1.0
"""Seconds behind its own times from which on a paced source goes on from now."""

FRESH = 0.005
"""Seconds of waiting for a packet that tell it has only just come."""

OLD = 2.0
"""Seconds after opening from which on every packet counts as fresh."""

LISTENING = "1000000"
"""Seconds that a listening RTSP source waits; FFmpeg takes no number for endless."""

CAMERA: tuple[dict[str, str], ...] = (
    {"input_format": "mjpeg", "video_size": "1280x720", "framerate": "30"},
    {},
)
"""What a V4L2 device is asked for, in turn, until it agrees."""

Read: TypeAlias = "tuple[AnyPacket, bool]"
"""A packet, and whether it is too old to be shown: it is only needed to decode what follows."""


def main() -> None:
    """Do what the order on standard input says, until it closes."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up between the messages
    order = json.loads(sys.stdin.buffer.readline())
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        _read(order, out)
        wire.tell(out, ended=True)
    except StreamfxError as exc:
        wire.tell(out, why=str(exc))
    except BrokenPipeError:
        os._exit(1)


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


def _read(order: dict[str, Any], out: BinaryIO) -> None:
    where = order["where"]
    backlog = Backlog(HELD, HELD_BYTES)
    try:
        container, live = _open(where)
        video = streams.choose_video(container, hide_secrets(where))
        audio = streams.choose_audio(container, video) if order["sound"] else None
        wire.tell(out, streams=[_describe(s) for s in (video, audio) if s is not None])
        sending = Thread(target=_send, args=(backlog, out), daemon=True)
        sending.start()
        chosen = [s for s in (video, audio) if s is not None]
        packets = _as_they_come(container, chosen) if live else _paced(container, chosen)
        for packet, old in packets:
            backlog.push(_waiting(packet, is_video=packet.stream is video, old=old))
    except av.error.ExitError as exc:
        raise SourceError(f"nothing came for {SILENCE:.0f} s") from exc
    except av.error.ProtocolNotFoundError as exc:
        raise SourceError("FFmpeg knows no such protocol") from exc
    except av.error.InvalidDataError as exc:
        raise SourceError("what comes is no video, or is damaged") from exc
    except av.error.FFmpegError as exc:
        raise SourceError(hide_secrets(exc.strerror or str(exc))) from exc
    backlog.close()
    sending.join()


def _open(where: str) -> tuple[InputContainer, bool]:
    """Return the open container, and whether its packets come at their own pace."""
    kind = scheme_of(where)
    if kind == "srt":
        return _container(srt.Receiver(where, SILENCE), "mpegts"), True
    if kind == "lavfi":
        return _container(where.removeprefix("lavfi:"), "lavfi"), False
    if kind == "v4l2":
        return _camera(where.removeprefix("v4l2:")), True
    if "://" not in where:
        return _container(where.partition(":")[2], kind), True
    address, listens = listening(where)
    if kind in ("rtsp", "rtsps"):
        waiting = {"rtsp_flags": "listen", "listen_timeout": LISTENING}
        options = waiting if listens else {"rtsp_transport": "tcp"}
    else:
        options = {"listen": "1"} if listens else {}
    opened = _container(address, None, options, patience=None if listens else SILENCE)
    return opened, kind not in ("http", "https")


def _camera(name: str) -> InputContainer:
    *first, last = CAMERA
    for options in first:
        try:
            return _container(name, "v4l2", options)
        except av.error.FFmpegError:
            continue
    return _container(name, "v4l2", last)


def _container(
    where: str | srt.Receiver,
    format: str | None,
    options: Mapping[str, str] | None = None,
    *,
    patience: float | None = SILENCE,
) -> InputContainer:
    """Open an input; ``patience`` is how many seconds it may take."""
    opened: InputContainer = av.open(
        cast(str, where),
        "r",
        format=format,
        container_options=dict(options or {}),
        metadata_errors="replace",
        timeout=(patience, SILENCE),
        buffer_size=srt.LARGEST if format == "mpegts" else io.DEFAULT_BUFFER_SIZE,
    )
    return opened


def _as_they_come(container: InputContainer, chosen: Sequence[Stream]) -> Iterator[Read]:
    """Yield packets when they arrive; those that piled up while it was opened are old."""
    began = asked = time.monotonic()
    old = True
    for packet in container.demux(*chosen):
        now = time.monotonic()
        if old and (now - asked > FRESH or now - began > OLD):
            old = False
        if packet.dts is not None or packet.pts is not None:
            yield packet, old
        asked = time.monotonic()


def _paced(container: InputContainer, chosen: Sequence[Stream]) -> Iterator[Read]:
    """Yield packets when their times say, in forms that leave the process."""
    start: float | None = None
    for packet in container.demux(*chosen):
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None:
            continue
        at = float(ticks * packet.time_base)
        now = time.monotonic()
        if start is None or abs(now - (start + at)) > LATE:
            start = now - at
        time.sleep(max(0.0, start + at - now))
        yield _plain(packet), False


def _plain(packet: AnyPacket) -> AnyPacket:
    """Return a packet whose data is its own: a generated picture is a pointer to one."""
    if packet.stream.codec_context.name != "wrapped_avframe":
        return packet
    (frame,) = packet.decode()
    assert isinstance(frame, VideoFrame)
    plain: AnyPacket = Packet(frame.reformat(format="yuv420p").to_ndarray().tobytes())
    plain.stream, plain.is_keyframe = packet.stream, True
    plain.pts, plain.dts, plain.duration = packet.pts, packet.dts, packet.duration
    plain.time_base = packet.time_base
    return plain


def _waiting(packet: AnyPacket, *, is_video: bool, old: bool) -> Waiting:
    ticks = packet.dts if packet.dts is not None else packet.pts
    assert ticks is not None
    data = wire.pack(packet, packet.stream.index, old=old)
    whole = not is_video or packet.is_keyframe
    return Waiting(float(ticks * packet.time_base), is_video, whole, data)


def _send(backlog: Backlog, out: BinaryIO) -> None:
    while (packet := backlog.pop()) is not None:
        try:
            wire.send(out, wire.PACKET, packet.data)
        except BrokenPipeError:
            os._exit(0)


def _describe(stream: VideoStream | AudioStream) -> dict[str, Any]:
    """Return what another process must know to decode the stream."""
    context = stream.codec_context
    base = stream.time_base or Fraction(1, 90_000)
    words: dict[str, Any] = {
        "index": stream.index,
        "type": stream.type,
        "codec": context.name,
        "extradata": base64.b64encode(context.extradata or b"").decode(),
        "time_base": [base.numerator, base.denominator],
    }
    if isinstance(stream, AudioStream):
        return {**words, "rate": stream.rate, "layout": stream.layout.name}
    rate = stream.average_rate or stream.guessed_rate
    if context.name == "wrapped_avframe":
        words["codec"], pix_fmt = "rawvideo", "yuv420p"
    else:
        pix_fmt = stream.pix_fmt or "yuv420p"
    return {
        **words,
        "width": stream.width,
        "height": stream.height,
        "pix_fmt": pix_fmt,
        "fps": [rate.numerator, rate.denominator] if rate else None,
    }


if __name__ == "__main__":
    main()
