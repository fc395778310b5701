"""An opened source with its streams chosen and its first picture decoded; where a reader starts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from av.audio.stream import AudioStream
from av.codec.hwaccel import HWAccel
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfx.errors import MediaError, SourceError
from streamfx.media import hardware, streams
from streamfx.media.damage import DamageLog
from streamfx.media.decoder import SoundDecoder, VideoDecoder
from streamfx.media.opening import Opened, open_source
from streamfx.media.packets import AnyPacket, Packets

LOOK_PACKETS = 60
"""Video packets of a local file looked at before the first frame, for the rate."""

LOOK_BYTES = 8 << 20
"""Bytes of them, at the most."""

PATIENCE = 1000
"""Video packets without a picture after which a source counts as undecodable."""

Item = tuple[AnyPacket, list[VideoFrame] | None]
"""A packet, and the frames that came of it where it has been decoded already."""


class Intake:
    """Open a source, choose its streams, and decode just as far as the first picture.

    What was read on the way is kept and comes again from :meth:`items`. Raises
    :exc:`SourceError` when the source cannot be used.
    """

    def __init__(
        self,
        source: str,
        *,
        video: bool = True,
        audio: bool = False,
        fps: Fraction | None = None,
        hwaccel: bool = False,
    ) -> None:
        self.notes: list[str] = []
        self.damage = DamageLog()
        accel, note = hardware.find() if hwaccel and video else (None, "")
        self._note(note)
        self._open(source, video, audio, fps, accel)
        try:
            self._start()
            if accel is not None and self._unfit_for_hardware():
                self._reopen(source, video, audio, fps)
        except BaseException:
            self.close()
            raise

    def _open(
        self, source: str, video: bool, audio: bool, fps: Fraction | None, accel: HWAccel | None
    ) -> None:
        self.opened: Opened = open_source(source, fps=fps, hwaccel=accel)
        container = self.opened.container
        name = self.opened.name
        self._items: deque[Item] = deque()
        self.first: VideoFrame | None = None
        self._seen: list[int] = []
        self._decoded_to = 0
        try:
            self.video: VideoStream | None = None
            if video:
                self.video = streams.choose_video(container, name)
            self.audio: AudioStream | None = None
            if audio:
                self.audio = streams.choose_audio(container, self.video)
            if not video and self.audio is None:
                raise SourceError(f"{name}: has no audio stream that can be decoded")
            self.pictures = VideoDecoder(self.video, self.damage) if self.video else None
            self.sounds = SoundDecoder(self.audio, self.damage) if self.audio else None
        except BaseException:
            container.close()
            raise
        self.packets = Packets(container, self.damage, name)

    def _start(self) -> None:
        if self.video is None:
            return
        if self.opened.path is not None or self.opened.images is not None:
            self._look_around()
        for packet, _ in self._items:
            self._refuse_encrypted(packet)
        self.first = self.first_picture()
        if self.first is None:
            raise SourceError(f"{self.opened.name}: {self._why_no_picture()}")

    def _look_around(self) -> None:
        size = 0
        while len(self._seen) < LOOK_PACKETS and size < LOOK_BYTES:
            packet = self.packets.read()
            if packet is None:
                return
            self._keep(packet)
            size += packet.size

    def _keep(self, packet: AnyPacket) -> None:
        self._items.append((packet, None))
        if packet.stream is self.video and packet.pts is not None:
            self._seen.append(packet.pts)
            self._decoded_to = packet.dts if packet.dts is not None else packet.pts

    @property
    def seen(self) -> list[int]:
        """The pts of the first packets, in ticks, as far as none between them can be missing."""
        return sorted(pts for pts in self._seen if pts <= self._decoded_to)

    def first_picture(self) -> VideoFrame | None:
        """Decode ahead until a picture is there, and return it; None where none comes.

        It comes again, with all packets read on the way, from :meth:`items`.
        """
        assert self.pictures is not None
        at = tried = 0
        while tried < PATIENCE:
            if at == len(self._items):
                packet = self.packets.read()
                if packet is None:
                    return self._last_hope()
                self._keep(packet)
            packet, _ = self._items[at]
            if packet.stream is self.video:
                self._refuse_encrypted(packet)
                frames = self.pictures.decode(packet)
                self._items[at] = (packet, frames)
                tried += 1
                if frames:
                    return frames[0]
            at += 1
        return None

    def _last_hope(self) -> VideoFrame | None:
        """Return a picture that the decoder held back until the end of the source."""
        assert self.pictures is not None
        frames = self.pictures.flush()
        at = next((i for i in reversed(range(len(self._items))) if self._items[i][1] == []), None)
        if not frames or at is None:
            return None
        self._items[at] = (self._items[at][0], frames)
        return frames[0]

    def items(self) -> Iterator[Item]:
        """Yield every packet in order, those looked at before first."""
        while True:
            if self._items:
                yield self._items.popleft()
            elif (packet := self.packets.read()) is not None:
                yield packet, None
            else:
                return

    def seek(self, instant: Fraction) -> VideoFrame | None:
        """Go to the keyframe at or before ``instant``; return the first picture from there.

        None: the container cannot seek there. Pictures shown before the keyframe but sent after it
        lack what they refer to and are dropped (open groups of pictures).
        """
        assert self.video is not None and self.pictures is not None
        if not self.packets.seek(self.video, instant):
            return None
        self._items.clear()
        self.pictures.reset()
        if self.sounds is not None:
            self.sounds.reset()
        if self.first_picture() is None:
            return None
        key = next(
            (p.pts for p, _ in self._items if p.stream is self.video and p.is_keyframe), None
        )
        for at, (packet, frames) in enumerate(self._items):
            if frames and key is not None:
                whole = [frame for frame in frames if frame.pts is None or frame.pts >= key]
                self._items[at] = (packet, whole)
                if whole:
                    return whole[0]
        return self.first_picture()

    def rewind(self) -> None:
        """Go back to the start, for a source that cannot be entered later. Raises MediaError."""
        assert self.video is not None
        earliest = self.opened.container.start_time
        first = Fraction(min(earliest or 0, 0), 1_000_000)
        if self.seek(first) is None:
            raise MediaError(f"{self.opened.name}: cannot go back to its start")

    def _refuse_encrypted(self, packet: AnyPacket) -> None:
        if packet.stream is self.video and packet.has_sidedata("encryption_info"):
            raise SourceError(f"{self.opened.name}: its video is encrypted (Common Encryption)")

    def _why_no_picture(self) -> str:
        assert self.video is not None
        codec = self.video.codec_context.name
        if self.opened.missing:
            return (
                f"no picture could be decoded: the file is truncated"
                f" ({self.opened.missing} bytes are missing)"
            )
        if self.packets.reached is None:
            return f"its {codec} video stream is empty"
        return f"no picture could be decoded from its {codec} video: damaged or encrypted"

    def _unfit_for_hardware(self) -> bool:
        assert self.first is not None
        if not hardware.on_device(self.first):
            self._note("hardware decoding does not know this stream: decoded on the CPU")
            return False
        if self.first.interlaced_frame:
            self._note("interlaced: decoded on the CPU, where it can be deinterlaced")
            return self.opened.path is not None
        self._note("decoded on the GPU (NVDEC)")
        return False

    def _reopen(self, source: str, video: bool, audio: bool, fps: Fraction | None) -> None:
        self.close()
        self.damage = DamageLog()
        self._open(source, video, audio, fps, None)
        self._start()

    def _note(self, note: str) -> None:
        if note:
            self.notes.append(note)

    def other_streams(self) -> tuple[Stream, ...]:
        """Return every stream that can be copied: sound, subtitles and data."""
        kinds = ("audio", "subtitle", "data")
        return tuple(s for s in self.opened.container.streams if s.type in kinds)

    def close(self) -> None:
        """Close the container. Safe to call twice."""
        self._items.clear()
        self.opened.container.close()
