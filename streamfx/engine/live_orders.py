"""What is to change in a live run before its next picture, and which picture led to which."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from streamfx.engine.feeds import Feed
from streamfx.frame import Frame
from streamfx.graph.build import Pipeline

REMEMBERED = 64
"""Pictures that came in and are remembered until those made of them have come out."""


@dataclass(slots=True)
class Orders:
    """What is to change. Later orders replace earlier ones, so they never pile up."""

    pipeline: Pipeline | None = None
    """What is to run from now on; None: what runs already."""
    label: object = None
    """What that is known by."""
    feeds: dict[str, Feed | None] = field(default_factory=dict)
    """Inputs to their new feeds; None: to be taken away."""
    params: dict[tuple[str, str], object] = field(default_factory=dict)
    """Node and parameter to the new value."""

    def __bool__(self) -> bool:
        return bool(self.pipeline or self.feeds or self.params)


class Sources:
    """Finds for a picture that came out the one that came in and led to it."""

    def __init__(self) -> None:
        self._came: deque[tuple[Frame, float]] = deque(maxlen=REMEMBERED)

    def note(self, frame: Frame, offered: float) -> None:
        """Remember a picture and when it came in."""
        self._came.append((frame, offered))

    def of(self, made: Frame) -> tuple[Frame, float]:
        """Return what was shown in the source at the instant of ``made``, and when it came in.

        Those before it are forgotten: instants only grow.
        """
        came = self._came
        while len(came) > 1 and came[1][0].pts <= made.pts:
            came.popleft()
        return came[0]
