"""What the engine itself costs: a hundred nodes that do nothing, in a chain."""

from __future__ import annotations

import statistics
import time

from streamfx import Frame, Node
from streamfx.engine.flow import Flow
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.plan import plan
from streamfx.testing import clip, context, info_of

NODES, FRAMES, ROUNDS = 100, 300, 7


class Nothing(Node):
    """Hand on what comes in."""

    def process(self, frame: Frame) -> Frame:
        """Return the frame itself."""
        return frame


def measure() -> float:
    """Return microseconds for each node and frame."""
    feeds = ["input.video", *(f"n{i}.out" for i in range(NODES))]
    steps = tuple(Step(f"n{i}", "n", Nothing(), {"frame": feeds[i]}) for i in range(NODES))
    pipeline = Pipeline("chain", steps, {"video": feeds[-1]}, {"input.video": Frame})
    frames = clip(*[0.5] * FRAMES)
    out: list[object] = []
    flow = Flow(
        pipeline,
        plan(pipeline, {"input.video": info_of(frames)}),
        context(),
        lambda _, item: out.append(item),
        time.perf_counter,
    )
    began = time.perf_counter()
    for frame in frames:
        flow.push("input.video", [frame])
    flow.end("input.video")
    spent = time.perf_counter() - began
    assert len(out) == FRAMES
    return spent / FRAMES / NODES * 1e6


if __name__ == "__main__":
    cost = statistics.median(measure() for _ in range(ROUNDS))
    print(f"{NODES} do-nothing nodes: {cost:.1f} us per node and frame (bar 30)")
