"""A pipeline opened for a live picture of one shape: one frame goes in, what is ready comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from streamfx.engine.batching import Batcher, Seat, fits
from streamfx.engine.feeds import Feed
from streamfx.engine.flow import Flow
from streamfx.engine.live_wiring import (
    info_of,
    input_of,
    may_be_sparse,
    pictures_of,
    sounds_of,
    survey,
)
from streamfx.engine.meter import StepTime
from streamfx.errors import NodeError
from streamfx.frame import Frame, Sound, Timed, VideoInfo
from streamfx.graph.build import Pipeline
from streamfx.graph.plan import Plan, plan
from streamfx.graph.spec import AUDIO, VIDEO
from streamfx.node import Context, Node

log = logging.getLogger(__name__)

PAUSE = Fraction(1)
"""Seconds without a frame after which the next one is marked as a cut."""

SPARE = 8
"""Frames of which nothing comes out, beside those that the plan holds back, before something must
be wrong if items wait at joins."""


class StaleError(Exception):
    """An input brings other pictures than the graph was planned for: it must be opened anew."""


class LiveGraph:
    """A pipeline while it runs on a live picture. One thread at a time.

    Nothing waits for another stream: before each frame every other input is brought to the frame's
    end, with what it has. ``pipeline`` is used up: its nodes are opened here and closed by
    :meth:`close`. ``feeds`` stay the caller's, who may put others in their place. Raises
    GraphError where the graph cannot take such pictures, RunError where a node cannot open,
    NoPictureError where a feed has nothing yet.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        video: VideoInfo,
        feeds: Mapping[str, Feed],
        ctx: Context,
        *,
        at: Fraction,
        clock: Callable[[], float] = lambda: 0.0,
        batcher: Batcher | None = None,
    ) -> None:
        self.late = 0
        """Joins so far that took what was there."""
        self.reusing = False
        """Whether nodes that can apply what they found before to the next frame are to do that."""
        self.pipeline = pipeline
        """What runs, with nodes that are open."""
        self._video = video
        self._device = ctx.device
        self._feeds = feeds
        self._pictures = pictures_of(pipeline)
        self._sounds = sounds_of(pipeline)
        self._sparse = {feed for feed in self._pictures if may_be_sparse(pipeline, feed)}
        self._brought: dict[str, Frame] = {}
        self._heard: Fraction | None = None
        self._last: Fraction | None = None
        self._out: list[Frame] = []
        self._vain = 0
        """Frames of which nothing has come out, one after the other."""
        self._infos = survey(pipeline, video, feeds, at)
        self.plan: Plan = plan(pipeline, self._infos)
        self._room = SPARE + sum(buffer.count for buffer in self.plan.buffers)
        self._ahead = max((s.node.lookahead for s in pipeline.steps), default=Fraction(0))
        self._seats: list[Seat] = []
        stand_ins = {
            s.id: call for s in pipeline.steps if (call := self._stand_in(s.node, batcher))
        }
        try:
            self._flow = Flow(pipeline, self.plan, ctx, self._came_out, clock, stand_ins)
        except BaseException:
            self.close()
            raise

    def push(self, frame: Frame, sounds: Iterable[Sound] = ()) -> list[Frame]:
        """Run the graph on a frame, and return the frames that came out, in order.

        Raises :exc:`NodeError` where a node fails, :exc:`StaleError` where an input has changed;
        the graph must then be closed.
        """
        if self._last is not None and frame.pts - self._last > PAUSE:
            frame = frame.marked(cut=True)
        self._last = frame.pts
        for feed in self._pictures:
            self._bring(feed, frame)
        self._listen(frame, sounds)
        self._flow.push(VIDEO, (frame,))
        made, self._out = self._out, []
        self._vain = 0 if made else self._vain + 1
        if self._vain > self._room and self._flow.waiting > self._room:
            raise NodeError(self.pipeline.steps[-1].id, frame.pts, "its inputs never meet")
        return made

    def fits(self, video: VideoInfo) -> bool:
        """Return whether pictures like these may be pushed: the rate may differ."""
        mine = self._video
        return (mine.width, mine.height, mine.alpha, mine.colour) == (
            video.width,
            video.height,
            video.alpha,
            video.colour,
        )

    def steps(self) -> tuple[StepTime, ...]:
        """Return what each step has cost so far."""
        return self._flow.meter.read([step.id for step in self.pipeline.steps])

    def close(self) -> None:
        """Close every node, whatever another one does at its end."""
        for seat in self._seats:
            seat.close()
        for step in self.pipeline.steps:
            try:
                step.node.close()
            except Exception:
                log.exception("node %r failed to close", step.id)

    def _came_out(self, name: str, item: Timed) -> None:
        if name == "video" and isinstance(item, Frame):
            self._out.append(item)

    def _picture(self, feed: str, at: Fraction) -> Frame | None:
        return self._feeds[input_of(feed)].frame_at(at, self._video.width, self._video.height)

    def _bring(self, feed: str, frame: Frame) -> None:
        """Bring a named input to the end of a frame."""
        made = self._picture(feed, frame.pts)
        if made is None:
            self.late += 1
        elif made is not self._brought.get(feed) or feed not in self._sparse:
            self._check(feed, made)
            self._brought[feed] = made
            self._flow.push(feed, (self._here(made).at(frame.pts, frame.duration),))
        self._flow.reach(feed, frame.end)

    def _check(self, feed: str, made: Frame) -> None:
        """Raise where a picture is not as planned; the size matters only to steps it drives."""
        now, planned = info_of(made, self._video.fps), self._infos[feed]
        assert isinstance(planned, VideoInfo)
        if not any(step.driver == feed for step in self.pipeline.steps):
            now = now.sized(planned.width, planned.height)
        if now != planned:
            raise StaleError

    def _here(self, frame: Frame) -> Frame:
        if self._device.type == "cpu" or frame.image.device == self._device:
            return frame
        return frame.showing(frame.image.to(self._device))

    def _listen(self, frame: Frame, sounds: Iterable[Sound]) -> None:
        for sound in sounds:
            if AUDIO in self._sounds and (self._heard is None or sound.end > self._heard):
                self._flow.push(AUDIO, (sound,))
                self._heard = sound.end
        for feed in self._sounds:
            if feed == AUDIO and (self._heard is None or self._heard < frame.end):
                self.late += 1
            self._flow.reach(feed, frame.end + self._ahead)

    def _stand_in(self, node: Node, batcher: Batcher | None) -> Callable[..., Any] | None:
        process: Callable[..., Any] = node.process
        shared = batcher is not None and fits(node)
        if batcher is not None and shared:
            seat = batcher.seat(node, self._device, self)
            self._seats.append(seat)
            process = seat.process
        if not node.reuses:
            return process if shared else None

        def call(frame: Frame, **others: Timed) -> Any:  # noqa: ANN401  whatever the node puts out
            made = node.reuse(frame) if self.reusing else None
            return process(frame, **others) if made is None else made

        return call
