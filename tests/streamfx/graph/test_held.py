from collections.abc import Mapping

import pytest

from streamfx import Frame, Held, Node, Paired
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.held import only_held


class Turns(Node):
    def process(self, frame: Frame) -> Frame:
        return frame


class Holds(Node):
    def process(self, a: Frame, b: Held[Frame]) -> Frame:
        return a


class Pairs(Node):
    def process(self, a: Frame, b: Paired[Frame]) -> Frame:
        return a


def pipeline(*steps: tuple[str, Node, Mapping[str, str]], **outputs: str) -> Pipeline:
    made = tuple(Step(name, name, node, wires) for name, node, wires in steps)
    return Pipeline("test", made, {"video": f"{made[-1].id}.out", **outputs}, {})


HELD = {"a": "input.video", "b": "input.b"}


@pytest.mark.parametrize(
    ("made", "held"),
    [
        (pipeline(("it", Holds(), HELD)), True),
        (pipeline(("it", Pairs(), HELD)), False),
        (pipeline(("it", Holds(), {"a": "input.b", "b": "input.video"})), False),
        (pipeline(("it", Holds(), HELD), other="input.b"), False),
        (
            pipeline(
                ("turn", Turns(), {"frame": "input.b"}),
                ("it", Holds(), {"a": "input.video", "b": "turn.out"}),
            ),
            True,
        ),
        (
            pipeline(
                ("turn", Turns(), {"frame": "input.b"}),
                ("it", Holds(), {"a": "input.video", "b": "turn.out"}),
                other="turn.out",
            ),
            False,
        ),
        (pipeline(("it", Holds(), HELD), ("too", Pairs(), HELD)), False),
    ],
)
def test_a_feed_is_only_held_where_nothing_that_comes_out_is_driven_by_it(
    made: Pipeline, held: bool
) -> None:
    assert only_held(made, "input.b") is held
