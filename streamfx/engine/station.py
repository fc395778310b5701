"""One step while it runs: its queues, what it is in the middle of, how far it has come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from streamfx.engine.align import START, Bound, Inbox
from streamfx.errors import NodeError
from streamfx.frame import Frame, Timed, VideoInfo
from streamfx.graph.build import Step
from streamfx.graph.plan import Plan, speed_of
from streamfx.node import Context


class Station:
    """A step of a pipeline that is being run."""

    def __init__(self, index: int, step: Step, plan: Plan, ctx: Context) -> None:
        node = step.node
        self.index = index
        self.id = step.id
        self.step = step
        self.node = node
        self.process = node.process
        self.outs = tuple(type(node).outputs.values())
        self.feeds = tuple(f"{step.id}.{out}" for out in type(node).outputs)
        self.queue: deque[Timed] = deque()
        self.inboxes = {
            port: Inbox(port, type(node).inputs[port], node.lookahead)
            for port in list(step.wires)[1:]
        }
        self.batch = node.batch_size if node.stateless and not self.inboxes else 1
        self.pending: Iterator[Any] | None = None
        self.at: Fraction | None = None
        """Instant of the last driving item that was taken up."""
        self.awake: bool | None = None
        self.ending = self.flushed = self.ended = self.resetting = False
        self.watched = False
        self.told: Bound = START
        self.ctx = replace(ctx, info=plan.wires[step.driver])
        self._plan = plan.wires
        self._speed = speed_of(plan.wires[self.feeds[0]]) / speed_of(plan.wires[step.driver])
        self._history: deque[Fraction] = deque(maxlen=max(plan.held_back[step.id], 1))
        self._held_back = plan.held_back[step.id]
        self._begun = self._fresh = False
        self._last: list[Fraction | None] = [None] * len(self.outs)

    @property
    def idle(self) -> bool:
        """Whether everything that came in has been worked on."""
        return not self.queue and self.pending is None

    def joined(self) -> bool:
        """Return whether every other port can meet the next driving item."""
        return all(box.ready(self.queue[0]) for box in self.inboxes.values())

    def meet(self, item: Timed) -> dict[str, Any]:
        """Return what the other ports bring beside a driving item."""
        return {port: box.take(self.id, item) for port, box in self.inboxes.items()}

    def must_reset(self, item: Timed) -> bool:
        """Return whether earlier frames must be forgotten before ``item``."""
        if not self._begun or self._fresh or self.node.stateless:
            return False
        return isinstance(item, Frame) and item.props.cut

    def reset(self) -> None:
        """Forget earlier frames."""
        self.node.reset(self.ctx)
        self._fresh = True
        self._history.clear()

    def came(self, items: list[Timed]) -> None:
        """Note that driving items have been taken up."""
        self._begun, self._fresh = True, False
        self._history.extend(item.pts for item in items)

    def promise(self, came: Bound) -> Bound:
        """Return how far the outputs have come when the driving input has come to ``came``."""
        if self._held_back:
            if len(self._history) < self._held_back:
                return START
            came = (self._history[0], 0)
        instant, delivered = came
        if self.node.pending is not None and came >= (self.node.pending, 0):
            instant, delivered = self.node.pending, 0
        return (instant / self._speed, delivered)

    def checked(self, port: int, item: Timed) -> Timed:
        """Return an item that a node put out, or raise where it is not what the node promised."""
        if not isinstance(item, self.outs[port]):
            wanted, got = self.outs[port].__name__, type(item).__name__
            raise NodeError(self.id, self.at, f"put out a {got} where it declares a {wanted}")
        last = self._last[port]
        if last is None:
            self._check_size(self.feeds[port], item)
        elif item.pts <= last:
            when = f"{float(item.pts):.6f} s after {float(last):.6f} s"
            raise NodeError(self.id, self.at, f"put out instants that do not grow: {when}")
        self._last[port] = item.pts
        if isinstance(item, Frame) and item.colour is None:
            return self._coloured(self.feeds[port], item)
        return item

    def _coloured(self, feed: str, frame: Frame) -> Frame:
        """Return a frame that says what its numbers mean, as the plan says of its wire."""
        info = self._plan.get(feed)
        return frame.tagged(info.colour) if isinstance(info, VideoInfo) else frame

    def _check_size(self, feed: str, item: Timed) -> None:
        info = self._plan.get(feed)
        if not isinstance(item, Frame) or not isinstance(info, VideoInfo):
            return
        if (item.width, item.height) != (info.width, info.height):
            made, planned = f"{item.width}x{item.height}", f"{info.width}x{info.height}"
            raise NodeError(self.id, self.at, f"put out {made} where its plan says {planned}")
