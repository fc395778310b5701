"""Runs of samples laid out on a timeline: taken off in order, holes are silence, seams fade."""

from __future__ import annotations

from collections import deque

import numpy as np

from streamfx.live.media.stretch import Samples

FADE = 240
"""Samples over which sound comes in after a hole or a jump: 5 ms at 48 kHz."""

_DYING = np.float32(0.986)  # a sample for the next one, where sound breaks off: gone in 5 ms


class Reel:
    """A queue of stereo samples, each with its place. Positions are in samples."""

    def __init__(self) -> None:
        self._runs: deque[tuple[int, Samples, bool]] = deque()
        self._last = np.zeros(2, np.float32)
        self._fading = FADE
        self.position = 0
        """The first sample that was not taken yet."""
        self.end = 0
        """The first position after all samples."""
        self.missed = 0
        """Samples that came after their place had been taken."""
        self.empty = 0
        """Samples of silence given out for want of sound."""

    def begin(self, position: int) -> None:
        """Drop all samples, and go on at ``position``."""
        self._runs.clear()
        self.position = self.end = position
        self._fading = FADE

    def put(self, position: int, samples: Samples, *, joined: bool) -> None:
        """Add a run at its place, after all others; without ``joined`` it fades in.

        What lies before the end of the others, or was taken as silence, is left out.
        """
        late = max(self.position, self.end) - position
        if late > 0:
            self.missed += min(late, len(samples))
            position, samples, joined = position + late, samples[late:], False
        if len(samples):
            self._runs.append((position, samples, joined and position == self.end))
            self.end = position + len(samples)

    def skip(self, count: int) -> None:
        """Drop the next ``count`` samples; what follows them fades in."""
        self.position += count
        self.end = max(self.end, self.position)
        while self._runs and self._runs[0][0] < self.position:
            start, samples, _ = self._runs.popleft()
            rest = samples[self.position - start :]
            self.missed += len(samples) - len(rest)
            if len(rest):
                self._runs.appendleft((self.position, rest, False))
        self._fading = FADE

    def take(self, count: int) -> Samples:
        """Return the next ``count`` samples."""
        out = np.empty((count, 2), np.float32)
        done = 0
        while done < count:
            here = self.position + done
            if not self._runs or self._runs[0][0] >= self.position + count:
                done = self._die(out, done, count)
                continue
            start, samples, joined = self._runs[0]
            if start > here:
                done = self._die(out, done, start - self.position)
                continue
            self._runs.popleft()
            size = min(len(samples), count - done)
            if not joined:
                self._fading = FADE
            self._sound(out[done : done + size], samples[:size])
            done += size
            if size < len(samples):
                self._runs.appendleft((here + size, samples[size:], True))
        self.position += count
        self.end = max(self.end, self.position)
        return out

    def _die(self, out: Samples, start: int, stop: int) -> int:
        """Write silence, into which the last sound dies away."""
        out[start:stop] = _tail(self._last, stop - start)
        self._last = out[stop - 1].copy()
        self._fading = FADE
        self.empty += stop - start
        return stop

    def _sound(self, out: Samples, samples: Samples) -> None:
        """Write sound; after a hole or a jump it comes in while what was there dies away."""
        out[:] = samples
        fading = min(self._fading, len(samples))
        if fading:
            share = (np.arange(fading, dtype=np.float32) + (FADE - self._fading + 1)) / FADE
            share = share[:, None]
            out[:fading] = samples[:fading] * share + _tail(self._last, fading) * (1 - share)
            self._fading -= fading
        self._last = out[-1].copy()


def _tail(last: Samples, count: int) -> Samples:
    tail = last * _DYING ** np.arange(1, count + 1, dtype=np.float32)[:, None]
    return tail.astype(np.float32)
