"""Decoded sound of any form as 48 kHz stereo samples, and back to a frame."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av import AudioFrame, AudioResampler

from streamfx.live.media.encoding import SOUND_RATE
from streamfx.live.media.stretch import Samples

_SCALES = {"s16": 1 / 32_768, "flt": 1.0}


class Stereo:
    """Converts the sound of one stream. Its form may change on the way."""

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def convert(self, frame: AudioFrame) -> Samples:
        """Return ``(count, 2)``, which may be a few samples short right after a change of form."""
        kind = frame.format.name.removesuffix("p")
        if frame.sample_rate == SOUND_RATE and kind in _SCALES and len(frame.layout.channels) <= 2:
            return _spread(frame, _SCALES[kind])
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._form:
            self._form = form
            self._resampler = AudioResampler("flt", "stereo", SOUND_RATE)
        parts = [_spread(part, 1.0) for part in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else np.empty((0, 2), np.float32)


def _spread(frame: AudioFrame, scale: float) -> Samples:
    data = frame.to_ndarray()
    channels = len(frame.layout.channels)
    data = data.T if frame.format.is_planar else data.reshape(-1, channels)
    samples = data.astype(np.float32)
    if scale != 1:
        samples *= np.float32(scale)
    return np.repeat(samples, 2, axis=1) if channels == 1 else samples


def sound_frame(position: int, samples: Samples) -> AudioFrame:
    """Return ``(count, 2)`` samples as an s16 frame; its pts is ``position``, in samples."""
    codes = np.rint(np.clip(samples, -1, 1) * 32_767).astype(np.int16)
    frame = AudioFrame.from_ndarray(codes.reshape(1, -1), "s16", "stereo")
    frame.sample_rate = SOUND_RATE
    frame.pts, frame.time_base = position, Fraction(1, SOUND_RATE)
    return frame
