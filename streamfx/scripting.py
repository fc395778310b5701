"""Graphs written in Python: add nodes, wire them, run them on files, save them as presets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamfx.catalog import Catalog
from streamfx.engine import offline
from streamfx.engine.report import Progress, Report
from streamfx.engine.settings import RunSettings
from streamfx.errors import GraphError
from streamfx.frame import Frame
from streamfx.graph import preset
from streamfx.graph.build import Pipeline, build
from streamfx.graph.spec import AUDIO, SOURCE, VIDEO, GraphSpec, NodeSpec
from streamfx.node import Node

PathLike = str | Path


@dataclass(frozen=True, slots=True)
class Wire:
    """Something that a port can be connected to: an input of the graph, or what a node puts out."""

    graph: Graph
    feed: str

    def __getattr__(self, output: str) -> Wire:
        """Return one output of a node that has several, by its name."""
        if output.startswith("_") or self.feed.startswith(f"{SOURCE}."):
            raise AttributeError(output)
        return Wire(self.graph, f"{self.feed}.{output}")


class Graph:
    """A graph of nodes. The last node added comes out, unless :meth:`output` says otherwise.

    The same graph runs on files (:meth:`render`, :meth:`stream`) and is saved as a preset that the
    command line takes (:meth:`save`).
    """

    def __init__(self, title: str = "Untitled") -> None:
        self.title = title
        self._nodes: list[tuple[NodeSpec, Node]] = []
        self._outputs: dict[str, str] = {}
        self._catalog = Catalog.shipped()

    @property
    def video(self) -> Wire:
        """The pictures of the main input."""
        return Wire(self, VIDEO)

    @property
    def audio(self) -> Wire:
        """The sound of the main input."""
        return Wire(self, AUDIO)

    def input(self, name: str) -> Wire:
        """Return a further input, given by name when the graph runs."""
        return Wire(self, f"{SOURCE}.{name}")

    def add(self, node: Node, *, id: str | None = None, **wires: Wire) -> Wire:
        """Add a node and connect its ports by name; a driving port left out takes the node before.

        Raises :exc:`GraphError` when a port is missing, unknown, or takes something else.
        """
        use = self._catalog.id_of(type(node))
        for port, wire in wires.items():
            if not isinstance(wire, Wire) or wire.graph is not self:
                raise GraphError(f"{port} must be wired to something of this graph, got {wire!r}")
        spec = NodeSpec(
            id=id or self._free_id(use.rpartition(".")[2]),
            use=use,
            wires={port: wire.feed for port, wire in wires.items()},
            params=_changed(node),
        )
        self._nodes.append((spec, node))
        try:
            self.pipeline()
        except GraphError:
            self._nodes.pop()
            raise
        return Wire(self, spec.id)

    def output(self, **wires: Wire) -> Graph:
        """Choose what comes out: ``video=…``, ``audio=…``, or a further output of any name."""
        before = dict(self._outputs)
        self._outputs |= {name: wire.feed for name, wire in wires.items()}
        try:
            self.pipeline()
        except GraphError:
            self._outputs = before
            raise
        return self

    def render(
        self,
        source: PathLike,
        target: PathLike,
        *,
        settings: RunSettings | None = None,
        outputs: Mapping[str, PathLike] | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        **inputs: PathLike,
    ) -> Report:
        """Run a file through the graph into a file, and return what was done.

        Further inputs are given by name. Raises :exc:`UserError` before a frame is touched and
        :exc:`RunError` on the way; nothing half-written is left under the name of the target.
        """
        return offline.render(
            self.pipeline(),
            str(source),
            str(target),
            inputs={name: str(path) for name, path in inputs.items()},
            outputs={name: str(path) for name, path in (outputs or {}).items()},
            settings=settings,
            progress=progress,
            stop=stop,
        )

    def stream(
        self, source: PathLike, *, settings: RunSettings | None = None, **inputs: PathLike
    ) -> Iterator[Frame]:
        """Yield the frames that come out, one by one."""
        named = {name: str(path) for name, path in inputs.items()}
        return offline.stream(self.pipeline(), str(source), inputs=named, settings=settings)

    @property
    def spec(self) -> GraphSpec:
        """The graph as it would be saved."""
        return GraphSpec(self.title, tuple(spec for spec, _ in self._nodes), dict(self._outputs))

    def save(self, path: PathLike) -> None:
        """Write the graph as a preset that ``streamfx render`` takes."""
        Path(path).write_text(preset.write(self.spec), "utf-8")

    @classmethod
    def load(cls, name: PathLike, catalog: Catalog | None = None) -> Graph:
        """Return a shipped preset by name, or one of the user's own by path."""
        spec = preset.load(str(name))
        graph = cls(spec.title)
        graph._catalog = catalog or Catalog.installed()
        pipeline = build(spec, graph._catalog)
        graph._nodes = [(n, s.node) for n, s in zip(spec.nodes, pipeline.steps, strict=True)]
        graph._outputs = dict(spec.outputs)
        return graph

    def pipeline(self) -> Pipeline:
        """Return the pipeline with nodes of its own, so that a graph may run twice at once."""
        return build(self.spec, {}, {spec.id: node.fresh() for spec, node in self._nodes})

    def _free_id(self, wanted: str) -> str:
        taken = {spec.id for spec, _ in self._nodes}
        number = 2
        name = wanted
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        return name

    def __repr__(self) -> str:
        ids = ", ".join(spec.id for spec, _ in self._nodes) or "nothing yet"
        return f"<Graph {self.title!r}: {ids}>"


def chain(*nodes: Node, title: str = "Untitled") -> Graph:
    """Return a graph in which each node feeds the next."""
    graph = Graph(title)
    for node in nodes:
        graph.add(node)
    return graph


def _changed(node: Node) -> dict[str, Any]:
    """Return the parameters that differ from their defaults."""
    fields = type(node).model_fields
    return {
        name: getattr(node, name)
        for name, field in fields.items()
        if field.is_required() or getattr(node, name) != field.default
    }
