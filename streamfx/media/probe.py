"""What is known of a source before it is read: its streams, sizes, rates, colours and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from streamfx.colour import Colour
from streamfx.frame import AudioInfo, VideoInfo
from streamfx.media import still, streams
from streamfx.media.convert import Decoded
from streamfx.media.intake import Intake
from streamfx.media.mastering import Mastering, mastering_of
from streamfx.media.orientation import Orientation
from streamfx.media.rate import Rate, judge
from streamfx.media.tags import colour_of

EXACT = frozenset(("mov", "matroska", "mpegts", "avi", "flv", "nut", "mxf", "ivf", "yuv4mpegpipe"))
"""Formats that give the same instants after a seek; others (MPEG-PS, raw streams) guess them."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named stretch of a source."""

    start: Fraction
    """Seconds on the source's own timeline."""
    end: Fraction
    """Seconds on the source's own timeline."""
    title: str
    """Its name; empty where it has none."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of an opened source."""

    path: str
    """As the user wrote it."""
    container: str
    """FFmpeg's name of the format."""
    video: VideoInfo | None
    """The chosen pictures, upright; None where only sound is read."""
    audio: AudioInfo | None
    """The sound to be decoded, or the best track there is; None where there is none."""
    duration: Fraction | None
    """Seconds of the chosen video (else of the container); None where nothing says."""
    start: Fraction
    """Seconds at which the first picture is shown, on the source's own timeline."""
    codec: str = ""
    """FFmpeg's name of the video decoder; empty without video."""
    pixels: str = ""
    """FFmpeg's pixel format of the decoded pictures; empty without video."""
    orientation: Orientation = field(default_factory=Orientation)
    """How the coded pixels become upright."""
    interlaced: bool = False
    """Whether the first picture is interlaced."""
    still: bool = False
    """Whether it is one single picture."""
    seekable: bool = False
    """Whether a range can be read without reading all that comes before."""
    mastering: Mastering | None = None
    """HDR10 metadata; None where there is none."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The container's tags."""
    chapters: tuple[Chapter, ...] = ()
    """Chapters, in the container's order."""
    timecode: str | None = None
    """Start timecode such as ``01:00:00:00``; None where there is none."""
    streams: tuple[str, ...] = ()
    """Every stream, one line each."""
    notes: tuple[str, ...] = ()
    """Every decision that was taken without asking, in words."""

    @property
    def end(self) -> Fraction | None:
        """Seconds at which the last picture leaves the screen, where the duration is known."""
        return None if self.duration is None else self.start + self.duration


def probe(source: str, *, fps: Fraction | None = None) -> Source:
    """Open ``source``, decode its first picture, and say what it is.

    A source without any video stream raises :exc:`SourceError`, as does one that cannot be used;
    ``fps`` is the rate of stills and image sequences.
    """
    intake = Intake(source, fps=fps)
    try:
        return facts(intake, source, fps=fps)
    finally:
        intake.close()


def facts(
    intake: Intake, source: str, *, fps: Fraction | None = None, deinterlace: bool = True
) -> Source:
    """Say what an opened source is."""
    container = intake.opened.container
    notes = list(intake.notes)
    video: VideoInfo | None = None
    found: dict[str, object] = {}
    start = Fraction(container.start_time or 0, 1_000_000)
    if intake.video is not None:
        video, found, start = _picture_facts(intake, fps, notes)
        if found["interlaced"] and deinterlace:
            notes.append("interlaced: deinterlaced (bwdif), one frame for each")
    sound = intake.audio or streams.choose_audio(container, intake.video)
    audio = None
    if sound is not None:
        audio = AudioInfo(sound.rate, sound.codec_context.channels, sound.layout.name)
    if intake.opened.missing:
        notes.append(f"the file is truncated: {intake.opened.missing} bytes are missing at its end")
    return Source(
        path=source,
        container=container.format.name,
        video=video,
        audio=audio,
        duration=_duration(intake, video),
        start=start,
        seekable=_seekable(intake),
        metadata=dict(container.metadata),
        chapters=_chapters(intake),
        timecode=_timecode(intake),
        streams=tuple(streams.describe(stream) for stream in container.streams),
        notes=tuple(notes),
        **found,  # type: ignore[arg-type]  # built by name in _picture_facts
    )


