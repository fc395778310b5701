"""From frames, sound and copied packets to a file under its final name, or to none at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from streamfx.errors import MediaError, TargetError
from streamfx.frame import AudioInfo, Frame, Sound, VideoInfo
from streamfx.media.choice import EncodePlan, WriteSettings, choose
from streamfx.media.movie import Movie
from streamfx.media.orientation import Orientation
from streamfx.media.packets import Copied
from streamfx.media.reader import Reader
from streamfx.media.stills import Stills, one_only
from streamfx.media.target import Target
from streamfx.media.window import Window, file_tick
from streamfx.timing import Stretch

__all__ = ["EncodePlan", "WriteSettings", "Writer", "choose"]


class Writer:
    """An output being written.

    Everything is checked, and the header written, before a frame is touched: :exc:`TargetError`
    says what cannot be. Until :meth:`finish` the output is ``TARGET.part``. ``source`` is what
    tracks, tags, chapters and rotation are taken from, without ``tracks`` the labels alone;
    ``audio`` says that the graph makes the sound, so that the source's is not copied. With
    ``range``, on the source's time, the file starts at 0 = its start, otherwise the source's own
    times are kept. Where the pictures are retimed, tracks and chapters are, too.
    """

    def __init__(
        self,
        target: str,
        video: VideoInfo,
        *,
        source: Reader | None = None,
        settings: WriteSettings | None = None,
        audio: AudioInfo | None = None,
        range: tuple[Fraction, Fraction | None] | None = None,
        inputs: tuple[str, ...] = (),
        tracks: bool = True,
    ) -> None:
        settings = settings or WriteSettings()
        heard = tracks and source is not None and _has_sound(source)
        sound = not video.muted and (audio is not None or heard)
        self.target = Target.parse(target, codec=settings.codec, rich=video.alpha or sound)
        if settings.fps is not None:
            video = replace(video, fps=settings.fps)
        mastering = source.source.mastering if source is not None else None
        pixels = source.source.pixels if source is not None else None
        turn, turn_note = _turn(self.target, source)
        coded = turn.size(video.width, video.height)
        self.plan = choose(self.target, video, pixels, settings, mastering, coded)
        self.notes: list[str] = [*self.plan.notes, *turn_note]
        """Decisions that nobody asked for, in words; complete once the output is finished."""
        if self.target.images and not self.target.numbered and (video.frames or 1) > 1:
            raise TargetError(one_only(self.target))
        if source is not None:
            inputs = (*inputs, str(source.source.path))
        self.target.check(inputs=inputs, overwrite=settings.overwrite)
        self._window = _window(self.plan, video, range)
        self._done = False
        self.target.begin()
        try:
            self._output = self._open(video, turn, source, audio, tracks)
        except (TargetError, MediaError):
            self.target.discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._done:
            self.abandon()

    @property
    def extents(self) -> Mapping[str, Stretch]:
        """When what was written begins and ends, by kind of stream, on the file's own clock."""
        return self._output.extents

    def write(self, item: Frame | Sound | Copied) -> None:
        """Write one more item. Raises :exc:`MediaError` where the disk or an encoder fails."""
        try:
            self._output.write(item)
        except (av.FFmpegError, OSError) as exc:
            raise self._failure(exc) from exc

    def finish(self) -> None:
        """Write the end, and give the output its final name."""
        self._close()
        self.target.commit()

    def keep_part(self) -> Path:
        """Write the end, and return the part under the name it has."""
        self._close()
        return self.target.part

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._done = True
        self._output.abandon()
        self.target.discard()

    def _open(
        self,
        video: VideoInfo,
        turn: Orientation,
        source: Reader | None,
        audio: AudioInfo | None,
        tracks: bool,
    ) -> Movie | Stills:
        if self.target.images:
            if audio is not None:
                self.notes.append("the sound is left out: images take none")
            return Stills(self.target, self.plan, video, self._window)
        return Movie(
            self.target,
            self.plan,
            video,
            window=self._window,
            orientation=turn,
            source=source,
            tracks=tracks,
            audio=audio,
            notes=self.notes,
        )

    def _close(self) -> None:
        try:
            self._output.close()
        except (av.FFmpegError, OSError) as exc:
            raise self._failure(exc) from exc
        self._done = True
        if self._window.moved:
            clock = float((self._window.coarse or self._window.tick) * 1000)
            self.notes.append(
                f"{self._window.moved} times moved by at most "
                f"{float(self._window.furthest * 1000):.3f} ms: the output counts in {clock:.3f} ms"
            )

    def _failure(self, exc: Exception) -> MediaError:
        name = "standard output" if self.target.pipe else self.target.name
        reason = getattr(exc, "strerror", None) or str(exc)
        if isinstance(exc, BrokenPipeError):
            reason = "nobody reads it any more"
        return MediaError(f"cannot write {name}: {str(reason).lower()}")


def _turn(target: Target, source: Reader | None) -> tuple[Orientation, tuple[str, ...]]:
    """Return how pixels are stored, and what is to be said of it."""
    turn = source.source.orientation if source is not None else Orientation()
    if turn.upright_already or target.container.rotates:
        return turn, ()
    what = f"the picture is {turn} in the file itself: {target.container.name} cannot say so"
    return Orientation(), (what,)


def _has_sound(source: Reader) -> bool:
    return any(stream.type == "audio" for stream in source.copied)


def _window(
    plan: EncodePlan, video: VideoInfo, range: tuple[Fraction, Fraction | None] | None
) -> Window:
    start, end = range if range is not None else (Fraction(0), None)
    start, end = start / video.speed, None if end is None else end / video.speed
    constant = plan.container.constant
    return Window(
        tick=1 / video.fps if constant else file_tick(video.time_base, start),
        start=start,
        end=end,
        speed=video.speed,
        cut=range is not None,
        coarse=plan.container.tick,
        constant=constant,
        loose=not plan.container.audio,
    )
