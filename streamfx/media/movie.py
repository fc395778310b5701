"""One file with everything in it: picture, sound, subtitles, chapters, tags."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable
from fractions import Fraction
from math import lcm

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from streamfx.errors import MediaError, TargetError
from streamfx.frame import AudioInfo, Frame, Sound, VideoInfo
from streamfx.media import about
from streamfx.media.choice import EncodePlan
from streamfx.media.encoder import PictureEncoder
from streamfx.media.orientation import Orientation
from streamfx.media.packets import AnyPacket, Copied
from streamfx.media.reader import Reader
from streamfx.media.scheduling import ordinary
from streamfx.media.sound import SoundEncoder, SoundTrack, add_encoder
from streamfx.media.streams import COVER, choose_video
from streamfx.media.target import Target
from streamfx.media.tracks import Tracks, described
from streamfx.media.window import LONGEST_CLOCK, Window
from streamfx.timing import Stretch

log = logging.getLogger(__name__)

_DISK = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT)
"""Errors of the disk rather than of what was asked for."""

TIMECODE_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
"""Frames a second that QuickTime's timecode track can count."""


class Movie:
    """A container being written, its header already out."""

    def __init__(
        self,
        target: Target,
        plan: EncodePlan,
        video: VideoInfo,
        *,
        window: Window,
        orientation: Orientation,
        source: Reader | None,
        audio: AudioInfo | None,
        tracks: bool,
        notes: list[str],
    ) -> None:
        self._plan, self._window, self._notes = plan, window, notes
        self.extents: dict[str, Stretch] = {}
        """When the first stream of each kind begins and ends, on the file's own clock."""
        self._first: dict[str, int] = {}
        name = "pipe:1" if target.pipe else str(target.part)
        tags = {} if source is None or not plan.container.tags else source.container.metadata
        tags = about.kept_tags(tags)
        self._file: OutputContainer = av.open(
            name, "w", format=plan.container.name, container_options=self._options(tags)
        )
        try:
            stream = self._file.add_stream(plan.encoder, rate=video.fps)
            assert isinstance(stream, VideoStream)
            self._stream = stream
            square = source is not None and _states_aspect(source)
            self._encoder = self._picture(video, orientation, square)
            self._tracks = Tracks(self._file, plan.container, window, notes)
            self._muted = video.muted and (audio is not None or _sounds(source))
            if self._muted:
                notes.append("the sound is left out: the graph mutes it")
            self._sound = None if self._muted else self._add_sound(audio)
            if source is not None:
                if tracks:
                    self._add_tracks(source)
                self._add_labels(source, video, tags)
            self._set_movie_clock()
            with ordinary():
                self._file.start_encoding()
        except (av.FFmpegError, ValueError) as exc:
            if getattr(exc, "errno", None) in _DISK:
                raise MediaError(f"cannot write {target.name}: {_reason(exc)}") from exc
            raise TargetError(
                f"cannot write {target.name} with {plan.encoder} at "
                f"{video.width}x{video.height} in {plan.container.name}: {_reason(exc)}"
            ) from exc

    def write(self, item: Frame | Sound | Copied) -> None:
        """Write one more item. Raises av.FFmpegError and OSError where the disk does."""
        if isinstance(item, Frame):
            self._mux(self._encoder.encode(item), self._stream)
        elif isinstance(item, Sound):
            if self._sound is not None:
                self._mux(self._sound.encode(item), None)
        else:
            self._mux(self._tracks.write(item), None)

    def close(self) -> None:
        """Write what the encoders still hold, and the end of the file."""
        self._mux(self._encoder.flush(), self._stream)
        if self._sound is not None:
            self._mux(self._sound.flush(), None)
        self._mux(self._tracks.flush(), None)
        self._file.close()
        self._notes.extend(self._encoder.notes)
        if self._encoder.repeated:
            self._notes.append(
                f"{self._encoder.repeated} frames repeated: {self._plan.container.name} stores a "
                "constant rate"
            )

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in."""
        try:
            self._file.close()
        except (av.FFmpegError, OSError) as exc:
            log.debug("closing an abandoned file: %s", exc)

    def _mux(self, packets: Iterable[AnyPacket], stream: VideoStream | None) -> None:
        for packet in packets:
            if stream is not None:
                packet.stream = stream
            self._note(packet)
            self._file.mux_one(packet)

    def _note(self, packet: AnyPacket) -> None:
        """Note when a packet is shown or heard, if its stream is the first of its kind."""
        kind, index = packet.stream.type, packet.stream.index
        if self._first.setdefault(kind, index) == index and packet.pts is not None:
            begin = packet.pts * packet.time_base
            lasts = (packet.duration or 0) * packet.time_base
            self.extents[kind] = Stretch(begin, begin + lasts).joined(self.extents.get(kind))

    def _options(self, tags: dict[str, str]) -> dict[str, str]:
        if self._plan.container.name == "yuv4mpegpipe":
            return {"strict": "-1"}
        if self._plan.container.name in ("mp4", "mov") and about.unusual(tags):
            return {"movflags": "+use_metadata_tags"}
        return {}

    def _set_movie_clock(self) -> None:
        """Make the clock of MP4 edit lists fine enough for every track to start on time."""
        if self._plan.container.name not in ("mp4", "mov"):
            return
        clock = 1
        for stream in self._file.streams:
            own = (stream.time_base or Fraction(1, 1000)).denominator
            if isinstance(stream, AudioStream):
                own = stream.codec_context.sample_rate or own
            finer = lcm(clock, own)
            clock = finer if finer <= LONGEST_CLOCK else clock
        self._file.container_options["movie_timescale"] = str(max(clock, 1000))

    def _picture(self, video: VideoInfo, orientation: Orientation, square: bool) -> PictureEncoder:
        stream, context = self._stream, self._stream.codec_context
        encoder = PictureEncoder(
            context, self._plan, video, self._window, orientation, square=square
        )
        stream.time_base = self._window.tick
        if self._plan.container.name in ("mp4", "mov") and self._plan.codec.name == "hevc":
            context.codec_tag = "hvc1"
        if self._plan.codec.name == "vp9" and self._plan.alpha:
            stream.metadata["alpha_mode"] = "1"
        if not orientation.upright_already:
            stream.set_display_matrix(orientation.matrix)
        return encoder

    def _add_sound(self, audio: AudioInfo | None) -> SoundTrack | None:
        codec = self._plan.container.audio
        if audio is None:
            return None
        if not codec:
            self._notes.append(f"the sound is left out: {self._plan.container.name} takes none")
            return None
        stream = add_encoder(self._file, codec, audio, self._plan.container.rate)
        self._notes.append(f"the sound is encoded as {codec} at {stream.codec_context.rate} Hz")
        window = self._window
        encoder = SoundEncoder(stream, self._plan.container.constant)
        return SoundTrack(encoder, audio, *window.source, window.speed)

    def _add_tracks(self, source: Reader) -> None:
        for stream in source.copied:
            if stream.type != "audio" or not (self._sound is not None or self._muted):
                self._tracks.add(stream)
        for stream in source.container.streams:
            cover = stream.type == "video" and stream.disposition & COVER
            if cover or stream.type == "attachment":
                self._tracks.add(stream)

    def _add_labels(self, source: Reader, video: VideoInfo, tags: dict[str, str]) -> None:
        container, window = self._plan.container, self._window
        self._file.metadata.update(tags)
        chapters = source.container.chapters()
        chapters = about.shifted_chapters(chapters, *window.source, window.speed)
        if chapters and container.chapters:
            self._file.set_chapters(chapters)
        elif chapters:
            self._notes.append(f"chapters are left out: {container.name} has none")
        if container.tags:
            described(self._stream, choose_video(source.container, source.source.path))
        if source.source.timecode and container.tags:
            self._add_timecode(source.source.timecode, video)

    def _add_timecode(self, timecode: str, video: VideoInfo) -> None:
        fps = video.fps
        frames = round(self._window.start * fps) if self._window.cut else 0
        moved = about.later_timecode(timecode, frames, fps)
        iso = self._plan.container.name in ("mp4", "mov")
        if moved is None or (iso and round(fps) not in TIMECODE_RATES):
            self._notes.append(f"timecode {timecode} is left out: no place for it at {fps} fps")
            return
        self._stream.metadata["timecode"] = moved


def _sounds(source: Reader | None) -> bool:
    return source is not None and any(stream.type == "audio" for stream in source.copied)


def _states_aspect(source: Reader) -> bool:
    stream = choose_video(source.container, source.source.path)
    return stream.sample_aspect_ratio is not None


def _reason(exc: Exception) -> str:
    text = getattr(exc, "strerror", None) or str(exc)
    return str(text).lower()
