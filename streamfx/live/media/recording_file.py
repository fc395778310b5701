"""One Matroska file being written: playable up to its last second, whatever happens."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio.stream import AudioStream

from streamfx.live.media.encoding import SOUND_RATE, VIDEO_TICK
from streamfx.media.packets import AnyPacket

if TYPE_CHECKING:
    from av.stream import Stream

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # asked for before each use

log = logging.getLogger(__name__)

PART = ".part"
"""What the name of a file ends in while it is written."""

_OPTIONS = {
    "cluster_time_limit": "1000",  # ms: so much is lost at the most when the process is killed
    "flush_packets": "1",
    "max_interleave_delta": "500000",  # µs that pictures wait for sound
}


class MatroskaFile:
    """Holds one run of H.264 pictures of one size, and perhaps Opus.

    ``keyframe`` is its first picture, whose instant becomes 0. The file is called
    ``STEM.mkv.part`` until :meth:`close`; where either name is taken, ``STEM-2`` and so on. Raises
    :exc:`OSError` where it cannot be written; so do all methods, and what was written stays.
    """

    def __init__(self, folder: Path, stem: str, keyframe: AnyPacket, *, sound: bool) -> None:
        assert keyframe.pts is not None
        self._base = keyframe.pts * keyframe.time_base
        self.sound = sound
        """Whether it takes sound."""
        self.seconds = 0.0
        """From its first picture to the end of its last."""
        self.path, self._lock = _reserve(folder, stem)
        self._audio: Stream | None = None
        try:
            with _writing():
                self._open(keyframe)
        except BaseException:
            os.close(self._lock)
            self.part.unlink(missing_ok=True)
            raise
        self._last = {True: -1, False: -SOUND_RATE}
        self._step = round(1 / 30 / VIDEO_TICK)

    def _open(self, keyframe: AnyPacket) -> None:
        with av.open(io.BytesIO(bytes(keyframe)), format="h264") as probe:
            self._container = av.open(
                os.fspath(self.part), "w", format="matroska", container_options=_OPTIONS
            )
            template = probe.streams.video[0]
            self._video: Stream = self._container.add_stream_from_template(template)
        self._video.time_base = VIDEO_TICK
        if self.sound:
            audio = self._container.add_stream("libopus", rate=SOUND_RATE)
            assert isinstance(audio, AudioStream)
            audio.codec_context.layout = "stereo"
            self._audio = audio
        self._container.start_encoding()

    @property
    def part(self) -> Path:
        """Where it lies until it is closed."""
        return self.path.with_name(self.path.name + PART)

    def write(self, packet: AnyPacket, *, video: bool) -> None:
        """Write a picture, or sound; sound from before the first picture is left out."""
        stream = self._video if video else self._audio
        if stream is None or packet.pts is None:
            return
        tick = VIDEO_TICK if video else Fraction(1, SOUND_RATE)
        pts = round((packet.pts * packet.time_base - self._base) / tick)
        if not video and pts < -SOUND_RATE // 50:
            return
        pts = max(pts, self._last[video] + 1)
        if video and self._last[True] >= 0:
            self._step = min(pts - self._last[True], round(1 / VIDEO_TICK))
        self._last[video] = pts
        twin = av.Packet(bytes(packet))  # others send the same one
        twin.pts = twin.dts = pts
        twin.time_base = tick
        twin.is_keyframe = packet.is_keyframe
        twin.stream = stream
        with _writing():
            self._container.mux(twin)
        if video:
            self.seconds = float((pts + self._step) * VIDEO_TICK)

    def close(self) -> None:
        """Write the end, and give the file its name: also when the end cannot be written."""
        try:
            with _writing():
                self._container.close()
        finally:
            try:
                os.replace(self.part, self.path)
            finally:
                os.close(self._lock)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Let FFmpeg's errors of the disk be errors of the disk."""
    try:
        yield
    except OSError:
        raise
    except av.FFmpegError as exc:
        raise OSError(exc.errno, exc.strerror or str(exc)) from exc


def _reserve(folder: Path, stem: str) -> tuple[Path, int]:
    """Create the part of a file that does not exist yet; return the final path and a locked file.

    The lock tells :func:`recover`, in whatever process, that somebody writes it.
    """
    for number in range(1, 10_000):
        name = f"{stem}.mkv" if number == 1 else f"{stem}-{number}.mkv"
        if (folder / name).exists():
            continue
        try:
            file = os.open(folder / (name + PART), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
        except FileExistsError:
            continue
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return folder / name, file
    raise FileExistsError(f"{folder} holds 9999 files called {stem} already")


def recover(folder: Path) -> list[Path]:
    """Give what a crash left behind a name, ``NAME-recovered.mkv``; return the new paths.

    To be called when a server starts. What holds nothing is removed; what somebody writes at the
    moment is left alone.
    """
    found = []
    for part in sorted(folder.glob(f"*.mkv{PART}")):
        if part.is_symlink() or _is_written(part):
            continue
        if part.stat().st_size == 0:
            part.unlink()
            continue
        stem = part.name.removesuffix(f".mkv{PART}")
        path = folder / f"{stem}-recovered.mkv"
        number = 2
        while path.exists():
            path = folder / f"{stem}-recovered-{number}.mkv"
            number += 1
        part.rename(path)
        log.warning("found a recording that was cut off: it is %s now", path.name)
        found.append(path)
    return found


def _is_written(part: Path) -> bool:
    if fcntl is None:
        return False
    with part.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
