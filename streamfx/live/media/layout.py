"""Samples laid out by the instants they belong to, so that neither drift nor loss adds up."""

from __future__ import annotations

import numpy as np
from av import AudioFrame

from streamfx.live.media.encoding import SOUND_RATE
from streamfx.live.media.reel import Reel
from streamfx.live.media.stereo import Stereo
from streamfx.live.media.stretch import REACH, Samples, stretch

HOLE = 0.01
"""Seconds that an instant must leave open before it to be a hole: a lost packet leaves 20 ms."""
ASTRAY = 0.1
"""Seconds by which sound may be off its instants before it jumps there instead of creeping."""

_RATE = 0.0045  # share by which sound is stretched at the most: 8 cents
_OFF = 0.006  # seconds off at which stretching begins,
_ON = 0.001  # and at which it ends
_SMOOTH = 1.0  # seconds over which the error is smoothed: instants jitter
_MEND = 4.0  # seconds in which an error is made good
_PROOF = 0.2  # seconds for which sound must be astray before it jumps


class Layout:
    """Lays samples out by their instants, so that neither drift nor loss adds up."""

    def __init__(self) -> None:
        self.reel = Reel()
        self.jumps = 0
        """How often sound jumped to its instants."""
        self.off = 0.0
        """Samples by which sound lies before its instants, smoothed."""
        self._begun = False
        self.restart()

    def restart(self) -> None:
        """Expect another sender."""
        self._stereo = Stereo()
        self._rest = np.empty((0, 2), np.float32)
        self._before = np.zeros((REACH, 2), np.float32)
        self._expected: int | None = None
        self._end = 0
        self._creeping = False
        self._budget = 0.0
        self._astray = 0.0

    def put(self, frame: AudioFrame, place: int) -> tuple[int, int]:
        """Lay out a frame whose first sample belongs at ``place``; return from where to where.

        :data:`REACH` samples are kept back, for what comes next to join on to.
        """
        samples = self._stereo.convert(frame)
        if not self._begun:
            self._begun = True
            self.reel.begin(place)
        joined = True
        if self._expected is None or self._is_hole(place, place - self._expected):
            joined = self._jump(place)
        elif self._is_astray(place - self._end - len(self._rest), len(samples)):
            joined = self._jump(place)
            self.jumps += 1
        self._expected = place + len(samples)
        return self._lay(samples, joined=joined)

    def _jump(self, place: int) -> bool:
        """Go on where the samples belong; return that they do not join on to what was there."""
        self._flush()
        self._end, self.off, self._creeping, self._astray = place, 0.0, False, 0.0
        return False

    def _is_hole(self, place: int, gap: int) -> bool:
        """Tell a loss from instants that jitter (seen once) or that drift (seen slowly)."""
        beyond = place - self._end - len(self._rest) - self.off
        return min(gap, beyond) > HOLE * SOUND_RATE

    def _is_astray(self, off: int, count: int) -> bool:
        """Take by how much samples are off; tell whether it is far, and has been for long."""
        seconds = count / SOUND_RATE
        self.off += (off - self.off) * min(1.0, seconds / _SMOOTH)
        self._astray = self._astray + seconds if abs(off) > ASTRAY * SOUND_RATE else 0.0
        return self._astray > _PROOF

    def _lay(self, samples: Samples, *, joined: bool) -> tuple[int, int]:
        ready = np.concatenate([self._rest, samples])
        size = max(len(ready) - REACH, 0)
        run, self._rest = ready[:size], ready[size:]
        begin = self._end
        if size:
            wanted = size + self._correction(size)
            laid = stretch(run, self._before, self._rest, wanted)
            self.reel.put(begin, laid, joined=joined)
            self._before = np.concatenate([self._before, run])[-REACH:]
            self._end += wanted
        return begin, self._end

    def _correction(self, count: int) -> int:
        """Return by how many samples a run of ``count`` is made longer."""
        far = abs(self.off) / SOUND_RATE
        self._creeping = far > (_ON if self._creeping else _OFF)
        self._budget = min(self._budget + count * _RATE, 2 * count * _RATE + 1)
        if not self._creeping:
            return 0
        wanted = max(1, round(abs(self.off) * count / SOUND_RATE / _MEND))
        change = min(wanted, int(self._budget))
        self._budget -= change
        return change if self.off > 0 else -change

    def _flush(self) -> None:
        """Lay out what was kept back: nothing joins on to it."""
        if len(self._rest):
            self.reel.put(self._end, self._rest, joined=True)
            self._end += len(self._rest)
        self._rest = np.empty((0, 2), np.float32)
        self._before = np.zeros((REACH, 2), np.float32)
