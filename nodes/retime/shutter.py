"""Motion blur: what a slower camera would have seen while its shutter was open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, gcd

from streamfx import Context, Frame, GraphError, Node, VideoInfo, param
from streamfx.errors import SettingError
from streamfx.nodes.retime._exposure import Exposure
from streamfx.timing import parse_rate, show_rate


class Shutter(Node):
    """Make one frame of several by averaging their light while a shutter is open.

    Feed it more frames than are wanted, from a fast camera or ``interpolate.flow``. The shutter
    opens at the instant of each frame that comes out. Nothing is mixed across a cut: the last frame
    of a shot then is shorter.
    """

    angle: float = param(
        default=180.0,
        ge=0,
        le=360,
        unit="degrees",
        help="How long the shutter is open: 360 all the time, 180 half of it as on film, 0 for an "
        "instant.",
    )
    frames: int = param(
        default=8,
        ge=1,
        le=64,
        unit="frames",
        help="Frames in for each frame out, where fps is not set.",
    )
    fps: str = param(
        default="",
        help="Rate of what comes out, not above that of what comes in: 24, 23.976, 24000/1001. "
        "Empty: by frames.",
    )

    @property
    def pending(self) -> Fraction | None:
        return None if self._gathered.dark else self._begin

    def plan(self, video: VideoInfo) -> VideoInfo:
        rate = self._rate()
        if rate is None:
            slower = replace(video, fps=video.fps / self.frames, tick=video.time_base)
            return _fewer(video, slower, self.frames)
        if rate > video.fps:
            came = show_rate(video.fps)
            raise GraphError(
                f"fps is {self.fps}, but only {came} frames/s come in: interpolate above it"
            )
        tick = _common(video.time_base, 1 / rate)
        slower = replace(video, fps=rate, tick=tick, variable=False)
        return _fewer(video, slower, video.fps / rate)

    def open(self, ctx: Context) -> None:
        rate = self._rate()
        self._step = None if rate is None else 1 / rate
        self._open = Fraction(str(self.angle)) / 360
        self._begin = Fraction(0)
        self._end: Fraction | None = None
        self._clear()

    def process(self, frame: Frame) -> Iterator[Frame]:
        if self._gathered.dark:
            self._begin = frame.pts if self._end is None else max(self._end, frame.pts)
        self._end = frame.end
        if self._step is None:
            yield from self._counted(frame)
        else:
            yield from self._timed(frame, self._step)

    def flush(self) -> Iterator[Frame]:
        if not self._gathered.dark and self._end is not None:
            yield self._shown(self._end)

    def close(self) -> None:
        self._clear()

    def _counted(self, frame: Frame) -> Iterator[Frame]:
        """Expose to a frame; every so many make one."""
        seen = min(self._open * self.frames - self._count, Fraction(1))
        self._gathered.add(frame, max(seen, Fraction(0)))
        self._count += 1
        if self._count == self.frames:
            yield self._shown(frame.end)

    def _timed(self, frame: Frame, step: Fraction) -> Iterator[Frame]:
        """Expose to a frame for as long as it is shown while the shutter is open."""
        while True:
            end = self._begin + step
            seen = min(frame.end, self._begin + step * self._open) - max(frame.pts, self._begin)
            self._gathered.add(frame, max(seen, Fraction(0)))
            if frame.end < end:
                return
            yield self._shown(end)
            self._begin = max(end, frame.pts)
            if frame.end <= self._begin:
                return

    def _shown(self, end: Fraction) -> Frame:
        made = self._gathered.picture(self._begin, end - self._begin)
        self._clear()
        return made

    def _clear(self) -> None:
        self._gathered, self._count = Exposure(), 0

    def _rate(self) -> Fraction | None:
        if not self.fps:
            return None
        try:
            return parse_rate(self.fps)
        except SettingError as exc:
            raise GraphError(f"fps: {exc}") from exc


def _fewer(video: VideoInfo, slower: VideoInfo, by: Fraction | int) -> VideoInfo:
    """Return ``slower``, waiting for all frames of ``video`` that become one of its."""
    held = video.delayed(ceil(by) - 1)
    frames = None if video.frames is None else ceil(video.frames / Fraction(by))
    return replace(slower, latency=held.latency, held_back=held.held_back, frames=frames)


def _common(first: Fraction, second: Fraction) -> Fraction:
    """Return the longest time that both are multiples of."""
    left, right = first.numerator * second.denominator, second.numerator * first.denominator
    return Fraction(gcd(left, right), first.denominator * second.denominator)
