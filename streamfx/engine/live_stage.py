"""What is shown for each live picture: the graph's result, or the picture as it came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction

from streamfx.engine.batching import Batcher
from streamfx.engine.feeds import Feed
from streamfx.engine.ladder import RUNGS, Ladder, Move, Rung
from streamfx.engine.live import Event, State
from streamfx.engine.live_graph import LiveGraph, StaleError
from streamfx.engine.live_half import enlarged, half, halved, large_enough
from streamfx.engine.live_rates import RecentSteps
from streamfx.engine.live_recovery import Recovery
from streamfx.engine.live_wiring import NoPictureError, fresh, info_of, rescale, survey
from streamfx.errors import NodeError, StreamfxError
from streamfx.frame import Frame, Sound, VideoInfo
from streamfx.graph.build import Pipeline
from streamfx.graph.plan import plan
from streamfx.node import Context
from streamfx.timing import Clock

log = logging.getLogger(__name__)

LATE_APART = 10.0
"""Seconds between two events about joins that were not met."""


class Stage:
    """Runs a pipeline on one picture after the other. One thread at a time, and none of its own."""

    def __init__(
        self,
        pipeline: Pipeline,
        ctx: Context,
        clock: Clock,
        batcher: Batcher | None,
        tell: Callable[[Event], None],
        name: str,
        rungs: Collection[Rung] = RUNGS,
    ) -> None:
        self.pipeline = pipeline
        """What is run; its own nodes only hold the parameters and are never opened."""
        self.state: State = "running"
        self.why = ""
        self.late = 0
        self._rungs = rungs
        self.ladder = Ladder(self._offered_by(pipeline))
        self.recent = RecentSteps()
        self._ctx, self._clock, self._batcher = ctx, clock, batcher
        self._tell, self._name = tell, name
        self._feeds: dict[str, Feed] = {}
        self._graph: LiveGraph | None = None
        self._small = False
        self._target = (0, 0)
        self._recovery = Recovery()
        self._turn = 0
        self._told_late: float | None = None
        self._counted_late = 0
        self._worked = False

    def skips(self) -> bool:
        """Return whether the rung leaves the next picture out. Every call counts as a picture."""
        self._turn += 1
        return self._turn % self.ladder.stride != 0

    def show(self, frame: Frame, sounds: Sequence[Sound], fps: Fraction) -> list[Frame]:
        """Return what is to be shown for a picture: what the graph makes of it, or the picture."""
        self._worked = False
        if missing := [n for n in self.pipeline.named_inputs() if n not in self._feeds]:
            self._close()
            self._wait(f"the graph needs input {missing[0]!r}")
            return [frame]
        if self.ladder.rung == "pass":
            self._close()
            if self.state == "waiting":
                self._end_waiting()
            self._worked = True
            return [frame]
        if not self._recovery.due(self._clock.now()):
            return [frame]
        try:
            return self._run(frame, sounds, fps)
        except NoPictureError as exc:
            self._wait(str(exc))
        except StreamfxError as exc:
            self.fail(exc)
        return [frame]

    def fail(self, exc: Exception) -> None:
        """Let pictures pass for a while, because of an error that ended the graph."""
        self._close()
        wait = self._recovery.failure(self._clock.now())
        why = _said(exc)
        log.warning("%s: %s; trying again in %g s", self._name, why, wait, exc_info=exc)
        self.state, self.why = "passing", why
        self._tell(Event("failed", why, _node_of(exc)))

    def measured(self, cost: float, budget: float) -> None:
        """Note what the picture shown last has cost, in seconds, and how long there was."""
        if not self._worked:
            return
        move = self.ladder.worked(self._clock.now(), cost, budget)
        if move is not None:
            self._stepped(move, budget)

    def switch(self, pipeline: Pipeline, frame: Frame, fps: Fraction) -> Event | None:
        """Run another pipeline from now on; keep the old one where the new one cannot be opened.

        ``frame`` is the next picture. Returns what is to be told where it was not switched.
        """
        before, graph, target, small = self.pipeline, self._graph, self._target, self._small
        self.pipeline, self._graph = pipeline, None
        if all(name in self._feeds for name in pipeline.named_inputs()):
            try:
                self._open(frame, fps, small=False)
            except NoPictureError:
                pass
            except Exception as exc:  # noqa: BLE001  a node may fail in any way before it is open
                self.pipeline, self._graph = before, graph
                self._target, self._small = target, small
                why = _said(exc)
                log.warning("%s: keeps %r: %s", self._name, before.title, why)
                return Event("failed", why, _node_of(exc))
        if graph is not None:
            self._retire(graph)
        self.ladder.restart(self._offered_by(pipeline))
        self._recovery.restart()
        self.state, self.why = "running", ""
        log.info("%s: runs %r", self._name, pipeline.title)
        self._tell(Event("switched", f"now running: {pipeline.title}"))
        return None

    def set_feed(self, name: str, feed: Feed | None) -> None:
        """Put a feed in its place, or take it away. The old one is closed."""
        old = self._feeds.pop(name, None)
        if feed is not None:
            self._feeds[name] = feed
        if old is not None and old is not feed:
            old.close()

    def set_param(self, node: str, name: str, value: object) -> None:
        """Set a parameter of a running node, too."""
        if self._graph is not None:
            for step in self._graph.pipeline.steps:
                if step.id == node:
                    rescale(step.node, name, value, 0.5 if self._small else 1.0)

    def close(self) -> None:
        """Close nodes and feeds."""
        self._close()
        for feed in self._feeds.values():
            feed.close()
        self._feeds.clear()

    def _run(self, frame: Frame, sounds: Sequence[Sound], fps: Fraction) -> list[Frame]:
        small = self.ladder.rung == "smaller" and large_enough(frame)
        given = halved(frame) if small else frame
        graph = self._graph
        if graph is None or small != self._small or not graph.fits(info_of(given, fps)):
            graph = self._reopen(frame, fps, small=small)
        graph.reusing = self.ladder.rung == "reuse" and self._turn % 2 == 1
        try:
            made = graph.push(given, sounds)
        except StaleError:
            graph = self._reopen(frame, fps, small=small)
            made = graph.push(given, sounds)
        if small:
            made = [enlarged(one, *self._target) for one in made]
        self._went_well(graph)
        return made

    def _reopen(self, frame: Frame, fps: Fraction, *, small: bool) -> LiveGraph:
        self._close()
        return self._open(frame, fps, small=small)

    def _open(self, frame: Frame, fps: Fraction, *, small: bool) -> LiveGraph:
        video = info_of(frame, fps)
        if small:
            self._target = self._size_of(video, frame.pts)
            video = half(video)
        pipeline = fresh(self.pipeline, 0.5 if small else 1.0)
        self._graph = LiveGraph(
            pipeline,
            video,
            self._feeds,
            self._ctx,
            at=frame.pts,
            clock=self._clock.now,
            batcher=self._batcher,
        )
        self._small = small
        self.recent = RecentSteps()
        self.ladder.settle()
        return self._graph

    def _went_well(self, graph: LiveGraph) -> None:
        now = self._clock.now()
        self._worked = True
        if self.recent.due(now):
            self.recent.note(now, graph.steps())
        if self._recovery.success(now):
            log.info("%s: runs again", self._name)
            self.state, self.why = "running", ""
            self._tell(Event("recovered", "the graph runs again"))
        elif self.state == "waiting":
            self._end_waiting()
        self.state, self.why = "running", ""
        self._count_late(graph, now)

    def _size_of(self, video: VideoInfo, at: Fraction) -> tuple[int, int]:
        """Return the size that the graph would put out for pictures at their full size."""
        whole = plan(fresh(self.pipeline), survey(self.pipeline, video, self._feeds, at)).video
        return whole.width, whole.height

    def _wait(self, why: str) -> None:
        if (self.state, self.why) != ("waiting", why):
            self.state, self.why = "waiting", why
            log.info("%s: %s", self._name, why)
            self._tell(Event("waiting", why))

    def _end_waiting(self) -> None:
        self.state, self.why = "running", ""
        self._tell(Event("recovered", "the graph has all of its inputs"))

    def _stepped(self, move: Move, budget: float) -> None:
        down = RUNGS.index(move.after) > RUNGS.index(move.before)
        takes = "takes" if down else "should take"
        why = f"the work {takes} {move.load:.0%} of the {budget * 1000:.0f} ms for each picture"
        log.info("%s: %s -> %s: %s", self._name, move.before, move.after, why)
        self._tell(Event("rung", f"{move.after}: {why}"))

    def _count_late(self, graph: LiveGraph, now: float) -> None:
        new, self._counted_late = graph.late - self._counted_late, graph.late
        if new <= 0:
            return
        self.late += new
        if self._told_late is None or now - self._told_late >= LATE_APART:
            self._told_late = now
            self._tell(Event("late", f"{self.late} times another input had not come far enough"))

    def _offered_by(self, pipeline: Pipeline) -> list[Rung]:
        """Return the rungs that a graph offers, of those that are allowed."""
        reuses = any(step.node.reuses for step in pipeline.steps)
        return [rung for rung in self._rungs if rung != "reuse" or reuses]

    def _close(self) -> None:
        graph, self._graph = self._graph, None
        if graph is not None:
            self._retire(graph)

    def _retire(self, graph: LiveGraph) -> None:
        self._counted_late = 0
        graph.close()


def _said(exc: Exception) -> str:
    return str(exc) if isinstance(exc, StreamfxError) else f"{type(exc).__name__}: {exc}"


def _node_of(exc: Exception) -> str:
    return exc.node if isinstance(exc, NodeError) else ""
