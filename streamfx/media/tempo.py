"""Sound made slower or faster at its own pitch, so that it stays beside a picture that is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

WINDOW = Fraction(1, 16)
"""Seconds that are looked at together, at least: enough to tell the harmonics of a low voice."""

OVERLAP = 4
"""How many windows lie over each instant of what comes out."""

_SILENT = np.float32(1e-9)
"""What counts as nothing: a product of spectra without a phase, a sum of windows without weight."""

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


class Tempo:
    """Stretch samples by a phase vocoder: as long as the picture, as high as before.

    Each window of the output is centred exactly where the source is at that instant, so picture
    and sound cannot drift apart. The phase of a partial goes on from the window before by what it
    advances in the source over the same time, which needs no unwrapping; the bins around a peak of
    the spectrum turn with it, and all channels turn alike (Laroche and Dolson, "Improved phase
    vocoder time-scale modification of audio", 1999). At a speed of 1 the samples come out as they
    went in. Memory does not grow with the length.
    """

    def __init__(self, channels: int, rate: int, speed: Fraction) -> None:
        self._speed = speed
        self._size = 1 << (int(rate * WINDOW) - 1).bit_length()
        self._hop = self._size // OVERLAP
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        lead = self._size // 2 + self._hop
        self._source = np.zeros((channels, lead), np.float32)
        self._first = -lead
        """Position in the source of the first sample that is kept."""
        self._heard = 0
        """Samples that have come in."""
        self._at = 0
        """Windows that have been laid down."""
        self._told = 0
        """Samples that have gone out."""
        self._whole: int | None = None
        """How many will have gone out at the end, once that has come."""
        self._sum = np.zeros((channels, self._size), np.float32)
        self._weight = np.zeros(self._size, np.float32)
        self._last: Spectrum = np.zeros((channels, self._size // 2 + 1), np.complex64)

    def feed(self, samples: Samples) -> Iterator[Samples]:
        """Yield what is ready once ``(channels, samples)`` more have come."""
        self._source = np.concatenate([self._source, samples], axis=1)
        self._heard += samples.shape[1]
        while self._centre() + self._size // 2 <= self._heard:
            yield from self._step()

    def flush(self) -> Iterator[Samples]:
        """Yield the rest: what came out is then as long as what came in, over the speed."""
        self._whole = round(self._heard / self._speed)
        while self._told < self._whole:
            missing = self._centre() + self._size // 2 - self._first - self._source.shape[1]
            if missing > 0:
                self._source = np.pad(self._source, ((0, 0), (0, missing + self._size)))
            yield from self._step()

    def _centre(self) -> int:
        """Return the position in the source that the next window is centred on."""
        return round(self._at * self._hop * self._speed)

    def _step(self) -> Iterator[Samples]:
        """Lay down one window; yield the samples that no later one changes."""
        centre = self._centre()
        self._lay(self._turned(self._spectrum(centre), self._spectrum(centre - self._hop)))
        begin = self._at * self._hop - self._size // 2
        ready = self._sum[:, : self._hop] / np.maximum(self._weight[: self._hop], _SILENT)
        for ring in (self._sum, self._weight):
            ring[..., : -self._hop] = ring[..., self._hop :]
            ring[..., -self._hop :] = 0
        self._at += 1
        self._forget()
        ready = ready[:, max(-begin, 0) :]
        if self._whole is not None:
            ready = ready[:, : self._whole - self._told]
        self._told += ready.shape[1]
        if ready.shape[1]:
            yield ready.astype(np.float32, copy=False)

    def _spectrum(self, centre: int) -> Spectrum:
        """Return ``(channels, bins)`` of what lies around a position."""
        begin = centre - self._size // 2 - self._first
        seen = self._source[:, begin : begin + self._size] * self._window
        return np.fft.rfft(seen, axis=1).astype(np.complex64)

    def _turned(self, now: Spectrum, before: Spectrum) -> Spectrum:
        """Return ``now`` with phases that go on from the last window.

        ``before`` is the same of the source one hop earlier.
        """
        advance = (self._last * before.conj()).sum(0)
        length = np.abs(advance)
        turn = np.where(length > _SILENT, advance / np.maximum(length, _SILENT), 1)
        peaks = _peaks((now.real**2 + now.imag**2).sum(0))
        borders = np.zeros(len(peaks) + 1, np.intp)
        borders[1:-1] = (peaks[1:] + peaks[:-1] + 1) // 2
        borders[-1] = len(turn)
        counts = borders[1:] - borders[:-1]
        self._last = now * np.repeat(turn[peaks], counts)
        return self._last

    def _lay(self, spectrum: Spectrum) -> None:
        self._sum += np.fft.irfft(spectrum, self._size, axis=1) * self._window
        self._weight += self._window**2

    def _forget(self) -> None:
        """Let go of what no later window looks at."""
        first = self._centre() - self._size // 2 - self._hop
        gone = max(min(first - self._first, self._source.shape[1]), 0)
        self._source, self._first = self._source[:, gone:], self._first + gone


def _peaks(power: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the bins that rise above two on either side; one where there are none."""
    inner = power[2:-2]
    above = (inner > power[:-4]) & (inner > power[1:-3])
    above &= (inner >= power[3:-1]) & (inner >= power[4:])
    peaks = np.flatnonzero(above) + 2
    return peaks if len(peaks) else np.zeros(1, np.intp)
