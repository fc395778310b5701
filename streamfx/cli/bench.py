"""``streamfx bench``: how fast a graph runs on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal
from streamfx.errors import SettingError, Stopped

if TYPE_CHECKING:  # brings torch, which --help does without
    from rich.console import RenderableType

    from streamfx.cli.graph import Chosen
    from streamfx.engine.report import Report
    from streamfx.engine.settings import RunSettings

SMALLEST, LARGEST = 64, 8192


def command(
    context: typer.Context,
    preset: Annotated[
        str,
        typer.Argument(metavar="PRESET", help="A preset.", autocompletion=options.preset_names),
    ] = "identity",
    source: Annotated[
        str | None,
        typer.Option("--input", metavar="FILE", help="A clip; left out: one is drawn."),
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("-i", metavar="NAME=PATH", help="A further input.")
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Size of the drawn clip.")] = "1920x1080",
    frames: Annotated[
        int, typer.Option(metavar="N", min=1, help="Frames of the drawn clip.")
    ] = 100,
    repeat: Annotated[int, typer.Option(metavar="N", min=1, help="Runs; the median counts.")] = 3,
    codec: Annotated[
        str, typer.Option(metavar="NAME", help="Encode as; rawvideo leaves encoding out.")
    ] = "h264",
    params: options.Params = None,
    node_files: options.NodeFiles = None,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Measure how fast a graph runs here: frames per second, and the time of every node."""
    terminal: Terminal = context.obj
    terminal.json = json
    wires, (width, height) = options.pairs("-i", inputs), parse_size(size)
    settings = options.settings(codec=codec, device=device, overwrite=True)
    from streamfx.cli.graph import open_graph

    chosen = open_graph(preset, params, node_files)
    chosen.check_inputs(wires)
    with tempfile.TemporaryDirectory(prefix="streamfx-") as folder:
        clip = source or _drawn(Path(folder), width, height, frames)
        target = str(Path(folder) / ("bench.nut" if codec == "rawvideo" else "bench.mkv"))
        reports = [
            _once(terminal, chosen, clip, target, wires, settings, f"run {number} of {repeat}")
            for number in range(1, repeat + 1)
        ]
    found = {"preset": preset, "source": source or f"drawn, {size}", "codec": codec}
    found |= figures(reports)
    if json:
        terminal.dump(found)
    else:
        terminal.show(*_page(found))


def parse_size(text: str) -> tuple[int, int]:
    """Return columns and lines from ``1920x1080``. Raises :exc:`SettingError`."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise SettingError(f"a size is WIDTHxHEIGHT, for example 1920x1080; got {text!r}")
    for side in (int(width), int(height)):
        if side % 2 or not SMALLEST <= side <= LARGEST:
            raise SettingError(
                f"a side must be even, at least {SMALLEST} and at most {LARGEST}; got {text!r}"
            )
    return int(width), int(height)


def figures(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the medians of several runs of the same graph."""
    first = reports[0]
    return {
        "device": first.device,
        "frames": first.frames_in,
        "runs": [round(report.speed, 2) for report in reports],
        "frames_per_second": round(median(report.speed for report in reports), 2),
        "busy_seconds": {
            stage: round(median(report.stages[stage] for report in reports), 3)
            for stage in first.stages
        },
        "ms_per_item": {
            step.id: round(median(report.steps[i].milliseconds for report in reports), 3)
            for i, step in enumerate(first.steps)
        },
    }


def _drawn(folder: Path, width: int, height: int, frames: int) -> str:
    from fractions import Fraction

    from streamfx.media.testcard import Card, draw

    card = Card(width, height, seconds=Fraction(frames, 25))
    draw(folder / "clip.mp4", card)
    return str(folder / "clip.mp4")


def _once(
    terminal: Terminal,
    chosen: Chosen,
    source: str,
    target: str,
    inputs: dict[str, str],
    settings: RunSettings,
    name: str,
) -> Report:
    from streamfx.cli.interrupt import Interrupt
    from streamfx.cli.progress import watch
    from streamfx.engine.offline import render

    with Interrupt() as stop:
        shown = nullcontext() if terminal.json else watch(terminal, name, stop)
        with shown as tell:
            try:
                return render(
                    chosen.pipeline,
                    source,
                    target,
                    inputs=inputs,
                    settings=settings,
                    progress=tell,
                    stop=stop,
                )
            except Stopped as exc:
                raise Stopped("stopped; nothing was measured") from exc


def _page(found: dict[str, Any]) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    runs = ", ".join(f"{speed:g}" for speed in found["runs"])
    busy = ", ".join(f"{stage} {seconds:g} s" for stage, seconds in found["busy_seconds"].items())
    rows = (
        ("preset", found["preset"]),
        ("input", f"{found['source']}, {found['frames']} frames"),
        ("output", found["codec"]),
        ("device", found["device"]),
        ("speed", f"{found['frames_per_second']:g} frames/s (median of {runs})"),
        ("busy", busy),
    )
    for name, text in rows:
        facts.add_row(name, Text(text))
    for step, time in found["ms_per_item"].items():
        facts.add_row(f"node {step}", Text(f"{time:g} ms an item"))
    return [facts]
