"""Looks at a file that a client sent, in a process of its own with little memory and time.

What a file claims to be is told by its first bytes; only then FFmpeg sees it, held to the one
demuxer and the few decoders that fit: no playlist that names other files, no exotic decoder.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from streamfx.errors import SourceError
from streamfx.live.refusal import Refusal

if TYPE_CHECKING:  # only the process that looks needs it
    from av.video.codeccontext import VideoCodecContext

HEAD = 16
"""Bytes that tell what a file is."""
PIXELS = {"picture": 4096 * 4096, "video": 4096 * 2304}
"""Largest size when decoded, by kind."""
CODECS = {
    "picture": ("png", "mjpeg", "webp", "av1"),
    "video": ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores", "ffv1"),
}
"""FFmpeg's names of the decoders that are used, by kind."""
MEMORY = 2 << 30
"""Bytes of address space that the look may take."""
CPU_SECONDS, PATIENCE = 10, 20.0
"""Seconds of work, and seconds altogether, that it may take."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the first bytes of a file say."""

    kind: str
    """``picture`` or ``video``."""
    suffix: str
    """How to name the file."""
    demuxer: str
    """FFmpeg's name of what reads it."""


_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", Claim("picture", ".png", "png_pipe")),
    (b"\xff\xd8\xff", Claim("picture", ".jpg", "jpeg_pipe")),
)
_MATROSKA = Claim("video", ".mkv", "matroska")
_WEBP = Claim("picture", ".webp", "webp_pipe")
_AVIF, _MP4 = Claim("picture", ".avif", "mov"), Claim("video", ".mp4", "mov")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found."""

    width: int
    """Pixels, as coded."""
    height: int
    """Pixels, as coded."""


def claim(head: bytes) -> Claim:
    """Return what a file says it is. Raises :exc:`Refusal` (415) for what is not taken."""
    for magic, found in _PICTURES:
        if head.startswith(magic):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    if head[:4] == b"\x1aE\xdf\xa3":
        return _MATROSKA
    if head[4:8] == b"ftyp":
        return _AVIF if head[8:12] in (b"avif", b"avis") else _MP4
    raise Refusal(415, "type", "only PNG, JPEG, WebP, AVIF, MP4, MOV, WebM and Matroska are taken")


async def look(path: Path, found: Claim, gate: asyncio.Semaphore) -> Seen:
    """Decode the first picture of a file. Raises :exc:`Refusal`: 415, or 413 when too large.

    ``gate`` is what few of the processes may pass at once.
    """
    words = [sys.executable, "-P", "-m", __name__, str(path), found.kind, found.demuxer]
    plain = {name: text for name, text in os.environ.items() if not name.startswith("STREAMFX_")}
    async with gate:
        child = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=plain,  # the token may be in ours
        )
        try:
            async with asyncio.timeout(PATIENCE):
                said, _ = await child.communicate()
        except TimeoutError as exc:
            raise Refusal(415, "type", "the file takes too long to decode") from exc
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
    try:
        facts = json.loads(said)
    except ValueError as exc:  # it ran out of memory or time, or crashed
        raise Refusal(415, "type", "the file cannot be decoded") from exc
    if "error" in facts:
        raise Refusal(facts["status"], facts["code"], facts["error"])
    return Seen(facts["width"], facts["height"])


def main(path: str, kind: str, demuxer: str) -> None:
    """Write what is found to stdout, as JSON."""
    _confine()
    try:
        seen = _decode(path, kind, demuxer)
        facts: dict[str, object] = {"width": seen.width, "height": seen.height}
    except Refusal as exc:
        facts = {"error": str(exc), "status": exc.status, "code": exc.code}
    sys.stdout.write(json.dumps(facts))


def _decode(path: str, kind: str, demuxer: str) -> Seen:
    import av

    from streamfx.media import streams

    broken = Refusal(415, "type", f"the {kind} is damaged or not what it begins like")
    try:
        options = {"protocol_whitelist": "file"}
        with av.open(f"file:{path}", format=demuxer, container_options=options) as container:
            if not container.streams.video:
                raise Refusal(415, "type", "the file has no picture in it")
            for each in container.streams.video:
                if not each.disposition & streams.COVER:  # which is never shown
                    _check(each.codec_context, kind)
            stream = streams.choose_video(container, path)
            stream.codec_context.thread_count = 1
            frame = next(container.decode(stream), None)
            if frame is None or frame.width < 2 or frame.height < 2:
                raise broken
            _check_size(frame.width, frame.height, kind)  # what is in it counts, not its label
            return Seen(frame.width, frame.height)
    except (av.error.FFmpegError, MemoryError, SourceError, ValueError) as exc:
        raise broken from exc


def _check(context: VideoCodecContext | None, kind: str) -> None:
    name = "something unknown" if context is None else context.name
    if context is None or name not in (*CODECS[kind], "libdav1d", "libvpx", "libvpx-vp9"):
        raise Refusal(415, "type", f"{kind}s coded as {name} are not taken")
    _check_size(context.width, context.height, kind)


def _check_size(width: int, height: int, kind: str) -> None:
    if width * height > PIXELS[kind]:
        raise Refusal(413, "size", f"{width}x{height} is more than can be taken")


def _confine() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the patience of the parent is left
        return
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    main(*sys.argv[1:4])
