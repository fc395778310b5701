"""``streamfx doctor``: what this machine can do, what it cannot, and how to mend that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal

if TYPE_CHECKING:  # brings torch, which --help does without
    from rich.console import RenderableType

    from streamfx.cli.checks import Finding

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def command(context: typer.Context, json: options.Json = False) -> None:
    """Check versions, codecs, hardware, compiler, folders and packs; each fault with its fix."""
    from streamfx.cli.checks import check_all

    terminal: Terminal = context.obj
    terminal.json = json
    found = check_all()
    healthy = all(finding.state != "fail" for finding in found)
    if json:
        terminal.dump({"healthy": healthy, "findings": [f.as_dict() for f in found]})
    else:
        terminal.show(_page(found), "", _verdict(found))
    if not healthy:
        raise typer.Exit(1)


def _page(found: Sequence[Finding]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    topic = ""
    for finding in found:
        shown = finding.topic if finding.topic != topic else ""
        topic = finding.topic
        detail = Text(finding.detail)
        if finding.fix:
            detail.append(f"\n-> {finding.fix}", style="italic")
        state = Text(finding.state, style=_STYLES[finding.state])
        table.add_row(state, shown, Text(finding.name), detail)
    return table


def _verdict(found: Sequence[Finding]) -> str:
    states = [finding.state for finding in found]
    fails, warns = states.count("fail"), states.count("warn")
    if fails:
        return f"{fails} of {len(found)} checks failed: something that is needed is not there"
    if warns:
        return f"Everything needed is there; {warns} of {len(found)} checks have advice"
    return f"All {len(found)} checks are well"
