"""Models on their way: a bar on a terminal, events for a program, else a line each."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streamfx.cli.explain import amount
from streamfx.cli.progress import EVERY
from streamfx.cli.terminal import Terminal

if TYPE_CHECKING:  # brings torch and pydantic
    from streamfx.graph.build import Pipeline
    from streamfx.models.pulling import Pulling, Tell
    from streamfx.models.store import ModelStore


def wanted(pipeline: Pipeline) -> list[str]:
    """Return the names of the models that the nodes of a graph load, each once."""
    return list(dict.fromkeys(name for step in pipeline.steps for name in step.node.wants()))


def ready_store(terminal: Terminal, pipeline: Pipeline, *, offline: bool) -> ModelStore:
    """Return a store with all models of a graph here: pulled, with a bar, where they were not."""
    from streamfx.models.store import ModelStore

    with shown(terminal) as tell:
        store = ModelStore.installed(offline=offline, tell=tell)
        pull(store, wanted(pipeline))
    return store


def pull(store: ModelStore, names: Iterable[str]) -> None:
    """Pull what is not here."""
    for name in names:
        if not store.here(name):
            store.pull(name)


@contextmanager
def shown(terminal: Terminal) -> Iterator[Tell]:
    """Yield what a store is to tell of its downloads."""
    news = _Events(terminal) if terminal.json else _Lines(terminal)
    if terminal.json or terminal.quiet or not sys.stderr.isatty():
        yield news
        return
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=None),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(
        *columns, console=terminal.console(sys.stderr), transient=True, expand=True
    ) as bar:
        tasks: dict[str, bars.TaskID] = {}

        def tell(at: Pulling) -> None:
            news(at)
            if at.what not in tasks:
                tasks[at.what] = bar.add_task(at.what, total=None)
            total = None if at.done is None else at.whole or None
            bar.update(tasks[at.what], total=total, completed=at.done or 0)

        yield tell


class _Lines:
    """One line for each download, before its first byte: its size and its licence."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._told: set[str] = set()

    def __call__(self, at: Pulling) -> None:
        if at.what in self._told or self._terminal.quiet:
            return
        self._told.add(at.what)
        size = f"{amount(at.whole)}, " if at.whole else ""
        sys.stderr.write(f"pulling {at.card.name}: {at.what} ({size}licence {at.card.licence})\n")
        sys.stderr.flush()


class _Events:
    """Events, at most two a second for each download."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._told: dict[str, float] = {}

    def __call__(self, at: Pulling) -> None:
        now = time.monotonic()
        if now - self._told.get(at.what, float("-inf")) < EVERY and at.done != at.whole:
            return
        self._told[at.what] = now
        self._terminal.event(
            "pull", model=at.card.name, licence=at.card.licence, file=at.what, bytes=at.done,
            of=at.whole or None,
        )  # fmt: skip
