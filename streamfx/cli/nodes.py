"""``streamfx nodes``: which nodes there are, and what each takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamfx.cli import options
from streamfx.cli.terminal import Terminal
from streamfx.errors import GraphError

if TYPE_CHECKING:  # brings torch, which --help does without
    from rich.console import RenderableType

    from streamfx.catalog import Catalog
    from streamfx.node import Node, Port


def command(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="ID", help="A node, such as compose.over.")
    ] = None,
    node_files: options.NodeFiles = None,
    json: options.Json = False,
) -> None:
    """List the nodes, or say everything about one."""
    from streamfx.cli.graph import open_catalog

    terminal: Terminal = context.obj
    terminal.json = json
    catalog = open_catalog(node_files)
    if name is not None:
        cls = catalog[name]
        if json:
            terminal.dump(describe(name, cls))
        else:
            terminal.show(*_page(name, cls))
        return
    loaded, broken = _load(catalog)
    if json:
        found = [describe(known, cls) for known, cls in loaded.items()]
        terminal.dump({"nodes": found, "broken": broken})
    else:
        terminal.show(_list(loaded, broken))


def describe(name: str, cls: type[Node]) -> dict[str, Any]:
    """Return everything about a node class as plain values; its parameters as a JSON schema."""
    return {
        "id": name,
        "summary": _summary(cls),
        "doc": _doc(cls),
        "inputs": {port: _port_facts(facts) for port, facts in cls.inputs.items()},
        "outputs": {out: kind.__name__ for out, kind in cls.outputs.items()},
        "stateless": cls.stateless,
        "past": cls.past,
        "parameters": cls.model_json_schema(),
    }


def default_of(cls: type[Node], name: str) -> str:
    """Return the default of a parameter as a preset would write it; empty where there is none."""
    field = cls.model_fields[name]
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _port_facts(port: Port) -> dict[str, Any]:
    return {"type": port.type.__name__, "policy": port.policy.value, "optional": port.optional}


def _load(catalog: Catalog) -> tuple[dict[str, type[Node]], dict[str, str]]:
    loaded: dict[str, type[Node]] = {}
    broken = dict(catalog.broken)
    for name in catalog:
        try:
            loaded[name] = catalog[name]
        except GraphError as exc:
            broken[name] = str(exc)
    return loaded, broken


def _doc(cls: type[Node]) -> str:
    import inspect

    return inspect.cleandoc(cls.__doc__ or "")


def _summary(cls: type[Node]) -> str:
    return _doc(cls).partition("\n")[0]


def _ports(cls: type[Node]) -> str:
    ins = ", ".join(name + ("?" if port.optional else "") for name, port in cls.inputs.items())
    return f"{ins} -> {', '.join(cls.outputs)}" if len(cls.outputs) > 1 else ins


def _list(loaded: dict[str, type[Node]], broken: dict[str, str]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("node", style="bold", header_style="dim", no_wrap=True)
    table.add_column("takes", style="cyan", header_style="dim", no_wrap=True)
    table.add_column("what it does", header_style="dim")
    for name, cls in loaded.items():
        table.add_row(name, _ports(cls), Text(_summary(cls)))
    for name, why in broken.items():
        table.add_row(name, "", Text(f"cannot be loaded: {why}", style="red"))
    return table


def _page(name: str, cls: type[Node]) -> list[RenderableType]:
    from rich.text import Text

    page: list[RenderableType] = [Text(name, style="bold"), Text(_doc(cls)), "", _port_table(cls)]
    if cls.model_fields:
        page += ["", _param_table(cls)]
    return page


def _port_table(cls: type[Node]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in ("port", "carries", "keeps up"):
        table.add_column(column, header_style="dim")
    for name, port in cls.inputs.items():
        words = port.policy.value + (", may stay unconnected" if port.optional else "")
        table.add_row(f"in   {name}", port.type.__name__, words)
    for name, kind in cls.outputs.items():
        table.add_row(f"out  {name}", kind.__name__, "")
    return table


def _param_table(cls: type[Node]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in ("parameter", "type", "default", "allowed", "live", "what it does"):
        table.add_column(column, header_style="dim")
    facts = cls.model_json_schema()
    for name, schema in facts.get("properties", {}).items():
        kind, allowed = _allowed(schema)
        live = "yes" if schema.get("live") else ""
        words = Text(schema.get("description", ""))
        default = default_of(cls, name) or "must be given"
        table.add_row(name, kind, Text(default), Text(allowed), live, words)
    return table


_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}


def _allowed(schema: dict[str, Any]) -> tuple[str, str]:
    """Return the type of a parameter and what bounds it, in words."""
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            schema = {**option, **schema}
    if "enum" in schema:
        return "one of", ", ".join(str(word) for word in schema["enum"])
    kind = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    words = [f"{word} {schema[key]:g}" for key, word in _BOUNDS.items() if key in schema]
    if "minimum" in schema and "maximum" in schema:
        words = [f"{schema['minimum']:g} to {schema['maximum']:g}"]
    unit = schema.get("unit", "")
    of = schema.get("type", "")
    return kind.get(of, of), " ".join([", ".join(words), unit]).strip()
