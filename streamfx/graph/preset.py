"""Graphs as TOML: read, write, and find the shipped ones."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from streamfx.errors import GraphError
from streamfx.graph.spec import VIDEO, GraphSpec, NodeSpec

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_GRAPH_KEYS = ("title", "node", "output")
_NODE_KEYS = ("id", "use", "from", "with")


def shipped() -> list[str]:
    """Return the names of the presets that come with streamfx."""
    here = files("streamfx.presets").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in here if f.name.endswith(".toml"))


def load(name: str) -> GraphSpec:
    """Return a shipped preset by name, or the user's own by the path of its TOML file.

    Raises :exc:`GraphError` when there is no such preset, or when it is not a graph.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return _read(path)
    if name not in shipped():
        known = ", ".join(shipped())
        raise GraphError(
            f"no preset {name!r}; there are: {known} (or give the path of a .toml file)"
        )
    here = files("streamfx.presets")
    text = (here / f"{name}.toml").read_text("utf-8")
    return parse(text, folder=here if isinstance(here, Path) else None)


def parse(text: str, *, folder: Path | None = None) -> GraphSpec:
    """Return the graph that a TOML text describes.

    ``folder`` is where relative paths among the parameters start.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise GraphError(f"not TOML: {exc}") from exc
    _only("graph", table, _GRAPH_KEYS)
    title = _text("graph", table, "title")
    entries = table.get("node", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise GraphError("nodes are written as [[node]], one table each")
    nodes: list[NodeSpec] = []
    for number, entry in enumerate(entries, 1):
        nodes.append(_node(entry, number, nodes[-1].id if nodes else VIDEO))
    outputs = table.get("output", {})
    if not isinstance(outputs, dict) or not all(isinstance(v, str) for v in outputs.values()):
        raise GraphError('outputs are written as [output], name = "what feeds it"')
    return GraphSpec(title, tuple(nodes), outputs, folder)


def write(spec: GraphSpec) -> str:
    """Return the TOML text that :func:`parse` reads back as the same graph."""
    lines = [f"title = {_toml(spec.title)}"]
    for node in spec.nodes:
        lines += ["", "[[node]]", f"id = {_toml(node.id)}", f"use = {_toml(node.use)}"]
        if set(node.wires) == {""}:
            lines.append(f"from = {_toml(node.wires[''])}")
        elif node.wires:
            lines.append(f"from = {_toml(node.wires)}")
        if node.params:
            lines.append(f"with = {_toml(node.params)}")
    if spec.outputs:
        lines += ["", "[output]", *(f"{_key(k)} = {_toml(v)}" for k, v in spec.outputs.items())]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> GraphSpec:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        known = ", ".join(shipped())
        raise GraphError(f"no preset file {path}; shipped presets: {known}") from None
    except (OSError, UnicodeDecodeError) as exc:
        raise GraphError(f"cannot read preset {path}: {exc}") from exc
    try:
        return parse(text, folder=path.resolve().parent)
    except GraphError as exc:
        raise GraphError(f"{path}: {exc}") from exc


def _node(entry: dict[str, object], number: int, above: str) -> NodeSpec:
    use = _text(f"node {number}", entry, "use")
    entry = {"id": use.rpartition(".")[2], **entry}
    name = _text(f"node {number}", entry, "id")
    where = f"node {name!r}"
    if not _ID.fullmatch(name) or name == "input":
        raise GraphError(f"{where}: an id is letters, digits, - and _, and not 'input'")
    _only(where, entry, _NODE_KEYS)
    wires = entry.get("from", above)
    if isinstance(wires, str):
        wires = {"": wires}
    if not isinstance(wires, dict) or not all(isinstance(v, str) for v in wires.values()):
        raise GraphError(f'{where}: from is "a node" or {{ port = "a node" }}')
    params = entry.get("with", {})
    if not isinstance(params, dict):
        raise GraphError(f"{where}: with is a table of parameters")
    return NodeSpec(name, use, wires, params)


def _only(where: str, table: Mapping[str, object], known: Iterable[str]) -> None:
    unknown = [key for key in table if key not in known]
    if unknown:
        raise GraphError(f"{where}: unknown key {unknown[0]!r}; there are: {', '.join(known)}")


def _text(where: str, table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise GraphError(f"{where}: {key} must be given, as a text")
    return value


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Mapping():
            return "{ " + ", ".join(f"{_key(str(k))} = {_toml(v)}" for k, v in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(_toml(v) for v in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in text) + '"'
