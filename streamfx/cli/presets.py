"""``streamfx presets``: which graphs there are, what each needs, and how it looks."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal
from streamfx.errors import GraphError, SettingError, TargetError

if TYPE_CHECKING:  # brings torch, which --help does without
    from rich.console import RenderableType

    from streamfx.cli.graph import Chosen


class Drawing(StrEnum):
    """What a graph is drawn as."""

    SVG = "svg"
    MERMAID = "mermaid"


_ENDINGS = {
    ".svg": Drawing.SVG,
    ".mmd": Drawing.MERMAID,
    ".mermaid": Drawing.MERMAID,
    ".md": Drawing.MERMAID,
}


def command(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="PRESET",
            help="A shipped preset by name, or the path of a .toml file.",
            autocompletion=options.preset_names,
        ),
    ] = None,
    draw: Annotated[bool, typer.Option("--draw", help="Draw the graph, to stdout.")] = False,
    kind: Annotated[
        Drawing | None,
        typer.Option("--as", help="What to draw it as; else what --out says, or svg."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Draw into a file: .svg or .mmd.")
    ] = None,
    overwrite: options.Overwrite = False,
    node_files: options.NodeFiles = None,
    json: options.Json = False,
) -> None:
    """List the presets, or say everything about one, or draw it."""
    from streamfx.cli.graph import open_graph

    terminal: Terminal = context.obj
    terminal.json = json
    drawn = draw or out is not None or kind is not None
    if name is None:
        if drawn:
            raise SettingError("--draw takes one preset: streamfx presets NAME --draw")
        _list(terminal, node_files)
        return
    chosen = open_graph(name, files=node_files)
    if drawn:
        _draw(terminal, chosen, kind, out, overwrite=overwrite)
    elif json:
        terminal.dump(describe(name, chosen))
    else:
        terminal.show(*_page(name, chosen))


def describe(name: str, chosen: Chosen) -> dict[str, Any]:
    """Return everything about a preset as plain values.

    ``schema`` is the JSON schema of its parameters, node by node, as ``-p NODE.PARAM=VALUE`` sets
    them; ``parameters`` are the values that the preset gives.
    """
    steps = chosen.pipeline.steps
    return {
        "name": name,
        "title": chosen.spec.title,
        "inputs": chosen.pipeline.named_inputs(),
        "outputs": dict(chosen.pipeline.outputs),
        "nodes": [{"id": s.id, "use": s.use, "from": dict(s.wires)} for s in steps],
        "parameters": {s.id: s.node.model_dump(mode="json") for s in steps},
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "title": chosen.spec.title,
            "properties": {s.id: type(s.node).model_json_schema() for s in steps},
            "additionalProperties": False,
        },
    }


def _list(terminal: Terminal, node_files: list[str] | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from streamfx.cli.graph import open_catalog
    from streamfx.graph.build import build
    from streamfx.graph.preset import load, shipped

    catalog = open_catalog(node_files)
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("preset", style="bold", header_style="dim", no_wrap=True)
    table.add_column("also needs", style="cyan", header_style="dim", no_wrap=True)
    table.add_column("what it does", header_style="dim")
    found = []
    for name in shipped():
        entry: dict[str, Any] = {"name": name}
        try:
            spec = load(name)
            inputs = build(spec, catalog).named_inputs()
        except GraphError as exc:
            entry["broken"] = str(exc)
            table.add_row(name, "", Text(f"cannot be built: {exc}", style="red"))
        else:
            entry |= {"title": spec.title, "inputs": inputs, "nodes": [n.use for n in spec.nodes]}
            table.add_row(name, " ".join(f"-i {n}=PATH" for n in inputs), Text(spec.title))
        found.append(entry)
    if terminal.json:
        terminal.dump({"presets": found})
    else:
        terminal.show(table)


def _page(name: str, chosen: Chosen) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in ("node", "is", "fed by", "with"):
        table.add_column(column, header_style="dim")
    for step in chosen.pipeline.steps:
        fed = ", ".join(
            feed if len(step.wires) == 1 else f"{port} = {feed}"
            for port, feed in step.wires.items()
        )
        values = {key: getattr(step.node, key) for key in type(step.node).model_fields}
        given = "  ".join(f"{key}={value}" for key, value in values.items())
        table.add_row(Text(step.id, style="bold"), Text(step.use), Text(fed), Text(given))
    needs = "".join(f" -i {needed}=PATH" for needed in chosen.pipeline.named_inputs())
    needs += "".join(
        f" [-o {out}=PATH]" for out in chosen.pipeline.outputs if out not in ("video", "audio")
    )
    page: list[RenderableType] = [Text(name, style="bold"), Text(chosen.spec.title), ""]
    if chosen.pipeline.steps:
        page += [table, ""]
    return [*page, Text(f"streamfx render {name} INPUT OUTPUT{needs}", style="dim")]


def _draw(
    terminal: Terminal, chosen: Chosen, kind: Drawing | None, out: str | None, *, overwrite: bool
) -> None:
    from streamfx.graph import draw

    kind = kind or _kind_of(out)
    text = draw.svg(chosen.pipeline) if kind is Drawing.SVG else draw.mermaid(chosen.pipeline)
    if out is None:
        terminal.data.write(text)
        return
    path = Path(out)
    if path.exists() and not overwrite:
        raise TargetError(f"{out} exists already; give --overwrite to replace it")
    if path.suffix.lower() == ".md":
        text = f"```mermaid\n{text}```\n"
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, "utf-8")
        os.replace(part, path)
    except OSError as exc:
        raise TargetError(f"cannot write {out}: {exc.strerror or exc}") from exc


def _kind_of(out: str | None) -> Drawing:
    if out is None:
        return Drawing.SVG
    ending = Path(out).suffix.lower()
    if ending not in _ENDINGS:
        raise TargetError(f"a graph is drawn as {', '.join(_ENDINGS)}; got {out!r}")
    return _ENDINGS[ending]
