"""How a run shows where it is: a bar on a terminal, events for a program, else nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streamfx.cli.terminal import Terminal

if TYPE_CHECKING:  # brings torch
    from streamfx.engine.report import Progress

Tell = Callable[["Progress"], None]

EVERY = 0.5
"""Seconds between two events."""


@contextmanager
def watch(terminal: Terminal, name: str, stop: threading.Event) -> Iterator[Tell]:
    """Yield what a run is to call with its progress."""
    if terminal.json:
        yield _Events(terminal)
    elif terminal.quiet or not sys.stderr.isatty():
        yield _nothing
    else:
        with _bar(terminal, name, stop) as tell:
            yield tell


def clock(seconds: float | None) -> str:
    """Return a time left as ``1:05``, or dashes where nobody knows."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _nothing(progress: Progress) -> None:
    pass


class _Events:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._told = float("-inf")

    def __call__(self, at: Progress) -> None:
        now = time.monotonic()
        if now - self._told < EVERY and at.done != 1:
            return
        self._told = now
        self._terminal.event(
            "progress",
            frames_in=at.frames_in,
            frames_out=at.frames_out,
            instant=float(at.instant),
            duration=None if at.whole is None else float(at.whole),
            done=None if at.done is None else round(at.done, 4),
            fps=round(at.speed, 2),
            elapsed=round(at.elapsed, 3),
            remaining=None if at.remaining is None else round(at.remaining, 1),
        )


@contextmanager
def _bar(terminal: Terminal, name: str, stop: threading.Event) -> Iterator[Tell]:
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=None),
        bars.TextColumn("{task.fields[share]:>4}", style="progress.percentage"),
        bars.TextColumn("{task.fields[frames]:>7} frames"),
        bars.TextColumn("{task.fields[speed]:>6} fps", style="cyan"),
        bars.TextColumn("{task.fields[left]:>7} left", style="progress.remaining"),
    )
    shown = bars.Progress(
        *columns, console=terminal.console(sys.stderr), transient=True, expand=True
    )
    with shown:
        task = shown.add_task(name, total=None, share="", frames=0, speed="-", left=clock(None))

        def tell(at: Progress) -> None:
            shown.update(
                task,
                description="stopping" if stop.is_set() else name,
                total=None if at.done is None else 1.0,
                completed=at.done or 0.0,
                share="" if at.done is None else f"{at.done:.0%}",
                frames=at.frames_out,
                speed=f"{at.speed:.1f}",
                left=clock(at.remaining),
            )

        yield tell
