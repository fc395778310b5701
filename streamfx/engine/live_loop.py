"""A clip that begins again when it ends, decoded ahead and shown at the pace of somebody else."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction

from streamfx.errors import SourceError, StreamfxError
from streamfx.frame import Frame
from streamfx.media.reader import Reader

log = logging.getLogger(__name__)

AHEAD = 4
"""Pictures that are decoded ahead."""

BEHIND = Fraction(1)
"""Seconds by which decoding may lie behind what is asked for. Beyond, after a pause or where the
machine is too slow, the clip goes on from where it is."""

Fit = Callable[[Frame, int, int], Frame]
"""Makes a picture no larger than it takes to cover a width and a height."""


class Loop:
    """Shows a clip round and round. The first picture is there at once; nobody ever waits."""

    def __init__(self, path: str, reader: Reader, fit: Fit) -> None:
        self._path = path
        self._fit = fit
        self._reader = reader
        self._frames = _pictures(reader)
        try:
            first = next(self._frames, None)
            if first is None:
                raise SourceError(f"{path}: no picture in it can be decoded")
        except BaseException:
            reader.close()
            raise
        self._shown = first
        self._start = first.pts
        self._end = first.end
        self._base = Fraction(0)
        """Instant at which the present round began."""
        self._count = 1
        """Pictures of the present round."""
        self._ahead: deque[tuple[Fraction, Frame]] = deque()
        self._origin: Fraction | None = None
        self._reached = Fraction(0)
        """Instant up to which everything is decoded."""
        self._wanted = Fraction(0)
        """Instant that was asked for last."""
        self._size = (first.width, first.height)
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"loop {path}", daemon=True)

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame:
        """Return the newest picture due at an instant; the first call is when the clip begins."""
        with self._changed:
            self._size = (width, height)
            if self._origin is None:
                self._origin = seconds
                self._shown = _ready(self._fit(self._shown, width, height))
                if not self._closed:
                    self._thread.start()
            if seconds - self._origin > self._reached + BEHIND:
                self._origin = seconds - self._reached
            self._wanted = seconds - self._origin
            while self._ahead and self._ahead[0][0] <= self._wanted:
                self._shown = self._ahead.popleft()[1]
                self._changed.notify()
            return self._shown

    def close(self) -> None:
        """Stop decoding, and wait until that has stopped."""
        with self._changed:
            self._closed = True
            self._ahead.clear()
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._reader.close()

    def _run(self) -> None:
        try:
            while self._round() and self._count > 1 and self._end > self._start:
                self._again()
        except StreamfxError as exc:  # the last picture stays
            log.warning("%s: %s", self._path, exc)

    def _round(self) -> bool:
        """Decode what is left of a round; False once closed."""
        for frame in self._frames:
            instant = self._base + frame.pts - self._start
            self._count += 1
            self._end = frame.end
            with self._changed:
                while len(self._ahead) >= AHEAD and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return False
                self._reached = instant
                late = instant + frame.duration <= self._wanted
                size = self._size
            if not late:
                small = _ready(self._fit(frame, *size))
                with self._changed:
                    self._ahead.append((instant, small))
        return True

    def _again(self) -> None:
        self._base += self._end - self._start
        self._reader.close()
        self._reader = Reader(self._path)
        self._frames = _pictures(self._reader)
        self._count = 0


def _pictures(reader: Reader) -> Iterator[Frame]:
    return (item for item in reader if isinstance(item, Frame))


def _ready(frame: Frame) -> Frame:
    """Return a frame as a tensor, so that nobody has to convert it later."""
    return frame.showing(frame.image)
