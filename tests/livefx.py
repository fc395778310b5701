"""A clock that stands still, and nodes and runs for tests of live work."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

from streamfx import Context, Frame, Held, Node, param
from streamfx.engine.feeds import Feed
from streamfx.engine.realtime import Event, Realtime, Shown
from streamfx.graph.build import Pipeline, Step
from streamfx.testing import clip


class FakeClock:
    """Goes on only when told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


class Adds(Node):
    """Adds a level; takes as long as it is told to."""

    clock: ClassVar[FakeClock | None] = None
    opened: ClassVar[int] = 0

    level: float = param(default=0.1, ge=0, le=1, unit="share", help="Level.", live=True)
    reach: int = param(default=8, ge=1, le=99, unit="px", help="Reach.", live=True)
    cost: float = param(default=0.0, ge=0, unit="s", help="Seconds for a frame of 128 lines.")
    fixed: int = param(default=1, ge=0, unit="px", help="Cannot change.")

    def open(self, ctx: Context) -> None:
        type(self).opened += 1

    def process(self, frame: Frame) -> Frame:
        if self.clock is not None:
            self.clock.time += self.cost * (frame.height / 128) ** 2
        return frame.showing(frame.image + self.level)


class Joins(Node):
    """Adds another input to the picture."""

    def process(self, frame: Frame, other: Held[Frame]) -> Frame:
        return frame.showing(frame.image + other.image[:3].mean())


class Breaks(Node):
    """Fails while it is told to."""

    broken: ClassVar[bool] = False
    closed: ClassVar[int] = 0

    def process(self, frame: Frame) -> Frame:
        if self.broken:
            raise ValueError("it is broken")
        return frame.showing(frame.image + 0.5)

    def close(self) -> None:
        type(self).closed += 1


def pipeline(*nodes: Node, **inputs: str) -> Pipeline:
    """Return a chain; ``inputs`` connects ports of the last node to named inputs."""
    steps: list[Step] = []
    kinds: dict[str, type] = {"input.video": Frame}
    above = "input.video"
    for i, node in enumerate(nodes):
        first, *_ = node.inputs
        wires = {first: above}
        if i == len(nodes) - 1:
            for port, name in inputs.items():
                wires[port] = f"input.{name}"
                kinds[f"input.{name}"] = node.inputs[port].type
        name = type(node).__name__.lower()
        name = name if all(step.id != name for step in steps) else f"{name}-{i}"
        steps.append(Step(name, name, node, wires))
        above = f"{name}.{next(iter(node.outputs))}"
    return Pipeline("test", tuple(steps), {"video": above}, kinds)


class Run:
    """A live run without a thread, on a clock that follows the pictures.

    They come at their instants however long the work takes.
    """

    def __init__(
        self, graph: Pipeline, *, feeds: Mapping[str, Feed] | None = None, **more: Any
    ) -> None:
        self.clock = FakeClock()
        self.shown: list[Shown] = []
        self.events: list[Event] = []
        self.realtime = Realtime(
            graph,
            self.shown.append,
            feeds=feeds,
            clock=self.clock,
            tell=self.events.append,
            **more,
        )
        self.pts = Fraction(0)
        self._due = self._free = self.clock.time

    def give(
        self, *levels: float, size: tuple[int, int] = (4, 6), step: Fraction = Fraction(1, 30)
    ) -> list[float]:
        """Offer a flat picture for each level, one after the other; return what was shown."""
        before = len(self.shown)
        for level in levels:
            (frame,) = clip(level, size=size)
            self.clock.time = self._due
            self.realtime.offer(frame.at(self.pts, step))
            self.pts += step
            self._due += float(step)
            self._work_until(self._due)
        self.clock.time = self._due
        return [round(float(s.frame.image.mean()), 3) for s in self.shown[before:]]

    def _work_until(self, instant: float) -> None:
        """Do what waits, if the work before it is done by then."""
        if self._free < instant:
            self.clock.time = max(self._free, self.clock.time)
            self.realtime.work(0)
            self._free = self.clock.time

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events so far."""
        return [event.kind for event in self.events]
