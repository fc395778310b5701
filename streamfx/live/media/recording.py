"""What comes into a session and what goes out of it, recorded to files."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from streamfx.live.media.recording_file import recover
from streamfx.live.media.recording_side import InputSide, OutputSide
from streamfx.live.media.recording_track import RecordedFile, Track
from streamfx.media.packets import AnyPacket

__all__ = ["RecordedFile", "Recording", "recover"]

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class Recording:
    """Records both sides of a session, to ``NAME-input.mkv`` and ``NAME-output.mkv``.

    The input is encoded here; the output's packets (H.264 in Annex B, Opus) are taken as they are
    sent: a recording is one more viewer. Instants of both are seconds on one clock. A picture of
    another size begins another file (``NAME-input-2.mkv``). Files are Matroska and can be played
    whatever happens to the process; :func:`recover` names what a crash left.

    Nothing here waits for the disk: what it is too slow for is dropped and counted. ``tell`` hears,
    from any thread, why a side is not recorded any more, or not whole; ``want_keyframe`` that the
    output should have one. Raises :exc:`ValueError` for a ``name`` that is no plain file name.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        tell: Callable[[str], None] | None = None,
        want_keyframe: Callable[[], None] | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a recording's name is letters, digits, '.', '_', '-'; got {name!r}")
        self._listener = tell
        self._want_keyframe = want_keyframe or _nobody
        self._input = InputSide(Track(folder, f"{name}-input", "input", self._key), self._tell)
        track = Track(folder, f"{name}-output", "output", self._want_keyframe)
        self._output = OutputSide(track, self._tell, self._want_keyframe)
        self._sides = (self._input, self._output)

    def start(self) -> None:
        """Begin to record: the output with its next keyframe."""
        for side in self._sides:
            side.start()
        self._want_keyframe()

    def came_in(self, frame: av.VideoFrame, instant: Fraction) -> None:
        """Take a picture as it came; any thread, never waits. The frame is only read."""
        self._input.picture(frame, instant)

    def heard(self, frame: av.AudioFrame, instant: Fraction) -> None:
        """Take sound as it came; any thread, never waits."""
        self._input.sound(frame, instant)

    def send_video(self, packet: AnyPacket) -> None:
        """Take a picture that goes out; never waits."""
        self._output.video(packet)

    def send_sound(self, packet: AnyPacket) -> None:
        """Take sound that goes out; never waits."""
        self._output.sound(packet)

    def stop(self) -> None:
        """End the recording, and wait until its files are whole. Not for the loop's thread."""
        for side in self._sides:
            side.end()
        for side in self._sides:
            side.join()

    def files(self) -> list[RecordedFile]:
        """Return the files that are finished; any thread."""
        return [file for side in self._sides for file in side.files]

    @property
    def dropped(self) -> int:
        """Pictures that are missing because encoder or disk were too slow."""
        return sum(side.dropped for side in self._sides)

    @property
    def failed(self) -> bool:
        """Whether nothing is recorded any more because the disk takes no more."""
        return all(side.failed for side in self._sides)

    def _key(self) -> None:
        self._input.want_keyframe()

    def _tell(self, why: str) -> None:
        log.warning("%s", why)
        if self._listener is not None:
            self._listener(why)


def _nobody() -> None:
    """Ask nobody for a keyframe."""
