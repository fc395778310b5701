"""``streamfx explain``: what a render would do, before a frame is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streamfx.cli import options
from streamfx.cli.progress import clock
from streamfx.cli.terminal import Terminal

if TYPE_CHECKING:  # brings torch, which --help does without
    from rich.console import RenderableType

    from streamfx.engine.estimate import Explanation, Wanted


def command(
    context: typer.Context,
    preset: options.Preset,
    source: options.Source,
    target: Annotated[
        str | None, typer.Argument(metavar="OUTPUT", help=f"{options.TARGET} Left out: an MP4.")
    ] = None,
    inputs: options.Inputs = None,
    start: options.Start = None,
    end: options.End = None,
    fps: options.Fps = None,
    codec: options.Codec = None,
    quality: options.Quality = None,
    encoder: options.EncoderChoice = options.Encoder.AUTO,
    params: options.Params = None,
    node_files: options.NodeFiles = None,
    device: options.Device = "auto",
    json: options.Json = False,
) -> None:
    """Say what a render would do: every wire, the output, the time, the memory, the disk.

    A few frames are rendered to measure the time; nothing of them stays.
    """
    terminal: Terminal = context.obj
    terminal.json = json
    wires = options.pairs("-i", inputs)
    settings = options.settings(
        start=start,
        end=end,
        codec=codec,
        quality=quality,
        fps=fps,
        encoder=encoder,
        device=device,
        overwrite=True,
    )
    from streamfx.cli.graph import open_graph
    from streamfx.engine.estimate import explain

    chosen = open_graph(preset, params, node_files)
    chosen.check_inputs(wires)
    found = explain(chosen.pipeline, source, target, inputs=wires, settings=settings)
    if json:
        terminal.dump(found.as_dict())
    else:
        terminal.show(*page(found))


def page(found: Explanation) -> list[RenderableType]:
    """Return the plan for people."""
    from rich.table import Table
    from rich.text import Text

    wires = Table(box=None, padding=(0, 2), pad_edge=False)
    wires.add_column("wire", header_style="dim", no_wrap=True)
    wires.add_column("carries", header_style="dim")
    for wire in found.wires:
        wires.add_row(Text(wire.feed, style="bold"), Text(str(wire)))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(found):
        facts.add_row(name, Text(text))
    return [Text(found.title, style="bold"), "", wires, "", facts]


def amount(count: int) -> str:
    """Return a number of bytes for people."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit in ("B", "kB") else f"{size:.1f} {unit}"


def _facts(found: Explanation) -> list[tuple[str, str]]:
    encode = found.encode
    chosen = "  ".join(f"{key}={value}" for key, value in encode.options.items())
    rows = [("input", line) for line in found.streams]
    rows += [
        ("output", f"{found.target or 'an MP4'} ({encode.container.name})"),
        ("encoder", f"{encode.encoder}, {encode.pix_fmt}, {encode.colour}"),
    ]
    if chosen:
        rows.append(("", chosen))
    rows.append(("device", found.device))
    rows += [("model", _model(model)) for model in found.models]
    rows += [("buffer", f"{b.count} items wait at {b.step}.{b.port}") for b in found.buffers]
    rows += [
        ("latency", f"{float(found.latency) * 1000:.0f} ms"),
        ("frames", "unknown" if found.frames is None else str(found.frames)),
        ("time", _time(found)),
        ("memory", f"about {amount(found.memory)} at the most"),
        ("disk", _disk(found)),
    ]
    return rows + [("note", note) for note in found.notes]


def _model(model: Wanted) -> str:
    where = "here" if model.here else f"not pulled ({amount(model.size)})"
    return f"{model.name}, licence {model.licence}, {where}"


def _time(found: Explanation) -> str:
    if not found.probed:
        return "unknown: nothing was measured"
    measured = f"measured on {found.probed} frames"
    if found.seconds is None or found.frames is None:
        return f"unknown: nothing says how many frames there are ({measured})"
    rate = found.frames / found.seconds if found.seconds else 0.0
    return f"about {clock(found.seconds)} (minutes:seconds) at {rate:.1f} frames/s ({measured})"


def _disk(found: Explanation) -> str:
    need = "unknown" if found.disk is None else f"about {amount(found.disk)}"
    return need if found.disk_free is None else f"{need}; {amount(found.disk_free)} free there"
