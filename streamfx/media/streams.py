"""Which streams of a container are read, and how each is described in one line."""

from __future__ import annotations

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from streamfx.errors import SourceError
from streamfx.timing import show_rate

COVER = Disposition.attached_pic | Disposition.timed_thumbnails
"""Pictures about the film that are no part of it."""

DEFAULT_BONUS = 5_000_000
"""What the ``default`` mark is worth in pixels; FFmpeg's own figure."""


def choose_video(container: InputContainer, name: str) -> VideoStream:
    """Return the video stream that FFmpeg takes by default: most pixels, marked ones first.

    Cover art never counts. Raises :exc:`SourceError` where there is no video stream (and says what
    there is), or none that can be decoded.
    """
    videos = [s for s in container.streams.video if not s.disposition & COVER]
    if not videos:
        raise SourceError(f"{name}: has no video stream; it has {_inventory(container)}")
    known = [s for s in videos if s.codec_context is not None]
    if not known:
        raise SourceError(f"{name}: no decoder for its video stream (unknown codec)")
    return max(known, key=_weight)


def choose_audio(container: InputContainer, video: VideoStream | None) -> AudioStream | None:
    """Return the audio stream that goes best with ``video``, or None where there is none."""
    known = [s for s in container.streams.audio if s.codec_context is not None]
    if not known:
        return None
    best = container.streams.best("audio", related=video)
    return best if isinstance(best, AudioStream) and best in known else known[0]


def describe(stream: Stream) -> str:
    """Return one line: ``#1 audio aac 48000 Hz stereo [eng]``."""
    words = [f"#{stream.index}", stream.type]
    context = stream.codec_context
    if stream.disposition & COVER:
        words.append("cover art")
    if context is None:
        words.append(getattr(stream, "name", None) or "unknown codec")
    else:
        words.append(context.name)
    if isinstance(stream, VideoStream) and context is not None:
        words.append(f"{stream.width}x{stream.height} {stream.pix_fmt}")
        if stream.average_rate:
            words.append(f"{show_rate(stream.average_rate)} fps")
    if isinstance(stream, AudioStream) and context is not None:
        words.append(f"{stream.rate} Hz {stream.layout.name}")
    language = stream.metadata.get("language")
    if language and language != "und":
        words.append(f"[{language}]")
    return " ".join(words)


def _weight(stream: VideoStream) -> int:
    marked = bool(stream.disposition & Disposition.default)
    return stream.width * stream.height + DEFAULT_BONUS * marked


def _inventory(container: InputContainer) -> str:
    lines = [describe(stream) for stream in container.streams]
    return "; ".join(lines) if lines else "no streams at all"
