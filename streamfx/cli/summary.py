"""A report for people: what was written, how fast, and everything that was decided silently."""

from __future__ import annotations

from fractions import Fraction

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streamfx.engine.report import Report
from streamfx.timing import show_instant

DAMAGED_SHOWN = 5
"""Damaged ranges listed one by one; the rest are counted."""


def summarise(report: Report) -> RenderableType:
    """Return the report as a few aligned lines."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(report):
        facts.add_row(name, Text(text))
    parts: list[RenderableType] = [facts]
    if report.steps:
        parts += ["", _steps(report)]
    return Group(*parts)


def realtime(report: Report) -> float:
    """Return how many seconds of the source were worked on in a second."""
    return float(report.video_in.duration) / report.elapsed if report.elapsed > 0 else 0.0


def damage(report: Report) -> list[str]:
    """Return what was wrong with the source, one line each; many ranges are counted."""
    lines = [
        f"{show_instant(part.start)} to {show_instant(part.end)}: {part.what}"
        for part in report.damaged[:DAMAGED_SHOWN]
    ]
    more = len(report.damaged) - DAMAGED_SHOWN
    if more > 0:
        lines.append(f"and {more} more ranges; --report lists them all")
    if report.truncated:
        lines.append(f"the source {report.truncated}")
    return lines


def _facts(report: Report) -> list[tuple[str, str]]:
    where = "stdout" if report.target == "-" else report.target
    rows = [
        ("output", where),
        ("frames", f"{report.frames_in} in, {report.frames_out} out"),
        (
            "time",
            f"{report.elapsed:.2f} s: {report.speed:.1f} frames/s, "
            f"{realtime(report):.2f} x realtime, on {report.device}",
        ),
        ("in step", _sync(report)),
    ]
    if report.colour_in == report.colour_out:
        rows.append(("colour", report.colour_in))
    elif report.colour_in or report.colour_out:
        rows.append(("colour", f"{report.colour_in} -> {report.colour_out}"))
    if report.stages:
        busy = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in report.stages.items())
        rows.append(("busy", busy))
    if report.corrupt or report.repeated:
        rows.append(("source", f"{report.corrupt} corrupt frames, {report.repeated} repeated"))
    rows += [("damaged", line) for line in damage(report)]
    rows += [("note", note) for note in report.notes]
    return rows


def _sync(report: Report) -> str:
    change = f"duration {_offset(report.sync.duration)}"
    if report.sync.first is None or report.sync.last is None:
        return f"no sound; {change}"
    first, last = _offset(report.sync.first), _offset(report.sync.last)
    return f"picture to sound {first} at the begin, {last} at the end; {change}"


def _offset(seconds: Fraction) -> str:
    return f"{float(seconds) * 1000:+.1f} ms" if seconds else "+0 ms"


def _steps(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("node", header_style="dim")
    for name in ("items", "ms each", "share"):
        table.add_column(name, justify="right", header_style="dim")
    whole = sum(step.seconds for step in report.steps)
    for step in report.steps:
        share = f"{step.seconds / whole:.0%}" if whole else "-"
        table.add_row(Text(step.id), str(step.items), f"{step.milliseconds:.2f}", share)
    return table
