"""When a source's pictures and sound are due, and instants that go on over loops and reconnects."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction

from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

LATE = 1.0
"""Seconds of delay from which on a source goes on from now and does not catch up."""

JUMP = Fraction(5)
"""Seconds between neighbours from which on their clock counts as another one."""

SLACK = Fraction(1, 4)
"""Seconds before the first item of a connection, for those that come later and begin earlier."""

STEP = Fraction(1, 30)
"""Seconds that a picture is taken to last where nothing says."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """A picture or a piece of sound and the instant, in seconds, at which it begins."""

    instant: Fraction
    number: int
    """Counts the items of a source; of two at one instant the first goes first."""
    frame: VideoFrame | AudioFrame = field(compare=False)

    @property
    def picture(self) -> bool:
        """Whether it is to be seen, not heard."""
        return isinstance(self.frame, VideoFrame)


class Playout:
    """Put items in order and hand each out when it is due.

    The first item is due at once, every other as long after it as their instants say. Whoever falls
    behind by more than :data:`LATE` starts anew from there; a late picture that another one follows
    which is due as well is left out and counted. No clock of its own: ``now`` is in seconds.
    """

    def __init__(self) -> None:
        self._heap: list[Item] = []
        self._anchor: float | None = None
        self.skipped = 0
        """How many pictures were left out because they were late."""

    def push(self, item: Item) -> None:
        """Take an item in. It may begin before others that are waiting."""
        heapq.heappush(self._heap, item)

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def pictures(self) -> int:
        """How many pictures are waiting."""
        return sum(item.picture for item in self._heap)

    @property
    def seconds(self) -> Fraction:
        """How far the waiting items reach, from the first to the last."""
        if not self._heap:
            return Fraction(0)
        return max(item.instant for item in self._heap) - self._heap[0].instant

    def wait(self, now: float) -> float | None:
        """Return the seconds until the next item is due, 0 when it is; None when nothing waits."""
        if not self._heap:
            return None
        first = float(self._heap[0].instant)
        if self._anchor is None or now - (self._anchor + first) > LATE:
            self._anchor = now - first
        return max(0.0, self._anchor + first - now)

    def pop(self, now: float) -> Item:
        """Return the next item, leaving out pictures that are overtaken."""
        item = heapq.heappop(self._heap)
        while item.picture and self._overtaken(now):
            self.skipped += 1
            item = heapq.heappop(self._heap)
        return item

    def _overtaken(self, now: float) -> bool:
        if not self._heap or not self._heap[0].picture or self._anchor is None:
            return False
        return self._anchor + float(self._heap[0].instant) <= now


class Continuity:
    """Map the clock of a live source to instants that go on when that clock jumps.

    Pictures and sound share it: what belongs together stays together. Where the clock jumps, its
    items of before may still come for a while; they keep their place.
    """

    def __init__(self) -> None:
        self._offsets: list[Fraction] = []
        self._last = Fraction(0)
        self._start = Fraction(0)

    def restart(self, at: Fraction) -> None:
        """Expect another clock, whose first item begins soon after ``at`` and after the last."""
        self._offsets.clear()
        self._start = max(at, self._last) + SLACK

    def instant(self, pts: Fraction) -> Fraction:
        """Return the instant of ``pts``, both in seconds."""
        if not self._offsets:
            self._offsets.append(self._start - pts)
            self._last = self._start
        for offset in self._offsets:
            if abs(pts + offset - self._last) <= JUMP:
                self._last = max(self._last, pts + offset)
                return pts + offset
        self._offsets = [self._last + STEP - pts, self._offsets[0]]
        self._last += STEP
        return self._last
