"""``streamfx demo``: draw a clip, render it through a graph of several nodes, show the report."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal, complain

DEFAULT = "streamfx-demo.mp4"
PRESET = "demo"


def command(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Argument(metavar="OUTPUT", help=f"Where it goes; left out: {DEFAULT}, replaced."),
    ] = None,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
) -> None:
    """Draw a short clip with sound and render it through the preset "demo"."""
    terminal: Terminal = context.obj
    terminal.stdout_taken = target == "-"
    if sys.stderr.isatty():
        complain("drawing a clip of 4 seconds ...")
    from streamfx.cli.graph import open_graph
    from streamfx.cli.running import Job, conclude
    from streamfx.media.testcard import draw

    chosen = open_graph(PRESET)
    settings = options.settings(device=device, overwrite=overwrite or target is None)
    with tempfile.TemporaryDirectory(prefix="streamfx-") as folder:
        clip = Path(folder) / "testcard.mp4"
        draw(clip)
        report = Job(chosen.pipeline, str(clip), target or DEFAULT, settings=settings).run(terminal)
    conclude(terminal, report)
    if not terminal.stdout_taken:
        where = Path(report.target).resolve()
        terminal.show("", f"The preset {PRESET!r} ({chosen.spec.title}) made {where}")
