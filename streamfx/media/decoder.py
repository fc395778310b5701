"""Packets to pictures and sound, going on after damage."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import torch
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamfx.frame import AudioInfo, Sound
from streamfx.media.damage import DamageLog
from streamfx.media.packets import AnyPacket, end_of, start_of

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own VP8 and VP9 decoders leave the alpha of WebM out; these read it."""

UNDER_WAY = 512
"""Packets remembered until their pictures come, at the most."""


class VideoDecoder:
    """Decode the packets of one video stream; lose what is damaged, and record it."""

    def __init__(self, stream: VideoStream, damage: DamageLog) -> None:
        self._stream = stream
        self._damage = damage
        self.note = ""
        """What was chosen about the decoder; empty where nothing was to choose."""
        self._context = self._choose()
        assert stream.time_base is not None
        self._tick = stream.time_base
        self._under_way: dict[int, Fraction] = {}
        self._failed = False
        self._reached = Fraction(0)

    def _choose(self) -> VideoCodecContext:
        context = self._stream.codec_context
        wanted = ALPHA_DECODERS.get(context.name)
        tags = {name.lower(): value for name, value in self._stream.metadata.items()}
        if wanted and tags.get("alpha_mode") == "1":
            if wanted in av.codecs_available:
                twin = CodecContext.create(wanted, "r")
                assert isinstance(twin, VideoCodecContext)
                context = twin
                self.note = f"has alpha: decoded by {wanted}"
            else:
                self.note = f"its alpha is lost: this FFmpeg has no {wanted} decoder"
        context.thread_type = "AUTO"
        return context

    @property
    def hardware(self) -> bool:
        """Whether a hardware decoder was found for the stream."""
        return self._context.is_hwaccel

    def decode(self, packet: AnyPacket) -> list[VideoFrame]:
        """Return the frames that are ready once ``packet`` is known, in order of showing."""
        if packet.is_corrupt and packet.pts is not None:
            self._damage.add(start_of(packet), end_of(packet), "incomplete video")
        if packet.pts is not None:
            self._under_way[packet.pts] = end_of(packet)
            if len(self._under_way) > UNDER_WAY:
                self._under_way.pop(next(iter(self._under_way)))
        return self._decode(packet)

    def flush(self) -> list[VideoFrame]:
        """Return the frames that the decoder held back at the end of the stream."""
        frames = self._decode(None)
        self._account(None)
        return frames

    def reset(self) -> None:
        """Forget everything, for a new position in the stream."""
        self._context.flush_buffers()
        self._under_way.clear()
        self._failed = False

    def _decode(self, packet: AnyPacket | None) -> list[VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            # Every codec library words damage in its own way; none of them ends a run.
            self._failed = True
            return []
        for frame in frames:
            frame.time_base = self._tick
            if frame.pts is not None:
                self._account(frame.pts)
        return frames

    def _account(self, pts: int | None) -> None:
        """Record which pictures never came, now that the one of ``pts`` did (None: the last).

        Decoders work on several pictures at once and report a failure late, so it is not the packet
        at hand that is lost, but the ones whose time has passed. Without a failure a packet may
        well bring no picture: hidden reference frames do not.
        """
        passed = [at for at in self._under_way if pts is None or at < pts]
        spans = [(at * self._tick, self._under_way.pop(at)) for at in sorted(passed)]
        if pts is not None:
            self._reached = self._under_way.pop(pts, pts * self._tick)
        if self._failed:
            for start, end in spans or [(self._reached, self._reached)]:
                self._damage.add(start, end, "undecodable video")
            self._failed = False


class SoundDecoder:
    """Decode one audio stream to float samples whose instants are counted, not rounded.

    The decoder's pts count: but where one is off by less than half a frame from where the samples
    so far end, the samples do (containers with coarse ticks round every pts).
    """

    def __init__(self, stream: AudioStream, damage: DamageLog) -> None:
        self._stream = stream
        self._damage = damage
        self._context = stream.codec_context
        self._context.thread_type = "AUTO"
        self._next: Fraction | None = None
        self._resampler: AudioResampler | None = None
        self.info = AudioInfo(
            rate=stream.rate, channels=self._context.channels, layout=stream.layout.name
        )
        self.jumps = 0
        """How often the instants jumped: gaps and overlaps of the source."""

    def decode(self, packet: AnyPacket | None) -> list[Sound]:
        """Return the sound in a packet; None returns what the decoder held back."""
        try:
            frames = self._context.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            if packet is not None and (packet.pts is not None or packet.dts is not None):
                self._damage.add(start_of(packet), end_of(packet), "undecodable sound")
            return []
        return [sound for frame in frames for sound in self._sounds(frame)]

    def reset(self) -> None:
        """Forget everything, for a new position in the stream."""
        self._context.flush_buffers()
        self._next = None
        self._resampler = None

    def _sounds(self, frame: AudioFrame) -> list[Sound]:
        assert self._stream.time_base is not None
        pts = None if frame.pts is None else frame.pts * self._stream.time_base
        length = Fraction(frame.samples, frame.sample_rate)
        if self._next is None:
            self._next = pts if pts is not None else Fraction(0)
        elif pts is not None and abs(pts - self._next) > max(length / 2, self._stream.time_base):
            self._next = pts
            self.jumps += 1
        sounds = []
        for part in self._alike(frame):
            samples = to_samples(part)
            if samples.shape[1]:
                sounds.append(Sound(samples, self.info.rate, self._next))
                self._next = sounds[-1].end
        return sounds

    def _alike(self, frame: AudioFrame) -> list[AudioFrame]:
        """Return the frame at the stream's own rate and layout, should it have changed midway."""
        layout = frame.layout.name
        same = frame.sample_rate == self.info.rate and layout == self.info.layout
        if same and self._resampler is None:
            return [frame]
        if self._resampler is None:
            self._resampler = AudioResampler("fltp", self.info.layout, self.info.rate)
        return self._resampler.resample(frame)


def to_samples(frame: AudioFrame) -> torch.Tensor:
    """Return ``(channels, samples)`` float32 in [-1, 1] from a frame of any sample format."""
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, len(frame.layout.channels)).T
    if array.dtype == np.uint8:
        array = (array.astype(np.float32) - 128) / 128
    elif array.dtype.kind == "i":
        array = array.astype(np.float64) / float(1 << 8 * array.dtype.itemsize - 1)
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
