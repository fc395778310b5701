"""From the words of a command line to a graph that can run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from streamfx.catalog import Catalog
from streamfx.errors import GraphError, ParamError
from streamfx.graph.build import Pipeline, build
from streamfx.graph.preset import load
from streamfx.graph.spec import GraphSpec, NodeSpec
from streamfx.node import Node


@dataclass(frozen=True, slots=True)
class Chosen:
    """A graph as chosen on the command line."""

    catalog: Catalog
    spec: GraphSpec
    pipeline: Pipeline

    def check_inputs(self, given: Mapping[str, str]) -> None:
        """Raise :exc:`GraphError` unless exactly the inputs that the graph needs are given."""
        needed = self.pipeline.named_inputs()
        missing = [name for name in needed if name not in given]
        unknown = [name for name in given if name not in needed]
        if missing:
            ask = " ".join(f"-i {name}=PATH" for name in missing)
            have = ", ".join(given) or "none"
            raise GraphError(f"the graph also needs {ask}; given: {have}")
        if unknown:
            known = ", ".join(needed) or "none besides INPUT"
            raise GraphError(f"the graph has no input {unknown[0]!r}; there are: {known}")

    def check_outputs(self, given: Mapping[str, str]) -> None:
        """Raise :exc:`GraphError` for an output that the graph does not have."""
        known = [name for name in self.pipeline.outputs if name not in ("video", "audio")]
        for name in given:
            if name not in known:
                there = ", ".join(known) or "none besides OUTPUT"
                raise GraphError(f"the graph has no output {name!r}; there are: {there}")


def open_catalog(files: Sequence[str] | None) -> Catalog:
    """Return every node there is: shipped, installed, and those of the user's own files."""
    catalog = Catalog.installed()
    for path in files or ():
        catalog.add_file(path)
    return catalog


def open_graph(
    preset: str, params: Sequence[str] | None = None, files: Sequence[str] | None = None
) -> Chosen:
    """Return a preset, with ``params`` (NODE.PARAM=VALUE) set and checked against all nodes."""
    catalog = open_catalog(files)
    spec = load(preset)
    for text in params or ():
        spec = set_param(spec, catalog, text)
    return Chosen(catalog, spec, build(spec, catalog))


def set_param(spec: GraphSpec, catalog: Mapping[str, type[Node]], text: str) -> GraphSpec:
    """Return the graph with one parameter set. Raises :exc:`ParamError` listing what is known."""
    place, sign, value = text.partition("=")
    node_id, dot, name = place.partition(".")
    if not (sign and dot and node_id and name):
        raise ParamError(f"-p takes NODE.PARAM=VALUE, got {text!r}")
    entry = next((node for node in spec.nodes if node.id == node_id), None)
    if entry is None:
        known = ", ".join(node.id for node in spec.nodes) or "none"
        raise ParamError(f"-p {place}: the graph has no node {node_id!r}; there are: {known}")
    changed = replace(entry, params={**entry.params, name: _value(entry, name, value, catalog)})
    nodes = tuple(changed if node is entry else node for node in spec.nodes)
    return replace(spec, nodes=nodes)


def _value(entry: NodeSpec, name: str, text: str, catalog: Mapping[str, type[Node]]) -> object:
    """Return a text as the parameter wants it: as TOML would read it, else as it stands."""
    if entry.use not in catalog:
        return text  # build names the unknown node
    cls = catalog[entry.use]
    field = cls.model_fields.get(name)
    if field is None:
        known = ", ".join(cls.model_fields) or "none"
        raise ParamError(
            f"node {entry.id!r} ({entry.use}) has no parameter {name!r}; there are: {known}"
        )
    wanted = get_args(field.annotation) or (field.annotation,)
    value = _toml(text)
    if Path in wanted:  # seen from here, not from the preset's folder
        return str(Path(value if isinstance(value, str) else text).absolute())
    if not isinstance(value, str) and (str in wanted or text in wanted):
        return text  # a word such as 2024 where words are wanted
    return value


def _toml(text: str) -> Any:  # noqa: ANN401  whatever TOML can say
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return table["value"] if set(table) == {"value"} else text
