"""Packets of one side of a session to files: a new one whenever the picture changes its form."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamfx.live.media.h264 import parameter_sets
from streamfx.live.media.recording_file import MatroskaFile
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

SETTLED = 1.0
"""Seconds of pictures after which a file begins without sound."""
RESERVE = 64 << 20
"""Bytes of the disk that are left free."""
CHECKED = 1.0
"""Seconds of pictures between two looks at the disk."""


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A finished file of a recording."""

    name: str
    """Its name in the folder of recordings."""
    kind: str
    """``input`` or ``output``."""
    bytes: int
    """Its size."""
    seconds: float
    """How long it lasts."""


class Track:
    """Writes one side's packets. Belongs to one thread; :attr:`files` is for any.

    A file holds pictures of one form, with sound or without: what comes in its first second
    decides. Whatever changes that begins another file, at the next keyframe. Raises :exc:`OSError`
    where the disk takes no more; it is closed then, and what was written stays.
    """

    def __init__(
        self, folder: Path, stem: str, kind: str, want_keyframe: Callable[[], None]
    ) -> None:
        self._folder, self._stem, self._kind = folder, stem, kind
        self._want_keyframe = want_keyframe
        self._waiting: list[tuple[AnyPacket, bool]] = []
        self._file: MatroskaFile | None = None
        self._form = b""
        self._began = 0.0
        self._checked = float("-inf")
        self._renewing = False
        self.files: tuple[RecordedFile, ...] = ()
        """What is finished."""

    def video(self, packet: AnyPacket) -> None:
        """Take a picture as H.264 in Annex B; those before the first keyframe are left out."""
        now = _seconds(packet)
        form = parameter_sets(bytes(packet)) if packet.is_keyframe else b""
        if form and (self._renewing or (self._form and form != self._form)):
            self.close()
        if not self._form:
            if not form:
                return
            self._form, self._began, self._renewing = form, now, False
        if now - self._checked >= CHECKED:
            self._checked = now
            self._check_disk()
        self._write(packet, video=True)
        if self._file is None and now - self._began >= SETTLED:
            self._open(sound=False)

    def sound(self, packet: AnyPacket) -> None:
        """Take sound as Opus."""
        if not self._form:
            return
        if self._file is not None and not self._file.sound:
            if not self._renewing:
                self._renewing = True
                self._want_keyframe()
            return
        self._write(packet, video=False)
        if self._file is None:
            self._open(sound=True)

    def close(self) -> None:
        """Finish the file. Another begins with the next keyframe."""
        if self._file is None and self._waiting:
            self._open(sound=False)
        file, self._file = self._file, None
        self._form = b""
        self._waiting.clear()
        if file is None:
            return
        try:
            file.close()
        finally:
            size = file.path.stat().st_size
            done = RecordedFile(file.path.name, self._kind, size, file.seconds)
            self.files = (*self.files, done)
            log.info("recorded %s: %.1f s, %d bytes", done.name, done.seconds, done.bytes)

    def _write(self, packet: AnyPacket, *, video: bool) -> None:
        if self._file is None:
            self._waiting.append((packet, video))
            return
        self._file.write(packet, video=video)

    def _open(self, *, sound: bool) -> None:
        waiting, self._waiting = self._waiting, []
        first = next(packet for packet, video in waiting if video)
        self._file = MatroskaFile(self._folder, self._stem, first, sound=sound)
        for packet, video in waiting:
            self._file.write(packet, video=video)

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < RESERVE:
            raise OSError(f"the disk is full: {free >> 20} MiB are left")


def _seconds(packet: AnyPacket) -> float:
    return float((packet.pts or 0) * packet.time_base)
