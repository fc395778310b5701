"""Where a command writes: results and events to one stream, people's words to the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from streamfx.errors import MediaError

if TYPE_CHECKING:  # rich is imported by the first command that draws something
    from rich.console import Console, RenderableType


class Terminal:
    """The streams of one command. ``main`` makes it, the command sets it up, both write to it."""

    def __init__(self, *, debug: bool = False) -> None:
        self.debug = debug
        """Whether failures come with their traceback."""
        self.json = False
        """Whether programs read along: results and events are JSON."""
        self.stdout_taken = False
        """Whether stdout carries video, so that nothing else may go there."""
        self.quiet = False
        """Whether nothing but errors is written."""
        self.keep: Callable[[Mapping[str, object]], None] | None = None
        """Puts the outcome of a run into the file of ``--report``."""

    @property
    def data(self) -> TextIO:
        """The stream of results and events."""
        return sys.stderr if self.stdout_taken else sys.stdout

    def event(self, event: str, **facts: object) -> None:
        """Write one line of JSON, when asked for JSON."""
        if self.json:
            self.data.write(json.dumps({"event": event, **facts}, ensure_ascii=False) + "\n")
            self.data.flush()

    def dump(self, value: Any) -> None:  # noqa: ANN401  whatever JSON can hold
        """Write a result as JSON."""
        self.data.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def show(self, *what: RenderableType) -> None:
        """Write a result for people: in colour on a terminal, else without trailing blanks."""
        console = self.console(self.data)
        if console.is_terminal:
            console.print(*what, sep="\n")
            return
        with console.capture() as captured:
            console.print(*what, sep="\n")
        lines = (line.rstrip() for line in captured.get().splitlines())
        self.data.write("\n".join(lines) + "\n")

    def console(self, stream: TextIO) -> Console:
        """Return a console on a stream. A pipe is as wide as its lines: nothing is folded there."""
        from rich.console import Console

        there = stream.isatty()
        return Console(
            file=stream, highlight=False, markup=False, emoji=False, width=None if there else 160
        )

    def failed(self, exc: BaseException, message: str, code: int) -> None:
        """Say in one line why the command failed; as an event, too, when asked for JSON."""
        facts = {"kind": type(exc).__name__, "message": message, "exit_code": code}
        report = getattr(exc, "report", None)
        done = {} if report is None else report.as_dict()
        if self.keep is not None and code != 2:
            status = "stopped" if code == 130 else "failed"
            with suppress(MediaError):  # the failure at hand is the one to tell
                self.keep({"status": status, **facts, **done})
        self.event("error", **facts, **({"report": done} if done else {}))
        if not (self.json and self.data is sys.stderr):
            complain(message)


def complain(message: str) -> None:
    """Write one line to stderr."""
    line = " ".join(message.split())
    sys.stderr.write(f"streamfx: {line}\n")
    sys.stderr.flush()
