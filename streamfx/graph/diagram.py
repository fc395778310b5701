"""What a picture of a graph shows: its boxes, their rows, and the wires between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from streamfx.graph.build import Pipeline, Step
from streamfx.graph.spec import SOURCE
from streamfx.node import Node, Policy

OUTPUT = "output."
"""What the names of outputs begin with."""


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of the picture, from what comes out here to what goes in there."""

    start: str
    out: str
    end: str
    port: str
    kind: type


def changed(node: Node) -> dict[str, object]:
    """Return the parameters that differ from their defaults, and those that have none."""
    fields = type(node).model_fields
    return {
        name: getattr(node, name)
        for name, field in fields.items()
        if field.is_required()
        or getattr(node, name) != field.get_default(call_default_factory=True)
    }


def links_of(pipeline: Pipeline) -> list[Link]:
    """Return every wire of a graph, those to its outputs last."""
    kinds = dict(pipeline.inputs)
    for step in pipeline.steps:
        kinds |= {f"{step.id}.{out}": kind for out, kind in type(step.node).outputs.items()}
    wires = [
        Link(*_start(feed), step.id, port, kinds[feed])
        for step in pipeline.steps
        for port, feed in step.wires.items()
    ]
    for name, feed in pipeline.outputs.items():
        wires.append(Link(*_start(feed), OUTPUT + name, "", kinds[feed]))
    return wires


def _start(feed: str) -> tuple[str, str]:
    if feed.startswith(f"{SOURCE}."):
        return feed, ""
    step, _, out = feed.partition(".")
    return step, out


def names_of(pipeline: Pipeline, wires: Sequence[Link]) -> list[str]:
    """Return what is drawn, each behind whatever feeds it."""
    inputs = dict.fromkeys(w.start for w in wires if w.start.startswith(f"{SOURCE}."))
    steps = [step.id for step in pipeline.steps]
    return [*inputs, *steps, *(OUTPUT + name for name in pipeline.outputs)]


def caption(name: str) -> tuple[str, str]:
    """Return the two words on an input or output: ``input`` and its name."""
    side, _, rest = name.partition(".")
    return side, rest


def labelled(step: Step | None) -> bool:
    """Return whether the ports of a box carry their names: one port needs none."""
    return step is not None and (len(step.wires) > 1 or len(type(step.node).outputs) > 1)


def params_of(step: Step) -> list[tuple[str, str]]:
    """Return the rows of changed parameters: name, and value with its unit."""
    fields = type(step.node).model_fields
    rows = []
    for name, value in changed(step.node).items():
        extra = fields[name].json_schema_extra
        unit = extra.get("unit", "") if isinstance(extra, dict) else ""
        rows.append((name, f"{_value(value)} {unit}".strip()))
    return rows


def _value(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, Path):
        text = value.name
    return text if len(text) <= 28 else text[:27] + "…"


def ports_of(step: Step) -> list[tuple[str, str, str]]:
    """Return the rows of named ports: what goes in, how it keeps up, what comes out."""
    if not labelled(step):
        return []
    ins = [(port, _policy(step, port)) for port in step.wires]
    outs = list(type(step.node).outputs) if len(type(step.node).outputs) > 1 else []
    rows = zip_longest(ins, outs, fillvalue=None)
    return [(*(left or ("", "")), right or "") for left, right in rows]


def _policy(step: Step, port: str) -> str:
    policy = type(step.node).inputs[port].policy
    return "" if policy is Policy.DRIVES else policy.value
