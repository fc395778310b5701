from pathlib import Path

import pytest

from streamfx import Frame, Node, param
from streamfx.graph.build import Step
from streamfx.graph.diagram import caption, changed, params_of


class Needy(Node):
    """Need."""

    path: Path = param()
    times: int = param(default=1, unit="x")
    share: float = param(default=0.5)

    def process(self, frame: Frame) -> Frame:
        return frame


def test_parameters_that_must_be_given_count_as_changed() -> None:
    assert changed(Needy(path=Path("x"))) == {"path": Path("x")}
    assert changed(Needy(path=Path("x"), times=3)) == {"path": Path("x"), "times": 3}


@pytest.mark.parametrize(
    ("node", "rows"),
    [
        (Needy(path=Path("a/long/way/look.cube")), [("path", "look.cube")]),
        (Needy(path=Path("x"), times=3), [("path", "x"), ("times", "3 x")]),
        (Needy(path=Path("x"), share=1 / 3), [("path", "x"), ("share", "0.333333")]),
        (Needy(path=Path("x" * 40)), [("path", "x" * 27 + "…")]),
    ],
)
def test_rows_are_short_and_carry_units(node: Needy, rows: list[tuple[str, str]]) -> None:
    assert params_of(Step("n", "a.needy", node, {"frame": "input.video"})) == rows


def test_an_end_of_the_graph_is_called_by_side_and_name() -> None:
    assert caption("input.background") == ("input", "background")
    assert caption("output.video") == ("output", "video")
