"""Runs a pipeline on a live stream, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import torch

from streamfx.engine.batching import Batcher
from streamfx.engine.channel import Closed
from streamfx.engine.feeds import Feed
from streamfx.engine.ladder import RUNGS, Rung
from streamfx.engine.live import Event, LiveStats, Shown
from streamfx.engine.live_controls import describe, set_value
from streamfx.engine.live_orders import Orders, Sources
from streamfx.engine.live_rates import Rate
from streamfx.engine.live_stage import Stage
from streamfx.engine.slot import Slot
from streamfx.frame import Frame, Sound
from streamfx.graph.build import Pipeline
from streamfx.models.store import Models, ModelStore
from streamfx.node import Context
from streamfx.timing import Clock, WallClock

__all__ = ["Event", "LiveStats", "Realtime", "Shown"]

log = logging.getLogger(__name__)

T = TypeVar("T")

FPS = Fraction(30)
"""Frames per second, until so many have come that they can be counted."""

SLOWEST, FASTEST = 1.0, 120.0
"""Frames per second that a live picture is taken to have at the least and at the most."""

SOUNDS = 256
"""Pieces of sound that wait for the next picture at the most; then the oldest go."""


class Realtime:
    """Runs a pipeline on a live stream: one frame in flight, one waiting, the newest wins.

    ``emit`` gets what is to be shown, and ``tell`` what has happened, both in the thread of the
    run; neither may wait for long. The run owns ``pipeline`` and ``feeds``. Where the graph cannot
    run, the picture passes through as it came. ``rungs`` are those that may be taken where there is
    no time for all of the work; ``full`` always may. ``label`` is what the caller knows the
    pipeline by.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        emit: Callable[[Shown], None],
        *,
        feeds: Mapping[str, Feed] | None = None,
        device: torch.device | None = None,
        models: Models | None = None,
        clock: Clock | None = None,
        batcher: Batcher | None = None,
        tell: Callable[[Event], None] | None = None,
        name: str = "live",
        rungs: Collection[Rung] = RUNGS,
        label: object = None,
    ) -> None:
        self._pipeline = pipeline
        self._label = self._runs = label
        self._emit = emit
        self._tell = tell
        self._name = name
        self._clock = clock or WallClock()
        models = models or ModelStore.installed()
        ctx = Context(device or torch.device("cpu"), torch.float32, models)
        self._stage = Stage(pipeline, ctx, self._clock, batcher, self._told, name, rungs)
        self._orders = Orders(feeds=dict(feeds or {}))
        self._lock = threading.Lock()
        self._slot: Slot[tuple[Frame, float]] = Slot()
        self._sounds: deque[Sound] = deque(maxlen=SOUNDS)
        self._came, self._went = Rate(), Rate()
        self._frames_out = self._left_out = 0
        self._sources = Sources()
        self._last_in: Fraction | None = None
        self._last_out: Fraction | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"graph {name}", daemon=True)

    def start(self) -> None:
        """Begin to take pictures."""
        self._thread.start()

    def close(self) -> None:
        """End the thread, close nodes and feeds. Any thread but the run's own; twice is fine."""
        self._slot.close()
        if self._thread.ident is not None:
            self._thread.join()
        with self._lock:
            closed, self._closed = self._closed, True
            orders, self._orders = self._orders, Orders()
        if not closed:
            self._stage.close()
        for feed in orders.feeds.values():
            if feed is not None:
                feed.close()

    def offer(self, frame: Frame) -> None:
        """Offer a picture; any thread. It replaces one that still waits, which counts as dropped.

        Its instant must be later than those before, or it is dropped.
        """
        now = self._clock.now()
        self._came.happened(now)
        self._slot.put((frame, now))

    def offer_sound(self, sound: Sound) -> None:
        """Offer sound to a graph that listens to it; any thread. Nothing comes of it otherwise."""
        self._sounds.append(sound)

    def switch(self, pipeline: Pipeline, label: object = None) -> None:
        """Run another pipeline from the next picture on; any thread.

        One that cannot be opened is told about, and the one before goes on.
        """
        with self._lock:
            self._pipeline = self._orders.pipeline = pipeline
            self._label = self._orders.label = label
            self._orders.params.clear()

    @property
    def label(self) -> object:
        """What the pipeline that runs, or is about to, is known by; any thread."""
        return self._label

    def set_param(self, node: str, name: str, value: object) -> object:
        """Set a parameter from the next picture on, and return it as taken; any thread.

        Raises :exc:`ParamError` where there is no such node or parameter, where it may not change
        while it runs, and where the value is out of bounds; the message says what is known.
        """
        with self._lock:
            taken = set_value(self._pipeline, node, name, value)
            self._orders.params[node, name] = taken
            return taken

    def set_feed(self, name: str, feed: Feed | None) -> None:
        """Put a feed in its place from the next picture on, or take it away; any thread.

        The run owns it from now on, and closes the one before.
        """
        with self._lock:
            if self._closed:
                unused = feed
            else:
                unused = self._orders.feeds.get(name)
                self._orders.feeds[name] = feed
                unused = None if unused is feed else unused
        if unused is not None:
            unused.close()

    def nodes(self) -> list[dict[str, Any]]:
        """Return each node with the parameters that may change, for controls; any thread.

        A list of ``{"id", "use", "title", "schema", "values"}``, plain values for JSON.
        """
        with self._lock:
            return describe(self._pipeline)

    @property
    def stats(self) -> LiveStats:
        """How the run fares; any thread."""
        now, stage = self._clock.now(), self._stage
        return LiveStats(
            frames_in=self._slot.offered,
            frames_out=self._frames_out,
            dropped=self._slot.dropped + self._left_out,
            late=stage.late,
            fps_in=self._came.read(now),
            fps_out=self._went.read(now),
            load=stage.ladder.load,
            rung=stage.ladder.rung,
            steps=stage.recent.latest,
            state=stage.state,
            why=stage.why,
        )

    def work(self, timeout: float | None = None) -> None:
        """Do all that the waiting picture needs, in the caller's thread, for a run not started.

        Raises TimeoutError where none comes in ``timeout`` seconds, ``Closed`` once closed.
        """
        frame, offered = self._slot.take(timeout)
        began = self._clock.now()
        shown = self._made_of(frame, offered)
        rung = self._stage.ladder.rung
        for made in shown:
            if self._last_out is not None and made.pts <= self._last_out:
                continue
            self._last_out = made.pts
            source, came = self._sources.of(made)
            now = self._clock.now()
            self._frames_out += 1
            self._went.happened(now)
            self._call(self._emit, Shown(made, source, came, now, rung))
        self._stage.measured(self._clock.now() - began, 1 / self._fps())

    def _run(self) -> None:
        while True:
            try:
                self.work()
            except Closed:
                return

    def _made_of(self, frame: Frame, offered: float) -> list[Frame]:
        """Return what is to be shown for a picture; nothing where it is left out."""
        stage = self._stage
        if self._last_in is not None and frame.pts <= self._last_in:
            self._left_out += 1
            return []
        self._last_in = frame.pts
        self._sources.note(frame, offered)
        try:
            self._obey(frame)
            if stage.skips():
                self._left_out += 1
                return []
            sounds = [self._sounds.popleft() for _ in range(len(self._sounds))]
            return stage.show(frame, sounds, Fraction(round(self._fps())))
        except Exception as exc:  # noqa: BLE001  a feed may fail in any way; the picture passes
            stage.fail(exc)
            return [frame]

    def _call(self, callback: Callable[[T], None], what: T) -> None:
        """Hand something over. What goes wrong there is none of the graph's business."""
        try:
            callback(what)
        except Exception:
            log.exception("%s: could not hand over %s", self._name, type(what).__name__)

    def _fps(self) -> float:
        known = self._came.known()
        return min(max(float(FPS) if known is None else known, SLOWEST), FASTEST)

    def _obey(self, frame: Frame) -> None:
        """Carry out what was ordered since the last picture; ``frame`` is the next one."""
        if not self._orders:
            return
        with self._lock:
            orders, self._orders = self._orders, Orders()
        stage = self._stage
        for name, feed in orders.feeds.items():
            stage.set_feed(name, feed)
        if orders.pipeline is not None:
            before = stage.pipeline
            failed = stage.switch(orders.pipeline, frame, Fraction(round(self._fps())))
            if failed is not None:
                with self._lock:
                    if self._pipeline is orders.pipeline:
                        self._pipeline, self._label = before, self._runs
                self._told(failed)
                return
            self._runs = orders.label
        for (node, name), value in orders.params.items():
            stage.set_param(node, name, value)

    def _told(self, event: Event) -> None:
        if self._tell is not None:
            self._call(self._tell, event)
