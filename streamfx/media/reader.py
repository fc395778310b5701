"""A source as frames, sound and packets to copy, in the order in which they lie in it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

import torch
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame

from streamfx.errors import SettingError
from streamfx.frame import Frame, Sound
from streamfx.media import ending
from streamfx.media.damage import Damage
from streamfx.media.intake import Intake
from streamfx.media.packets import AnyPacket, Copied, end_of, start_of
from streamfx.media.pictures import Pictures
from streamfx.media.probe import Source, facts
from streamfx.timing import show_instant

__all__ = ["Copied", "Damage", "Item", "Reader", "Source"]

Item = Frame | Sound | Copied

PREROLL = Fraction(1, 2)
"""Seconds before a range at which sound is read from: it lies beside later pictures in the file."""

OVERRUN = Fraction(10)
"""Seconds read past a range's end, at the most, for sound that lies late in the file."""


class Reader:
    """Read a source once, from its start or from ``start`` to ``end``.

    Iterating yields :class:`Frame`, :class:`Sound` (with ``audio``) and :class:`Copied` (with
    ``copy``: every packet of sound, subtitles and data, also of the track that is decoded). Times
    stay on the source's own timeline. ``start`` and ``end`` are exact to the frame: every frame of
    which some part is shown in between comes, the first with ``props.cut``; sound and packets may
    come from a little before and after. ``fps`` is the rate of stills and image sequences.
    ``device`` is where images are made; ``hwaccel`` decodes on the GPU where there is one.

    Damage is listed in :attr:`damage` and does not end the reading. Raises :exc:`SourceError` when
    the source cannot be used, :exc:`MediaError` while iterating when reading fails. Reading is for
    one thread; :meth:`close` may come from another once nobody iterates any more.
    """

    def __init__(
        self,
        source: str,
        *,
        video: bool = True,
        audio: bool = False,
        copy: bool = False,
        start: Fraction | None = None,
        end: Fraction | None = None,
        fps: Fraction | None = None,
        device: torch.device | None = None,
        hwaccel: bool = False,
        deinterlace: bool = True,
    ) -> None:
        if start is not None and end is not None and end <= start:
            raise SettingError(
                f"the end ({show_instant(end)}) must come after the start ({show_instant(start)})"
            )
        self._start, self._end = start, end
        self._intake = Intake(source, video=video, audio=audio, fps=fps, hwaccel=hwaccel)
        try:
            self.source = facts(self._intake, source, fps=fps, deinterlace=deinterlace)
            self._check_range()
        except BaseException:
            self._intake.close()
            raise
        self.copied: tuple[Stream, ...] = self._intake.other_streams() if copy else ()
        """The streams whose packets come as :class:`Copied`."""
        self.truncated: str | None = None
        """How the source ends early, in one sentence; None where it does not, as far as known."""
        self._device, self._deinterlace = device, deinterlace
        self._pictures = self._make_pictures()
        self._past_end = self._pictures is None
        self._waiting = {s.index for s in self.copied if s.type == "audio"}
        if self._intake.audio is not None:
            self._waiting.add(self._intake.audio.index)
        self._reading = self._read()

    def narrow(self, start: Fraction | None, end: Fraction | None = None) -> None:
        """Change the range that will be read. For a reader that nobody has iterated over yet."""
        self._start, self._end = start, end
        self._check_range()
        self._pictures = self._make_pictures()

    def _make_pictures(self) -> Pictures | None:
        info, first = self.source.video, self._intake.first
        if info is None or first is None:
            return None
        return Pictures(
            info,
            first,
            self.source.orientation,
            self._device,
            self._intake.damage,
            start=self._start,
            end=ending.last_tick(self._intake),
            deinterlace=self._deinterlace,
        )

    @property
    def container(self) -> InputContainer:
        """PyAV's container, as a template for the output's streams."""
        return self._intake.opened.container

    @property
    def lasting(self) -> bool:
        """Whether the source can be opened again, and is the same then."""
        return self._intake.opened.lasting

    @property
    def frames(self) -> int:
        """How many frames came so far."""
        return self._pictures.frames if self._pictures is not None else 0

    @property
    def repeated(self) -> int:
        """How many frames so far show exactly the picture before."""
        return self._pictures.repeated if self._pictures is not None else 0

    @property
    def damage(self) -> list[Damage]:
        """The damaged ranges met so far, in order of time."""
        return self._intake.damage.ranges()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided without asking, at the start and while reading."""
        later = [] if self._pictures is None else self._pictures.notes
        if self._intake.sounds is not None and self._intake.sounds.jumps:
            later.append(f"the sound's times jump {self._intake.sounds.jumps} times: kept")
        return (*self.source.notes, *later)

    def __iter__(self) -> Iterator[Item]:
        return self._reading

    def close(self) -> None:
        """Let go of the source. Safe to call twice."""
        self._intake.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_range(self) -> None:
        last = ending.declared(self._intake)
        if self._start is None or last is None or self.source.still:
            return
        if self._start >= last + ending.SHORT:
            raise SettingError(
                f"the start ({show_instant(self._start)}) lies after the end of"
                f" {self.source.path} ({show_instant(last)})"
            )

    def _read(self) -> Iterator[Item]:
        if self._start is not None and self._start > self.source.start:
            self._go_to(self._start)
        for packet, frames in self._intake.items():
            yield from self._unpack(packet, frames)
            if self._finished(packet):
                return
        yield from self._rest()
        self.truncated = ending.shortfall(self._intake)

    def _unpack(self, packet: AnyPacket, frames: list[VideoFrame] | None) -> Iterator[Item]:
        stream, intake = packet.stream, self._intake
        if stream is intake.video:
            if not self._past_end:
                assert intake.pictures is not None
                yield from self._show(intake.pictures.decode(packet) if frames is None else frames)
            return
        if stream is intake.audio and intake.sounds is not None:
            yield from (s for s in intake.sounds.decode(packet) if self._wanted(s.pts, s.end))
        if stream not in self.copied or packet.dts is None:
            return
        start, end = start_of(packet), end_of(packet)
        if packet.is_corrupt:
            intake.damage.add(start, end, f"incomplete {stream.type}")
        elif self._wanted(start, max(end, start + packet.time_base)):
            yield Copied(packet, stream)

    def _show(self, frames: list[VideoFrame]) -> Iterator[Frame]:
        assert self._pictures is not None
        for frame in frames:
            yield from self._until_end(self._pictures.push(frame))
            if self._past_end:
                return

    def _until_end(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if self._end is not None and frame.pts >= self._end:
                self._past_end = True
                return
            yield frame
            if self._end is not None and frame.end >= self._end:
                self._past_end = True
                return

    def _rest(self) -> Iterator[Item]:
        """Yield what decoders and filters held back until the source was over."""
        intake = self._intake
        if intake.pictures is not None and not self._past_end:
            assert self._pictures is not None
            yield from self._show(intake.pictures.flush())
            if not self._past_end:
                yield from self._until_end(self._pictures.flush())
        if intake.sounds is not None:
            yield from (s for s in intake.sounds.decode(None) if self._wanted(s.pts, s.end))

    def _wanted(self, start: Fraction, end: Fraction) -> bool:
        after = self._start is None or end > self._start
        return after and (self._end is None or start < self._end)

    def _finished(self, packet: AnyPacket) -> bool:
        """Return whether a range is complete: the pictures, and the sound that belongs to them."""
        if self._end is None or not self._past_end or (packet.pts is None and packet.dts is None):
            return False
        at = start_of(packet)
        if at >= self._end:
            self._waiting.discard(packet.stream.index)
        return not self._waiting or at >= self._end + OVERRUN

    def _go_to(self, start: Fraction) -> None:
        """Seek so that the frame shown at ``start`` can be decoded, and the sound beside it heard.

        Goes further back until the first picture comes at ``start`` or before; a source that cannot
        seek is read through from where it is.
        """
        if not self.source.seekable or self._intake.video is None:
            return
        assert self._pictures is not None
        target = start - PREROLL if self._waiting else start
        step = Fraction(1)
        while target > self.source.start:
            first = self._intake.seek(target)
            if first is None:
                break
            assert first.time_base is not None
            if first.pts is not None and first.pts * first.time_base <= start:
                self._pictures.moved()
                return
            target, step = target - step, step * 2
        self._intake.rewind()
