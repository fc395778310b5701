"""``streamfx render``: run footage through a graph, into a file."""

from __future__ import annotations

from typing import Annotated

import typer

from streamfx.cli import options
from streamfx.cli.report_file import ReportFile
from streamfx.cli.terminal import Terminal


def command(
    context: typer.Context,
    preset: options.Preset,
    source: options.Source,
    target: Annotated[str, typer.Argument(metavar="OUTPUT", help=options.TARGET)],
    inputs: options.Inputs = None,
    start: options.Start = None,
    end: options.End = None,
    fps: options.Fps = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="NAME=PATH",
            help="Where a further output of the graph goes.",
            rich_help_panel=options.OUT,
        ),
    ] = None,
    codec: options.Codec = None,
    quality: options.Quality = None,
    encoder: options.EncoderChoice = options.Encoder.AUTO,
    overwrite: options.Overwrite = False,
    params: options.Params = None,
    node_files: options.NodeFiles = None,
    device: options.Device = "auto",
    offline: options.Offline = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE.json", help="Write the whole report there.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Write progress and report as JSON, a line each.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write nothing but errors.")] = False,
) -> None:
    """Run INPUT through the graph PRESET, into OUTPUT.

    For example: streamfx render smooth-2x in.mp4 out.mp4 -p smooth.factor=4
    """
    terminal: Terminal = context.obj
    terminal.json, terminal.quiet, terminal.stdout_taken = json, quiet, target == "-"
    wires, further = options.pairs("-i", inputs), options.pairs("-o", outputs)
    settings = options.settings(
        start=start,
        end=end,
        codec=codec,
        quality=quality,
        fps=fps,
        encoder=encoder,
        device=device,
        overwrite=overwrite,
    )
    from streamfx.cli.graph import open_graph
    from streamfx.cli.pulling import ready_store
    from streamfx.cli.running import Job, conclude

    chosen = open_graph(preset, params, node_files)
    chosen.check_inputs(wires)
    chosen.check_outputs(further)
    facts = {"preset": preset, "source": source, "target": target}
    if report is not None:
        file = ReportFile(report, taken=[source, target, *wires.values(), *further.values()])
        terminal.keep = lambda outcome: file.write({**facts, **outcome})
    terminal.event("start", **facts, title=chosen.spec.title)
    models = ready_store(terminal, chosen.pipeline, offline=offline)
    job = Job(
        chosen.pipeline, source, target,
        inputs=wires, outputs=further, settings=settings, models=models,
    )  # fmt: skip
    conclude(terminal, job.run(terminal))