def _picture_facts(
    intake: Intake, fps: Fraction | None, notes: list[str]
) -> tuple[VideoInfo, dict[str, object], Fraction]:
    stream, first = intake.video, intake.first
    assert stream is not None and first is not None and stream.time_base is not None
    single = still.is_still(intake.opened.container, stream) and intake.opened.path is not None
    rate = _rate(intake, single, fps)
    orientation = Orientation.from_frame(first)
    colour = colour_of(first, width=first.width, height=first.height)
    decoded = Decoded(first, colour, orientation)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    info = VideoInfo(
        width=decoded.width,
        height=decoded.height,
        fps=rate.fps,
        variable=rate.variable,
        colour=colour,
        alpha=decoded.alpha,
        tick=stream.time_base,
        frames=rate.frames,
        pixel_aspect=1 / aspect if orientation.swaps else aspect,
    )
    notes.extend(_choices(intake, rate, single, fps, colour, orientation))
    found: dict[str, object] = {
        "codec": stream.codec_context.name,
        "pixels": first.format.name,
        "orientation": orientation,
        "interlaced": first.interlaced_frame,
        "still": single,
        "mastering": mastering_of(first),
    }
    start = (first.pts or 0) * stream.time_base
    return info, found, start


def _rate(intake: Intake, single: bool, fps: Fraction | None) -> Rate:
    stream, images = intake.video, intake.opened.images
    assert stream is not None
    if images is not None:
        return Rate(fps or still.RATE, False, images.count)
    if single:
        return Rate(fps or still.RATE, False, 1)
    if still.reads_images(intake.opened.container):
        return Rate(fps or still.RATE, False, None)
    return judge(stream, intake.seen, still.RATE)


def _choices(
    intake: Intake,
    rate: Rate,
    single: bool,
    fps: Fraction | None,
    colour: Colour,
    orientation: Orientation,
) -> list[str]:
    """Return what was decided without asking, in words."""
    said = [rate.note, orientation.note]
    container, stream = intake.opened.container, intake.video
    assert stream is not None and intake.pictures is not None
    said.append(intake.pictures.note)
    images = single or still.reads_images(container)
    if images and fps is None:
        kind = "still: shown for 1/25 s" if single else "image sequence: read at 25 fps"
        said.append(f"{kind}, as no rate was given")
    if fps is not None and not images:
        said.append("fps is for stills and sequences: this source keeps its own times")
    others = [s for s in container.streams.video if s is not stream]
    films = [s.index for s in others if not s.disposition & streams.COVER]
    if films:
        numbers = ", ".join(f"#{index}" for index in films)
        said.append(f"several video streams: #{stream.index} is read, {numbers} left out")
    if len(films) < len(others):
        said.append("cover art is left out")
    if colour.guessed:
        said.append(f"colour not tagged ({', '.join(colour.guessed)}): taken as {colour.known()}")
    return [line for line in said if line]


def _duration(intake: Intake, video: VideoInfo | None) -> Fraction | None:
    stream, container = intake.video, intake.opened.container
    if video is not None and video.frames and still.reads_images(container):
        return video.frames / video.fps
    if stream is not None and stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    return Fraction(container.duration, 1_000_000) if container.duration else None


def _seekable(intake: Intake) -> bool:
    opened = intake.opened
    known = EXACT & set(opened.container.format.name.split(","))
    return bool(known) and (opened.path is not None or opened.network)


def _chapters(intake: Intake) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(
            chapter["start"] * chapter["time_base"],
            chapter["end"] * chapter["time_base"],
            chapter["metadata"].get("title", ""),
        )
        for chapter in intake.opened.container.chapters()
        if chapter["time_base"] is not None
    )


def _timecode(intake: Intake) -> str | None:
    container = intake.opened.container
    tags = [container.metadata]
    if intake.video is not None:
        tags.insert(0, intake.video.metadata)
    tags.extend(stream.metadata for stream in container.streams.data)
    named = (item for tag in tags for item in tag.items())  # Matroska shouts: TIMECODE
    return next((value for name, value in named if name.lower() == "timecode" and value), None)
