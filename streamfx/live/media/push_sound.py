"""Opus made AAC for services that want it, without gaps: silence where nothing comes."""

from __future__ import annotations

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from numpy.typing import NDArray

from streamfx.media.packets import AnyPacket

RATE = 48_000
"""Samples per second, in and out."""

BLOCK = 1024
"""Samples of one packet of AAC."""

LOOSE = RATE // 30
"""Samples by which sound may be off before silence is put in or sound is left out."""

BEHIND = 0.5
"""Seconds that sound may stay behind the pictures before silence takes its place."""


class Aac:
    """Encode Opus packets to the AAC of ``stream``; times count from the first picture's."""

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        self._resampler = AudioResampler("fltp", "stereo", RATE)
        decoder = CodecContext.create("opus", "r")
        assert isinstance(decoder, AudioCodecContext)
        decoder.sample_rate, decoder.layout = RATE, "stereo"
        self._decoder = decoder
        self._waiting: NDArray[np.float32] = np.zeros((2, 0), np.float32)
        self._written = 0

    def push(self, packet: AnyPacket, seconds: float) -> list[AnyPacket]:
        """Return what is ready once the Opus ``packet``, heard at ``seconds``, is known."""
        try:
            decoded = self._decoder.decode(packet)
        except av.error.FFmpegError:
            return []  # A gap: the next packet puts silence in its place.
        frames = [part for frame in decoded for part in self._resampler.resample(frame)]
        if not frames:
            return []
        samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        off = round(seconds * RATE) - self._reach
        if off > LOOSE:
            self._append(np.zeros((2, off), np.float32))
        elif off < -LOOSE:
            samples = samples[:, -off:]
        self._append(samples)
        return self._encode()

    def keep_up(self, seconds: float) -> list[AnyPacket]:
        """Return silence where the sound stays behind pictures that are at ``seconds``."""
        missing = round((seconds - BEHIND) * RATE) - self._reach
        if missing < BLOCK:
            return []
        self._append(np.zeros((2, missing), np.float32))
        return self._encode()

    @property
    def _reach(self) -> int:
        """How many samples there are so far, encoded or waiting."""
        return self._written + int(self._waiting.shape[1])

    def _append(self, samples: NDArray[np.float32]) -> None:
        self._waiting = np.concatenate([self._waiting, samples], axis=1)

    def _encode(self) -> list[AnyPacket]:
        packets: list[AnyPacket] = []
        while self._waiting.shape[1] >= BLOCK:
            block = np.ascontiguousarray(self._waiting[:, :BLOCK])
            self._waiting = self._waiting[:, BLOCK:]
            frame = AudioFrame.from_ndarray(block, "fltp", "stereo")
            frame.sample_rate, frame.pts = RATE, self._written
            self._written += BLOCK
            packets += self._stream.encode(frame)
        return packets
