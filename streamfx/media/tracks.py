"""Everything beside the picture: sound, subtitles and attachments on their way into a file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from streamfx.frame import AudioInfo
from streamfx.media.containers import Container
from streamfx.media.damage import DamageLog
from streamfx.media.decoder import SoundDecoder
from streamfx.media.packets import AnyPacket, Copied
from streamfx.media.sound import SoundEncoder, SoundTrack, add_encoder
from streamfx.media.window import Window

log = logging.getLogger(__name__)

TEXT = ("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text")
"""Subtitle codecs that hold text, so that one can be made of another."""

_STALE = ("encoder", "duration", "vendor_id", "bps", "number_of_frames", "number_of_bytes")


def kept_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a stream that stay true in another file."""
    return {
        name: value
        for name, value in tags.items()
        if name.lower().split("-")[0] not in _STALE and not name.startswith("_STATISTICS")
    }


class Track(Protocol):
    """Where the packets of one source stream go."""

    def write(self, item: Copied) -> Iterator[AnyPacket]:
        """Yield packets for the file."""
        ...

    def flush(self) -> Iterator[AnyPacket]:
        """Yield what is still held."""
        ...


@dataclass(slots=True)
class Copy:
    """Packets go over as they are."""

    stream: Stream
    """The stream in the file."""
    window: Window
    """What is kept."""

    def write(self, item: Copied) -> Iterator[AnyPacket]:
        """Yield the packet itself, at the file's time."""
        self.window.shift(item.packet)
        item.packet.stream = self.stream
        yield item.packet

    def flush(self) -> Iterator[AnyPacket]:
        """Yield nothing: nothing is held."""
        return iter(())


@dataclass(slots=True)
class Transcode:
    """Sound is decoded and encoded again."""

    encoder: SoundEncoder
    """Where samples go."""
    window: Window
    """What is kept."""

    def write(self, item: Copied) -> Iterator[AnyPacket]:
        """Yield what the encoder gives out; a damaged packet is left out."""
        try:
            frames = item.packet.decode()
        except av.FFmpegError as exc:
            log.warning("a damaged audio packet at %.3f s is left out: %s", float(item.pts), exc)
            return
        for frame in frames:
            assert isinstance(frame, av.AudioFrame)
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(self.window.start / frame.time_base)
            yield from self.encoder.encode(frame)

    def flush(self) -> Iterator[AnyPacket]:
        """Yield what the encoder still holds."""
        yield from self.encoder.encode(None)


@dataclass(slots=True)
class Stretched:
    """Sound is decoded, stretched as the picture is, and encoded again."""

    decoder: SoundDecoder
    """What reads the source's packets."""
    damage: DamageLog
    """Told what could not be decoded."""
    track: SoundTrack
    """Where samples go."""

    def write(self, item: Copied) -> Iterator[AnyPacket]:
        """Yield what the encoder gives out; a damaged packet becomes silence."""
        for sound in self.decoder.decode(item.packet):
            yield from self.track.encode(sound)

    def flush(self) -> Iterator[AnyPacket]:
        """Yield what decoder and encoder still hold."""
        for sound in self.decoder.decode(None):
            yield from self.track.encode(sound)
        yield from self.track.flush()
        for lost in self.damage.ranges():
            log.warning("silence where sound was damaged: %s", lost)


@dataclass(slots=True)
class Caption:
    """Text subtitles are put into another form."""

    stream: SubtitleStream
    """The stream in the file."""
    decoder: SubtitleCodecContext
    """What reads the source's form."""
    window: Window
    """What is kept."""

    def write(self, item: Copied) -> Iterator[AnyPacket]:
        """Yield the same text in the other form."""
        subtitle = self.decoder.decode2(item.packet)
        if subtitle is None or not len(subtitle):
            return
        context = self.stream.codec_context
        assert isinstance(context, SubtitleCodecContext)
        packet = context.encode_subtitle(subtitle)
        tick = Fraction(1, 1000)
        packet.time_base, packet.stream = tick, self.stream
        packet.pts = packet.dts = round(self.window.at(item.pts) / tick)
        packet.duration = round((item.end - item.pts) / self.window.speed / tick)
        yield packet

    def flush(self) -> Iterator[AnyPacket]:
        """Yield nothing: nothing is held."""
        return iter(())


@dataclass(slots=True)
class Tracks:
    """All tracks of a file that come from the source."""

    file: OutputContainer
    """The file, its header not yet written."""
    container: Container
    """What the file can hold."""
    window: Window
    """Which part of the source's time goes into it."""
    notes: list[str]
    """Told what is not copied."""
    _tracks: dict[int, Track] = field(default_factory=dict)

    def add(self, source: Stream) -> None:
        """Add a track for a stream of the source, or say why there is none."""
        kind = "cover art" if source.type == "video" else source.type
        name = f"{kind} track {source.index} ({_codec_name(source)})"
        if _codec_name(source) == "tmcd":
            return  # the timecode goes over as a tag of the picture
        if isinstance(source, AudioStream) and not source.codec_context.sample_rate:
            self.notes.append(f"{name} is left out: nothing of it could be found in the source")
            return
        try:
            track = self._track(source, name)
        except (ValueError, av.FFmpegError) as exc:
            log.debug("%s: %s", name, exc)
            track = None
        if track is None:
            self.notes.append(f"{name} is left out: {self.container.name} does not take it")
            return
        self._tracks[source.index] = track

    def write(self, item: Copied) -> Iterator[AnyPacket]:
        """Yield the packets that a packet of the source becomes."""
        track = self._tracks.get(item.stream.index)
        if track is not None and self.window.holds(item):
            yield from track.write(item)

    def flush(self) -> Iterator[AnyPacket]:
        """Yield what tracks still hold."""
        for track in self._tracks.values():
            yield from track.flush()

    def _track(self, source: Stream, name: str) -> Track | None:
        if source.type == "attachment":
            if self.container.attachments:
                described(self.file.add_stream_from_template(source), source)
                return Copy(source, self.window)
            return None
        if source.type == "audio" and self.window.speed != 1 and self.container.audio:
            self.notes.append(
                f"{name} is stretched at its pitch and encoded as {self.container.audio}"
            )
            return self._stretched(source)
        if self._copies(source):
            stream = self.file.add_stream_from_template(source, opaque=True)
            stream.time_base = source.time_base
            return Copy(described(stream, source), self.window)
        if source.type == "audio" and self.container.audio:
            self.notes.append(f"{name} is encoded again as {self.container.audio}")
            return self._transcode(source)
        if source.type == "subtitle" and _codec_name(source) in TEXT and self.container.subtitles:
            self.notes.append(f"{name} is rewritten as {self.container.subtitles}")
            return self._caption(source)
        return None

    def _copies(self, source: Stream) -> bool:
        codec = _codec_name(source)
        if source.type == "audio":
            allowed = self.container.copies
            if codec in self.container.refuses or not self.container.audio:
                return False
            if allowed is not None and codec not in allowed:
                return False
        elif source.type == "subtitle":
            if not self.container.subtitles:
                return False
        else:  # data and cover art: their packets do not come
            return False
        return codec in self.file.supported_codecs or codec in (self.container.copies or ())

    def _transcode(self, source: Stream) -> Track:
        encoder, _ = self._encoder(source)
        return Transcode(encoder, self.window)

    def _stretched(self, source: Stream) -> Track:
        assert isinstance(source, AudioStream)
        encoder, audio = self._encoder(source)
        track = SoundTrack(encoder, audio, *self.window.source, self.window.speed)
        damage = DamageLog()
        return Stretched(SoundDecoder(source, damage), damage, track)

    def _encoder(self, source: Stream) -> tuple[SoundEncoder, AudioInfo]:
        assert isinstance(source, AudioStream)
        context = source.codec_context
        audio = AudioInfo(context.sample_rate, context.channels, context.layout.name)
        stream = add_encoder(self.file, self.container.audio, audio, self.container.rate)
        described(stream, source)
        return SoundEncoder(stream, self.container.constant), audio

    def _caption(self, source: Stream) -> Track:
        decoder = source.codec_context
        assert isinstance(decoder, SubtitleCodecContext)
        decoder.open(strict=False)
        stream = self.file.add_stream(self.container.subtitles)
        assert isinstance(stream, SubtitleStream)
        encoder = stream.codec_context
        assert isinstance(encoder, SubtitleCodecContext)
        encoder.subtitle_header = decoder.subtitle_header
        encoder.time_base = Fraction(1, 1000)
        stream.time_base = Fraction(1, 1000)
        described(stream, source)
        return Caption(stream, decoder, self.window)


def described(stream: Stream, source: Stream) -> Stream:
    """Give a stream the tags and the disposition of another, and return it."""
    stream.metadata.update(kept_tags(source.metadata))
    stream.disposition = source.disposition
    return stream


def _codec_name(source: Stream) -> str:
    if source.codec_context is None:
        return source.name or source.type
    return source.codec_context.codec.canonical_name
