"""Incoming sound held until the picture of the same instant has been shown, and kept on its clock.

What comes in is counted in the sender's samples, the instants in its wall clock; the two drift
apart. The line lays the samples out by the instants, 48 kHz stereo, and gives them out in steps of
20 ms.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fractions import Fraction

from av import AudioFrame

from streamfx.live.media.encoding import SOUND_RATE, SOUND_STEP
from streamfx.live.media.layout import Layout
from streamfx.live.media.stereo import sound_frame
from streamfx.timing import Clock, WallClock

MOST = 3.0
"""Seconds of sound that are held at the most; what is older is dropped."""

_GRACE = 0.06  # seconds beyond its time that late sound is waited for
_CREEP = 0.05  # seconds a second by which the hold follows the picture's delay
_FORGET = 0.01  # seconds a second by which it is forgotten that sound came late
_LATEST = 1.5  # seconds by which the sound's own lateness may exceed the picture's delay
_LOST = 1.0  # seconds off at which there is nothing to follow any more
_SHARE = 1 / 30  # of a picture's own delay in the smoothed one

_STEP = SOUND_STEP / SOUND_RATE


@dataclass(frozen=True, slots=True)
class SoundStats:
    """What became of the sound so far."""

    held: float
    """Seconds from a sample's instant to the reading of the clock at which it goes out, now."""
    off: float
    """Seconds by which samples lie before their instants, smoothed; negative: after."""
    silence: float
    """Seconds of silence given out for want of sound."""
    missed: float
    """Seconds of sound that came too late, or were too many."""
    jumps: int
    """How often sound jumped to its instants."""


class SoundLine:
    """Lines sound up with pictures. Every method is for any thread.

    Instants are seconds on the clock that pictures and sound of the sender share; ``clock`` is the
    one by which they go out. It may start elsewhere, and run a little faster or slower.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self._lock = threading.Lock()
        self._layout = Layout()
        self._reel = self._layout.reel
        self._delay: float | None = None
        self._late: float | None = None
        self._hold = 0.0
        self._at = 0.0

    @property
    def stats(self) -> SoundStats:
        """What became of the sound so far."""
        with self._lock:
            reel = self._reel
            return SoundStats(
                held=self._hold,
                off=self._layout.off / SOUND_RATE,
                silence=reel.empty / SOUND_RATE,
                missed=reel.missed / SOUND_RATE,
                jumps=self._layout.jumps,
            )

    def put(self, frame: AudioFrame, instant: Fraction) -> None:
        """Take samples of any form, the first of which belongs to ``instant``."""
        with self._lock:
            now = self._clock.now()
            begin, end = self._layout.put(frame, round(instant * SOUND_RATE))
            if end <= begin:
                return
            if self._late is None:
                self._at, self._late = now, now - begin / SOUND_RATE
                self._hold = self._late if self._delay is None else max(self._late, self._delay)
            if self._reel.position - end > MOST * SOUND_RATE:  # the sender's clock began anew
                self._reel.begin(end)
            self._note_lateness(begin, end, now)
            over = end - self._reel.position - round(MOST * SOUND_RATE)
            if over > 0:
                self._reel.skip(over)

    def picture_shown(self, instant: Fraction) -> None:
        """Note that a picture of this instant has gone out just now."""
        with self._lock:
            delay = self._clock.now() - float(instant)
            if self._delay is not None and abs(delay - self._delay) < _LOST:
                delay = self._delay + (delay - self._delay) * _SHARE
            self._delay = delay

    def set_delay(self, seconds: float) -> None:
        """Let sound go out when the clock reads its instant plus ``seconds``, as pictures do."""
        with self._lock:
            self._delay = seconds

    def due(self) -> list[AudioFrame]:
        """Return what is due by now: 20 ms each, 48 kHz stereo s16, pts on the instants' clock.

        After the first sound there is no hole any more: what is missing is silence. Who asks after
        more than a second gets no more than the last one.
        """
        with self._lock:
            if self._late is None:
                return []
            now = self._clock.now()
            self._follow(now)
            behind = now - self._time() - _LOST
            if behind > 0:
                self._reel.skip(int(behind / _STEP) * SOUND_STEP)
            frames = []
            while now >= self._time():
                frames.append(sound_frame(self._reel.position, self._reel.take(SOUND_STEP)))
            return frames

    def wait(self) -> float:
        """Return for how many seconds from now nothing will be due, unless sound comes."""
        with self._lock:
            return _STEP if self._late is None else max(0.0, self._time() - self._clock.now())

    def restart(self) -> None:
        """Expect another sender, whose instants and form may differ; time goes on."""
        with self._lock:
            self._layout.restart()

    def _time(self) -> float:
        """Return when the next 20 ms are due; later where they are not all there."""
        after = self._reel.position + SOUND_STEP
        grace = 0.0 if self._reel.end >= after else _GRACE
        return self._reel.position / SOUND_RATE + self._hold + grace

    def _note_lateness(self, begin: int, end: int, now: float) -> None:
        """Learn how long the step had to wait that these samples complete."""
        assert self._late is not None
        position = self._reel.position
        step = position + (begin - position) // SOUND_STEP * SOUND_STEP
        if step + SOUND_STEP > end:
            return
        late = now - step / SOUND_RATE
        forgotten = self._late - _FORGET * (end - begin) / SOUND_RATE
        self._late = late if abs(late - self._late) > 2 * _LOST else max(forgotten, late)

    def _follow(self, now: float) -> None:
        """Move the hold towards the picture's delay, but never below the sound's own lateness."""
        assert self._late is not None
        passed, self._at = now - self._at, now
        if self._delay is None:
            self._hold = self._late
            return
        off = self._delay - self._hold
        most = _CREEP * passed
        self._hold += off if abs(off) > _LOST else min(max(off, -most), most)
        self._hold = max(self._hold, min(self._late, self._delay + _LATEST))
