"""Brings items from the inputs to the flow, in one thread, always from the one least far."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from streamfx.engine.channel import Closed
from streamfx.engine.flow import Emit, Flow
from streamfx.engine.inputs import Input
from streamfx.engine.preparation import Prepared
from streamfx.engine.sync import Tracker
from streamfx.frame import Frame, Sound, Timed
from streamfx.graph.spec import VIDEO
from streamfx.media.packets import Copied
from streamfx.models.store import Models
from streamfx.node import Context

TICK = 0.1
"""Seconds after which a wait for input is broken off to look at the world."""

OVERRUN = 10
"""Seconds read past the end of a range, at the most, for sound that lies late in the file."""


class Pump:
    """Brings items from the inputs to the flow, always from the one that is least far."""

    def __init__(self, ready: Prepared, emit: Emit, models: Models) -> None:
        self.copied: Copied | None = None
        """The packet that was read last, when it was one."""
        self.frames = 0
        """Frames of the main input that were read."""
        self.busy = 0.0
        """Seconds that the flow took, waiting for encoders included."""
        self.tracker = Tracker(ready.interval)
        self._ready = ready
        self._emit = emit
        self._open = list(ready.inputs)
        self._range = RangeEnd(ready)
        steps = ready.pipeline.steps
        self._chunk = max((s.node.batch_size for s in steps if s.node.stateless), default=1)
        self._batch: list[Frame] = []
        device = ready.device
        ctx = Context(device, torch.float32, models) if device is not None else None
        self.flow = Flow(ready.pipeline, ready.plan, ctx, self._came_out, time.perf_counter)
        for entry in ready.inputs:
            entry.start()

    def __iter__(self) -> Iterator[None]:
        """Do one small thing at a time, until everything that is wanted has come out."""
        while self._open and not self.flow.done and not self._range.complete:
            entry = min(self._open, key=lambda one: one.position)
            self.copied = None
            try:
                item = entry.take(TICK)
            except TimeoutError:
                pass
            except Closed:
                self._ended(entry)
            else:
                began = time.perf_counter()
                self._bring(entry, item)
                self.busy += time.perf_counter() - began
            yield

    def close(self) -> None:
        """Close nodes and inputs."""
        self.flow.close()
        self._ready.close()

    def _bring(self, entry: Input, item: Frame | Sound | Copied) -> None:
        main = entry is self._ready.inputs[0]
        if main:
            self.tracker.came_in(item)
            self._range.read(item)
        feed = entry.feed_of(item)
        if isinstance(item, Copied):
            self.copied = item
        elif self._range.shown:
            pass  # only sound that lies late in the file is still wanted
        elif feed is not None and main and isinstance(item, Frame):
            self.frames += 1
            self._batch.append(item)
            if len(self._batch) >= self._chunk:
                self._push_batch()
        elif feed is not None:
            self.flow.push(feed, [item])
        if len(entry.feeds) > 1:
            for late, instant in entry.overtaken(item):
                self.flow.reach(late, instant)

    def _push_batch(self) -> None:
        batch, self._batch = self._batch, []
        self.flow.push(VIDEO, batch)

    def _ended(self, entry: Input) -> None:
        self._open.remove(entry)
        if entry is self._ready.inputs[0]:
            self._push_batch()
        for feed in entry.feeds.values():
            self.flow.end(feed)

    def _came_out(self, name: str, item: Timed) -> None:
        self._range.came_out(name, item)
        self._emit(name, item)


class RangeEnd:
    """Knows when everything up to the end of the wanted range has been read and has come out."""

    def __init__(self, ready: Prepared) -> None:
        self._end = ready.interval[1] if ready.interval else None
        self._ends = {
            name: interval[1]
            for name in ready.pipeline.outputs
            if (interval := ready.interval_of(name)) is not None
        }
        self._outputs = set(ready.pipeline.outputs)
        self._tracks = {s.index for s in ready.inputs[0].reader.copied if s.type == "audio"}
        if "audio" in self._outputs:
            self._tracks.clear()
        self._overrun = False

    @property
    def shown(self) -> bool:
        """Whether everything that the graph makes of the range has come out."""
        return not self._outputs

    @property
    def complete(self) -> bool:
        """Whether the copied sound is complete, too."""
        return self.shown and (not self._tracks or self._overrun)

    def came_out(self, name: str, item: Timed) -> None:
        """Note what the graph has put out."""
        end = self._ends.get(name)
        if end is not None and item.pts >= end:
            self._outputs.discard(name)

    def read(self, item: Frame | Sound | Copied) -> None:
        """Note what has been read of the main input."""
        if self._end is None or item.pts < self._end:
            return
        if isinstance(item, Copied):
            self._tracks.discard(item.stream.index)
        self._overrun = self._overrun or item.pts > self._end + OVERRUN
