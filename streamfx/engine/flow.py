"""The pure pump: items in, items out, in order. No threads, no clock of its own, no files."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from fractions import Fraction
from typing import Any, cast

import torch

from streamfx.engine.align import END, Bound, Inbox, after
from streamfx.engine.meter import Meter
from streamfx.engine.station import Station
from streamfx.errors import NodeError, RunError
from streamfx.frame import Frame, Timed
from streamfx.graph.build import Pipeline
from streamfx.graph.plan import Plan
from streamfx.node import Context

Emit = Callable[[str, Timed], None]
"""Takes the name of an output and an item that came out there."""


class Flow:
    """A pipeline being run.

    Push the items of each input in the order of their instants; inputs may run ahead of each other.
    What comes out, and when it came in beside what, depends on the instants alone. ``ctx`` may be
    None for a pipeline without steps. ``stand_ins`` are called for the steps that they are given
    for by id, as ``process`` of the node would be.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        plan: Plan,
        ctx: Context | None,
        emit: Emit,
        clock: Callable[[], float] = lambda: 0.0,
        stand_ins: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.meter = Meter(len(pipeline.steps))
        self._clock = clock
        self._emit = emit
        self._stations: list[Station] = []
        for i, step in enumerate(pipeline.steps):
            assert ctx is not None, "only a pipeline without steps needs no context"
            station = Station(i, step, plan, ctx)
            if stand_ins and step.id in stand_ins:
                station.process, station.batch = stand_ins[step.id], 1
            self._stations.append(station)
        self._mode = torch.inference_mode if self._stations else nullcontext
        self._taps: dict[str, list[_Tap]] = {feed: [] for feed in pipeline.inputs}
        for station in self._stations:
            for out in type(station.node).outputs:
                self._taps[f"{station.id}.{out}"] = []
        for station in self._stations:
            for port, feed in station.step.wires.items():
                self._taps[feed].append(_Tap(station, station.inboxes.get(port)))
        self._names: dict[str, list[str]] = {}
        for name, feed in pipeline.outputs.items():
            self._names.setdefault(feed, []).append(name)
        self._unfinished = set(self._names)
        self._watch_bounds()
        self._ready: list[tuple[bool, int]] = []
        self._begin()

    def push(self, feed: str, items: Iterable[Timed]) -> None:
        """Feed items of one input in; whatever comes out goes to ``emit`` before this returns.

        Several at once let nodes that can work on batches do so.
        """
        with self._mode():
            for item in items:
                self._deliver(feed, item)
                self._pass_bound(feed, after(item.pts))
            self._run()

    def reach(self, feed: str, instant: Fraction) -> None:
        """Say that an input has come to ``instant``: nothing before it will follow."""
        with self._mode():
            self._pass_bound(feed, (instant, 0))
            self._run()

    def end(self, feed: str) -> None:
        """Say that an input has ended."""
        with self._mode():
            self._finish(feed)
            self._run()

    def close(self) -> None:
        """Close every node, also those of a run that failed."""
        for station in self._stations:
            station.node.close()

    @property
    def done(self) -> bool:
        """Whether every output has come to its end."""
        return not self._unfinished

    @property
    def waiting(self) -> int:
        """How many items wait at ports for others to catch up."""
        return sum(
            len(s.queue) + sum(box.waiting for box in s.inboxes.values()) for s in self._stations
        )

    def _begin(self) -> None:
        with self._mode():
            for station in self._stations:
                try:
                    station.node.open(station.ctx)
                except RunError:
                    raise
                except Exception as exc:  # a node may fail in any way; say which one did
                    raise NodeError(station.id, None, f"cannot open: {_say(exc)}") from exc

    def _watch_bounds(self) -> None:
        """Find the streams whose progress somebody waits for; the others need not tell it."""
        for station in reversed(self._stations):
            station.watched = any(
                tap.inbox is not None or tap.station.watched
                for out in station.feeds
                for tap in self._taps[out]
            )

    def _deliver(self, feed: str, item: Timed) -> None:
        for tap in self._taps.get(feed, ()):
            if tap.inbox is None:
                tap.station.queue.append(item)
            else:
                tap.inbox.put(item)
            self._wake(tap.station)
        for name in self._names.get(feed, ()):
            self._emit(name, item)

    def _pass_bound(self, feed: str, bound: Bound) -> None:
        for tap in self._taps.get(feed, ()):
            if tap.inbox is not None:
                tap.inbox.bound = max(tap.inbox.bound, bound)
                self._wake(tap.station)
            elif tap.station.watched:
                self._spread_bound(tap.station, bound)

    def _spread_bound(self, station: Station, came: Bound) -> None:
        """Tell those below how far a step has come, given how far its driving input has."""
        if not station.idle:
            return
        bound = station.promise(came)
        if bound > station.told:
            station.told = bound
            for feed in station.feeds:
                self._pass_bound(feed, bound)

    def _finish(self, feed: str) -> None:
        self._unfinished.discard(feed)
        for tap in self._taps.get(feed, ()):
            if tap.inbox is not None:
                tap.inbox.bound = END
            else:
                tap.station.ending = True
            self._wake(tap.station)

    def _wake(self, station: Station) -> None:
        """Put a step in line: the one nearest the output first, half-full batches last."""
        partial = station.batch > 1 and len(station.queue) < station.batch
        if station.awake is None or (station.awake and not partial):
            station.awake = partial
            heapq.heappush(self._ready, (partial, -station.index))

    def _run(self) -> None:
        while self._ready:
            partial, index = heapq.heappop(self._ready)
            station = self._stations[-index]
            if station.awake is not partial:
                continue  # has been put in line again, further up
            station.awake = None
            if self._work(station):
                self._wake(station)

    def _work(self, station: Station) -> bool:
        """Do one thing for a step: put out one item, or take up one driving item."""
        if station.pending is not None:
            return self._continue(station)
        if station.queue and station.joined():
            self._take_up(station)
            return True
        if station.ending and not station.queue and not station.ended:
            if not station.flushed:
                station.flushed = True
                station.pending = iter(self._guard(station, station.at, station.node.flush))
                return True
            station.ended = True
            for feed in station.feeds:
                self._finish(feed)
        return False

    def _take_up(self, station: Station) -> None:
        item = station.queue[0]
        if station.must_reset(item):
            station.resetting = True
            station.pending = iter(self._guard(station, item.pts, station.node.flush))
            return
        count = min(station.batch, len(station.queue))
        batch = [station.queue.popleft() for _ in range(count)]
        station.at = batch[-1].pts
        others = station.meet(item)
        node = station.node
        call: Callable[[], Any]
        if count > 1:
            frames = cast("list[Frame]", batch)  # only nodes that are driven by frames have batches
            call = lambda: node.batch(frames)  # noqa: E731  the other branch is one, too
        else:
            call = lambda: station.process(item, **others)  # noqa: E731
        made = self._guard(station, item.pts, call)
        self.meter.items[station.index] += count
        station.came(batch)
        if made is None:
            self._settle(station)
        elif isinstance(made, (Iterator, list)):
            station.pending = iter(made)
        else:
            self._put_out(station, made)
            self._settle(station)

    def _continue(self, station: Station) -> bool:
        assert station.pending is not None
        pending = station.pending
        made = self._guard(station, station.at, lambda: next(pending, _DONE))
        if made is not _DONE:
            self._put_out(station, made)
            return True
        station.pending = None
        if station.resetting:
            station.resetting = False
            self._guard(station, station.at, station.reset)
        self._settle(station)
        return True

    def _settle(self, station: Station) -> None:
        if station.watched and station.at is not None:
            self._spread_bound(station, after(station.at))

    def _put_out(self, station: Station, made: Timed | tuple[Timed | None, ...]) -> None:
        items = made if isinstance(made, tuple) else (made,)
        for i, (feed, item) in enumerate(zip(station.feeds, items, strict=True)):
            if item is not None:
                self._deliver(feed, station.checked(i, item))

    def _guard(self, station: Station, pts: Fraction | None, call: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Call into a node: the one place where anything may be raised. Measures the time, too."""
        began = self._clock()
        try:
            return call()
        except RunError:
            raise
        except Exception as exc:
            raise NodeError(station.id, pts, _say(exc)) from exc
        finally:
            self.meter.seconds[station.index] += self._clock() - began


class _Done:
    """What a pending iterator yields when it has nothing left."""


_DONE = _Done()


class _Tap:
    """Where a feed ends: a step's driving queue, or one of its inboxes."""

    __slots__ = ("inbox", "station")

    def __init__(self, station: Station, inbox: Inbox | None) -> None:
        self.station = station
        self.inbox = inbox


def _say(exc: Exception) -> str:
    """Return an exception in one line."""
    first = str(exc).strip().partition("\n")[0]
    return f"{type(exc).__name__}: {first}" if first else type(exc).__name__
