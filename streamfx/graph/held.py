"""Which feeds only ever stand beside what drives."""

from __future__ import annotations

from streamfx.graph.build import Pipeline
from streamfx.node import Policy


def only_held(pipeline: Pipeline, feed: str) -> bool:
    """Return whether a feed only ever stands beside what drives, however it gets there.

    Such a feed may go on for ever: the run ends without it.
    """
    if feed in pipeline.outputs.values():
        return False
    for step in pipeline.steps:
        node = type(step.node)
        for port in (port for port, wired in step.wires.items() if wired == feed):
            policy = node.inputs[port].policy
            below = (f"{step.id}.{out}" for out in node.outputs)
            if policy is Policy.DRIVES and not all(only_held(pipeline, out) for out in below):
                return False
            if policy not in (Policy.DRIVES, Policy.HELD):
                return False
    return True
