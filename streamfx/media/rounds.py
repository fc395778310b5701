"""Pictures that begin again when they end, each round exactly where the last one left off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from streamfx.frame import Frame
from streamfx.media.reader import Reader

_SURE = Fraction(1)
"""Seconds before the end that a header states up to which there surely are pictures."""


class Rounds:
    """Reads a source again and again.

    ``reader`` reads the first round, ``again`` opens the others; both read from ``start``, on the
    source's own timeline, to ``end``. A round lasts from its start to the end of its last picture,
    exactly, so rounds neither overlap nor leave a gap. A source of a single picture comes once.
    """

    def __init__(
        self,
        reader: Reader,
        again: Callable[[], Reader],
        start: Fraction,
        end: Fraction | None = None,
    ) -> None:
        self._reader = reader
        self._again = again
        self._start, self._end = start, end
        self._begin = start
        self._narrowed = False

    def begin(self, instant: Fraction) -> None:
        """Leave out what is not shown any more at ``instant``. Before anything has been read."""
        last = self._reader.source.end
        last = last if last is None or self._end is None else min(last, self._end)
        self._begin = max(instant, self._start)
        if last is not None and self._start < self._begin < last - _SURE:
            self._reader.narrow(self._begin, self._end)
            self._narrowed = True

    def __iter__(self) -> Iterator[Frame]:
        base = Fraction(0)
        while True:
            count, last = 0, self._start
            for frame in self._round(base):
                count += 1
                last = frame.end
                if base + last > self._begin:
                    yield frame if not base else frame.at(base + frame.pts)
            whole = last - self._start
            if self._narrowed and not count:  # the header was wrong: find out how long a round is
                whole = Fraction(0)
            elif whole <= 0 or (count < 2 and not self._narrowed):
                return
            else:
                base = max(base + whole, (self._begin - self._start) // whole * whole)
            self._narrowed = False
            self._reader.close()
            self._reader = self._again()

    def close(self) -> None:
        """Let go of the source."""
        self._reader.close()

    def _round(self, base: Fraction) -> Iterator[Frame]:
        """Yield the pictures of a round, cut to its bounds, on the source's own timeline."""
        first = True
        for frame in self._reader:
            if not isinstance(frame, Frame):
                continue
            pts = max(frame.pts, self._start)
            end = frame.end if self._end is None else min(frame.end, self._end)
            made = frame if (pts, end) == (frame.pts, frame.end) else frame.at(pts, end - pts)
            yield made.marked(cut=True) if first and base else made
            first = False
