"""Run a preset on pictures of its own before anybody asks: networks load, costs are measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from av import VideoFrame

from streamfx.engine.feeds import BlankFeed
from streamfx.engine.realtime import Realtime, Shown
from streamfx.errors import RunError
from streamfx.live.media.encoding import VideoEncoder
from streamfx.live.media.pictures import incoming, outgoing
from streamfx.live.sessions.equipment import Equipment
from streamfx.live.sessions.offered import Offered

SIZE = (1280, 720)
"""Pictures that the cost is measured on."""

FIRST = 3
"""Pictures that are not counted: caches fill, threads start."""

COUNTED = 8
"""Pictures that are."""

PATIENCE = 120.0
"""Seconds that all of it may take before the preset counts as broken."""


class WarmupError(RunError):
    """A preset did not bring pictures out."""


def warm_up(
    offered: Offered, equipment: Equipment, stopped: Callable[[], bool] = lambda: False
) -> float | None:
    """Run a preset on the path that sessions take, and return its cost; None once ``stopped``.

    The cost is the processor time of one 1280x720 picture, conversion and encoding included, in
    seconds. Raises :exc:`WarmupError` where nothing comes out. Takes a second or more.
    """
    came = threading.Semaphore(0)
    results: list[Shown] = []
    problems: list[str] = []

    def show(shown: Shown) -> None:
        results.append(shown)
        came.release()

    live = Realtime(
        offered.pipeline(),
        show,
        feeds={name: BlankFeed("#808080") for name in offered.inputs},
        device=equipment.device,
        models=equipment.models,
        tell=lambda event: problems.append(event.why) if event.kind == "failed" else None,
        name=f"warm-up {offered.name}",
        rungs=(),  # anything less than the whole graph would make the preset look cheap
    )
    encoder = VideoEncoder("H264")
    live.start()
    began, until = 0.0, time.monotonic() + PATIENCE
    try:
        for number in range(FIRST + COUNTED):
            if stopped():
                return None
            if number == FIRST:
                began = time.process_time()
            live.offer(incoming(_picture(number), Fraction(number, 30), Fraction(1, 30)))
            if not came.acquire(timeout=max(until - time.monotonic(), 0.01)):
                raise WarmupError(f"preset {offered.name} brings no pictures")
            encoder.encode(outgoing(results.pop().frame))
        if problems:
            raise WarmupError(f"preset {offered.name} fails: {problems[0]}")
        return (time.process_time() - began) / COUNTED
    finally:
        live.close()
        encoder.close()


def _picture(number: int) -> VideoFrame:
    """Return a picture with detail and motion, as a camera's is."""
    width, height = SIZE
    noise = np.random.default_rng(number).integers(96, 160, (height * 3 // 2, width), np.uint8)
    return VideoFrame.from_ndarray(noise, format="yuv420p")
