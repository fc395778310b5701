"""Sound to packets: encoders for what the graph made and for tracks that cannot be copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from av import AudioFrame, AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import Codec
from av.container import OutputContainer
from numpy.typing import NDArray

from streamfx.frame import AudioInfo, Sound
from streamfx.media.packets import AnyPacket
from streamfx.media.tempo import Tempo

_LAYOUTS = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
_BITS_A_CHANNEL = {"aac": 96_000, "libopus": 80_000}


def layout_name(channels: int, name: str = "") -> str:
    """Return a channel layout that encoders know, for a count of channels."""
    if name and not name.endswith("(side)") and "channels" not in name:
        return name
    return _LAYOUTS[channels - 1] if 1 <= channels <= len(_LAYOUTS) else f"{channels}C"


def rate_for(encoder: str, rate: int) -> int:
    """Return the sample rate an encoder takes that is nearest to ``rate`` from above, if any."""
    known = Codec(encoder, "w").audio_rates
    if not known or rate in known:
        return rate
    higher = [each for each in known if each >= rate]
    return min(higher) if higher else max(known)


def add_encoder(
    file: OutputContainer, encoder: str, audio: AudioInfo, rate: int | None = None
) -> AudioStream:
    """Add an encoded audio stream to a file, at ``rate`` where the container takes no other.

    Raises av.FFmpegError where the encoder does not take the layout or the rate.
    """
    rate = rate or rate_for(encoder, audio.rate)
    stream = file.add_stream(encoder, rate=rate)
    assert isinstance(stream, AudioStream)
    stream.codec_context.layout = layout_name(audio.channels, audio.layout)
    stream.codec_context.time_base = Fraction(1, rate)
    stream.time_base = Fraction(1, rate)
    if encoder in _BITS_A_CHANNEL:
        stream.codec_context.bit_rate = _BITS_A_CHANNEL[encoder] * audio.channels
    stream.codec_context.open(strict=False)
    return stream


@dataclass(slots=True)
class SoundEncoder:
    """Encodes samples in pieces of the encoder's own size."""

    stream: AudioStream
    """The stream to encode into, its encoder open."""
    timeless: bool = False
    """Whether the container keeps no times: what comes late gets silence before it."""
    _resampler: AudioResampler | None = None

    def encode(self, frame: AudioFrame | None) -> Iterator[AnyPacket]:
        """Yield what comes out for some more samples; None: for the last ones."""
        context = self.stream.codec_context
        if self._resampler is None and frame is not None and self.timeless:
            frame = _from_zero(frame)
        if self._resampler is None:
            self._resampler = AudioResampler(
                format=context.format,
                layout=context.layout,
                rate=context.sample_rate,
                frame_size=context.frame_size or None,
            )
            if frame is None:
                return
        for piece in self._resampler.resample(frame):
            yield from self.stream.encode(piece)
        if frame is None:
            yield from self.stream.encode(None)


@dataclass(slots=True)
class SoundTrack:
    """The track of the sound that the graph makes."""

    encoder: SoundEncoder
    """Where samples go."""
    audio: AudioInfo
    """What the samples are."""
    start: Fraction = Fraction(0)
    """Seconds that become 0."""
    end: Fraction | None = None
    """Seconds at which the sound stops at the latest."""
    speed: Fraction = Fraction(1)
    """Seconds of it that pass in one second of the file: it is stretched at its own pitch."""
    _next: int | None = None
    _tempo: Tempo | None = None
    _written: int = 0

    def encode(self, sound: Sound) -> Iterator[AnyPacket]:
        """Yield packets for some more sound; a gap becomes silence, an overlap is left out."""
        first, last = max(sound.pts, self.start), sound.end
        if self.end is not None:
            last = min(last, self.end)
        if last <= first:
            return
        at = round((first - self.start) * sound.rate)
        if self._next is not None and at != self._next:
            at, first = self._next, self.start + Fraction(self._next, sound.rate)
        samples = sound.cut(first, last).samples
        if not samples.shape[1]:
            return
        self._next = at + samples.shape[1]
        if self.speed == 1:
            yield from self.encoder.encode(_frame(samples, sound.rate, at, self.audio))
            return
        if self._tempo is None:
            self._tempo = Tempo(samples.shape[0], sound.rate, self.speed)
            self._written = round(at / self.speed)
        yield from self._stretched(self._tempo.feed(_array(samples)))

    def flush(self) -> Iterator[AnyPacket]:
        """Yield what is still held."""
        if self._tempo is not None:
            yield from self._stretched(self._tempo.flush())
        yield from self.encoder.encode(None)

    def _stretched(self, pieces: Iterable[NDArray[np.float32]]) -> Iterator[AnyPacket]:
        for piece in pieces:
            samples = torch.from_numpy(piece)
            yield from self.encoder.encode(
                _frame(samples, self.audio.rate, self._written, self.audio)
            )
            self._written += piece.shape[1]


def _from_zero(frame: AudioFrame) -> AudioFrame:
    """Return the samples of a frame with silence from 0 to where they start."""
    lead = round((frame.pts or 0) * (frame.time_base or Fraction(0)) * frame.sample_rate)
    if lead == 0:
        return frame
    array: NDArray[Any] = frame.to_ndarray()
    planar = frame.format.is_planar
    count = lead if planar else lead * len(frame.layout.channels)
    if lead > 0:
        array = np.pad(array, ((0, 0), (count, 0)))
    else:
        array = array[:, min(-count, array.shape[1] - 1) :]
    whole = AudioFrame.from_ndarray(
        np.ascontiguousarray(array), format=frame.format.name, layout=frame.layout.name
    )
    whole.sample_rate, whole.pts, whole.time_base = frame.sample_rate, 0, frame.time_base
    return whole


def _array(samples: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = samples.detach().to("cpu", torch.float32).contiguous().numpy()
    return array


def _frame(samples: torch.Tensor, rate: int, at: int, audio: AudioInfo) -> AudioFrame:
    array = _array(samples)
    layout = layout_name(array.shape[0], audio.layout)
    frame = AudioFrame.from_ndarray(array, format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame
