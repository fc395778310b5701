"""The parameters of a pipeline that may change while it runs, as a page shows and sets them."""

from __future__ import annotations

from math import isfinite
from typing import Any

from streamfx.errors import ParamError
from streamfx.graph.build import Pipeline, Step
from streamfx.node import Node


def describe(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return each node as plain values for JSON.

    ``id``, ``use``, ``title`` (what the node does), ``schema`` (JSON schema of the parameters that
    may change) and ``values`` (what they are now).
    """
    return [_describe(step) for step in pipeline.steps]


def set_value(pipeline: Pipeline, node: str, name: str, value: object) -> object:
    """Set a parameter and return it as taken.

    Raises :exc:`ParamError` for a node or parameter that is not there, a parameter that may not
    change while it runs, and a value that is out of bounds.
    """
    step = next((step for step in pipeline.steps if step.id == node), None)
    if step is None:
        known = ", ".join(step.id for step in pipeline.steps) or "none"
        raise ParamError(f"no node {node!r}; there are: {known}")
    names = live_params(step.node)
    if name not in names:
        known = ", ".join(names) or "none"
        if name in type(step.node).model_fields:
            raise ParamError(f"node {node!r}: {name} cannot change while it runs; can: {known}")
        raise ParamError(f"node {node!r}: unknown parameter {name!r}; there are: {known}")
    if isinstance(value, float) and not isfinite(value):
        raise ParamError(f"node {node!r}: {name} must be a finite number, got {value!r}")
    try:
        setattr(step.node, name, value)
    except ParamError as exc:
        raise ParamError(f"node {node!r}: {exc}") from exc
    taken: object = getattr(step.node, name)
    return taken


def live_params(node: Node) -> list[str]:
    """Return the names of the parameters that may change while a node runs."""
    found = []
    for name, field in type(node).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("live"):
            found.append(name)
    return found


def _describe(step: Step) -> dict[str, Any]:
    node, names = step.node, live_params(step.node)
    schema: dict[str, Any] = type(node).model_json_schema()
    shown: dict[str, Any] = {key: schema[key] for key in ("type", "$defs") if key in schema}
    shown["properties"] = {name: schema["properties"][name] for name in names}
    return {
        "id": step.id,
        "use": step.use,
        "title": (type(node).__doc__ or "").strip().partition("\n")[0].rstrip("."),
        "schema": shown,
        "values": node.model_dump(mode="json", include=set(names)),
    }
