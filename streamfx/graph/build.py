"""Check a graph against a catalog, and make its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamfx.errors import GraphError, ParamError
from streamfx.frame import Frame, Sound
from streamfx.graph.spec import AUDIO, SOURCE, VIDEO, GraphSpec, NodeSpec
from streamfx.node import Node


@dataclass(frozen=True, slots=True)
class Step:
    """A node in its place."""

    id: str
    """Its name in the graph."""
    use: str
    """Id of its class in the catalog."""
    node: Node
    """The node itself, with its parameters."""
    wires: Mapping[str, str]
    """Every connected port, the driving one first, to the feed that it listens to."""

    @property
    def driver(self) -> str:
        """The feed that drives this step."""
        return next(iter(self.wires.values()))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in an order in which each comes after whatever feeds it.

    A *feed* is one stream: ``input.video``, ``input.audio``, ``input.<name>`` (pictures),
    ``input.<name>.audio`` (sound), or ``<step>.<output>``.
    """

    title: str
    steps: tuple[Step, ...]
    outputs: Mapping[str, str]
    """Name of an output to its feed. ``video`` is always there."""
    inputs: Mapping[str, type]
    """Every feed from outside that is listened to, and the class of what flows along it."""

    def named_inputs(self) -> list[str]:
        """Return the names of the inputs besides the main one, sorted."""
        names = {feed.split(".")[1] for feed in self.inputs if feed not in (VIDEO, AUDIO)}
        return sorted(names)


def build(
    spec: GraphSpec,
    catalog: Mapping[str, type[Node]],
    nodes: Mapping[str, Node] | None = None,
) -> Pipeline:
    """Return the pipeline, or raise :exc:`GraphError` saying what is wrong with the graph.

    ``nodes`` are by id those that have been made already; the others are made from the catalog.
    """
    made = nodes or {}
    feeds: dict[str, type] = {}
    inputs: dict[str, type] = {}
    steps: list[Step] = []
    above = VIDEO
    for entry in spec.nodes:
        if any(step.id == entry.id for step in steps):
            raise GraphError(f"two nodes are called {entry.id!r}")
        cls = type(made[entry.id]) if entry.id in made else _class(entry, catalog)
        wires = _wires(entry, cls, above, feeds, inputs)
        node = made.get(entry.id) or _make(entry, cls, spec.folder)
        steps.append(Step(entry.id, entry.use, node, wires))
        feeds |= {f"{entry.id}.{out}": kind for out, kind in cls.outputs.items()}
        above = entry.id
    outputs = {"video": above, **spec.outputs}
    resolved = {
        name: _resolve(f"output {name!r}", feed, _output_kind(name, feed), feeds, inputs)
        for name, feed in outputs.items()
    }
    return Pipeline(spec.title, tuple(steps), resolved, inputs)


def _class(entry: NodeSpec, catalog: Mapping[str, type[Node]]) -> type[Node]:
    try:
        return catalog[entry.use]
    except GraphError as exc:
        raise GraphError(f"node {entry.id!r}: {exc}") from exc


def _wires(
    entry: NodeSpec,
    cls: type[Node],
    above: str,
    feeds: Mapping[str, type],
    inputs: dict[str, type],
) -> dict[str, str]:
    first, *_ = cls.inputs
    given = {first: above} | {name or first: feed for name, feed in entry.wires.items()}
    takes = ", ".join(name + ("?" if port.optional else "") for name, port in cls.inputs.items())
    for name in given:
        if name not in cls.inputs:
            raise GraphError(f"node {entry.id!r} has no port {name!r}; it takes {takes}")
    for name, port in cls.inputs.items():
        if name not in given and not port.optional:
            raise GraphError(f"node {entry.id!r} takes {takes}; nothing feeds {name!r}")
    return {
        name: _resolve(f"node {entry.id!r}: {name}", given[name], port.type, feeds, inputs)
        for name, port in cls.inputs.items()
        if name in given
    }


def _output_kind(name: str, feed: str) -> type:
    if name == "audio" or feed == AUDIO:
        return Sound
    return Frame


def _resolve(
    where: str, feed: str, wanted: type, feeds: Mapping[str, type], inputs: dict[str, type]
) -> str:
    """Return the full name of a feed, having checked that it exists and is of the kind wanted."""
    if feed.startswith(f"{SOURCE}."):
        return _from_outside(where, feed, wanted, inputs)
    ends = [known for known in feeds if known == feed or known.startswith(f"{feed}.")]
    if not ends:
        known = ", ".join(dict.fromkeys(f.partition(".")[0] for f in feeds)) or "no node"
        raise GraphError(f"{where} is fed by {feed!r}, which is not above it; above it: {known}")
    if not issubclass(feeds[ends[0]], wanted):
        raise GraphError(
            f"{where} takes {wanted.__name__}, but {feed!r} puts out {feeds[ends[0]].__name__}"
        )
    return ends[0]


def _from_outside(where: str, feed: str, wanted: type, inputs: dict[str, type]) -> str:
    name = feed.removeprefix(f"{SOURCE}.")
    if not name or "." in name.removesuffix(".audio"):
        raise GraphError(f"{where}: an input is written input.NAME, got {feed!r}")
    kinds = {VIDEO: Frame, AUDIO: Sound}
    if feed in kinds and not issubclass(kinds[feed], wanted):
        raise GraphError(f"{where} takes {wanted.__name__}, but {feed} is {kinds[feed].__name__}")
    if not issubclass(wanted, (Frame, Sound)):
        raise GraphError(f"{where} takes {wanted.__name__}, which no input brings")
    if issubclass(wanted, Sound) and feed != AUDIO:
        feed = f"{feed.removesuffix('.audio')}.audio"
    inputs[feed] = wanted
    return feed


def _make(entry: NodeSpec, cls: type[Node], folder: Path | None) -> Node:
    try:
        return cls(**_placed(entry.params, cls, folder))
    except ParamError as exc:
        raise ParamError(f"node {entry.id!r}: {exc}") from exc


def _placed(
    params: Mapping[str, object], cls: type[Node], folder: Path | None
) -> dict[str, object]:
    """Turn texts into paths where a path is wanted; relative ones start at the preset's folder."""
    placed = dict(params)
    for name, value in params.items():
        field_ = cls.model_fields.get(name)
        if field_ is not None and field_.annotation is Path and isinstance(value, str):
            placed[name] = folder / value if folder is not None else Path(value)
    return placed
