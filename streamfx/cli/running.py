"""A render as the shell sees it: progress while it runs, Ctrl-C, and the report at the end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from streamfx.cli.interrupt import Interrupt
from streamfx.cli.progress import watch
from streamfx.cli.summary import damage, summarise
from streamfx.cli.terminal import Terminal
from streamfx.engine.offline import render
from streamfx.engine.report import Report
from streamfx.engine.settings import RunSettings
from streamfx.errors import MediaError, Stopped
from streamfx.graph.build import Pipeline
from streamfx.models.store import Models


@dataclass(frozen=True, slots=True)
class Job:
    """One render, as asked for."""

    pipeline: Pipeline
    source: str
    target: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    settings: RunSettings = field(default_factory=RunSettings)
    models: Models | None = None

    def run(self, terminal: Terminal) -> Report:
        """Render, showing progress. A run that was cut short shows its report and raises."""
        name = "stdin" if self.source == "-" else os.path.basename(self.source)
        try:
            with Interrupt() as stop, watch(terminal, name, stop) as tell:
                return render(
                    self.pipeline,
                    self.source,
                    self.target,
                    inputs=self.inputs,
                    outputs=self.outputs,
                    settings=self.settings,
                    progress=tell,
                    stop=stop,
                    models=self.models,
                )
        except (Stopped, MediaError) as exc:
            if isinstance(exc.report, Report):
                _tell(terminal, exc.report)
            raise


def conclude(terminal: Terminal, report: Report) -> None:
    """Show the report, and keep it where that was asked for."""
    _tell(terminal, report)
    if terminal.keep is not None:
        terminal.keep({"status": "done", **report.as_dict()})
    terminal.event("done", report=report.as_dict())


def _tell(terminal: Terminal, report: Report) -> None:
    for message in damage(report):
        terminal.event("warning", message=message)
    if not (terminal.json or terminal.quiet):
        terminal.show(summarise(report))
