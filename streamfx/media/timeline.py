"""When each decoded frame is shown, and for how long; repaired where the source does not say."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame

NEAR = 4
"""How many times longer or shorter than usual a last frame may be said to last."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A decoded frame with its instant and its length, in ticks of the stream's time base."""

    frame: VideoFrame
    pts: int
    duration: int


class Timeline:
    """Make instants grow strictly, and take each duration from the frame that follows.

    A missing pts is the decoding instant where that grows, else the last pts plus a frame. A pts
    that does not grow moves to one tick after the last: the frame is kept, and nothing after it
    moves. The last frame lasts until ``end``, the tick at which the header lets the stream end,
    where that is near; else as long as its packet says, else a frame.
    """

    def __init__(self, time_base: Fraction, fps: Fraction, end: int | None = None) -> None:
        self._nominal = max(1, round(1 / (fps * time_base)))
        self._end = end
        self._last: int | None = None
        self._held: VideoFrame | None = None
        self.missing = 0
        """How many frames came without a pts."""
        self.repaired = 0
        """How many pts did not grow."""

    def restart(self) -> None:
        """Forget the frames so far, for a new position in the stream."""
        self._last = None
        self._held = None

    def repair(self, frame: VideoFrame) -> int:
        """Return the frame's pts, mended where needed, and write it into the frame."""
        pts = frame.pts
        if pts is None:
            self.missing += 1
            due = 0 if self._last is None else self._last + self._nominal
            pts = frame.dts if frame.dts is not None else due
            if self._last is not None and pts <= self._last:
                pts = due
        if self._last is not None and pts <= self._last:
            self.repaired += 1
            pts = self._last + 1
        self._last = pts
        frame.pts = pts
        return pts

    def push(self, frame: VideoFrame) -> Shown | None:
        """Return the frame before, now that its duration is known; hold this one back."""
        held, self._held = self._held, frame
        if held is None:
            return None
        assert held.pts is not None and frame.pts is not None
        return Shown(held, held.pts, frame.pts - held.pts)

    def flush(self) -> Shown | None:
        """Return the last frame, as long as the container says."""
        held, self._held = self._held, None
        if held is None:
            return None
        assert held.pts is not None
        rest = 0 if self._end is None else self._end - held.pts
        if 0 < rest <= NEAR * self._nominal:
            return Shown(held, held.pts, rest)
        told = held.duration * NEAR >= self._nominal
        return Shown(held, held.pts, held.duration if told else self._nominal)

    def notes(self) -> list[str]:
        """Return what was mended, in words."""
        said = []
        if self.missing:
            said.append(f"{self.missing} frames without a time: counted on from the one before")
        if self.repaired:
            said.append(f"{self.repaired} frames with a time not after the one before: moved")
        return said
