from pathlib import Path
from typing import Literal

import pytest

from streamfx import Frame, Node, param
from streamfx.catalog import Catalog
from streamfx.cli.graph import Chosen, open_graph, set_param
from streamfx.errors import GraphError, ParamError
from streamfx.graph.build import build
from streamfx.graph.preset import parse
from streamfx.graph.spec import GraphSpec, NodeSpec


class Knobs(Node):
    """Have one parameter of each kind."""

    gain: float = param(default=0.0, le=6)
    count: int = param(default=1)
    on: bool = param(default=False)
    word: str = param(default="")
    fit: Literal["fill", "2024"] = param(default="fill")
    path: Path = param(default=Path())
    limit: float | None = param(default=None)

    def process(self, frame: Frame) -> Frame:
        return frame


NODES = {"a.knobs": Knobs}
SPEC = GraphSpec("One", (NodeSpec("k", "a.knobs", {"": "input.video"}),))


def value(text: str) -> object:
    spec = set_param(SPEC, NODES, text)
    (step,) = build(spec, NODES).steps
    name = text.partition("=")[0].partition(".")[2]
    return getattr(step.node, name)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("k.gain=1", 1.0),
        ("k.gain=-0.5", -0.5),
        ("k.gain=1e-3", 0.001),
        ("k.count=3", 3),
        ("k.on=true", True),
        ("k.word=hello there", "hello there"),
        ('k.word="quoted"', "quoted"),
        ("k.word=12", "12"),
        ("k.word=true", "true"),
        ("k.word=a=b", "a=b"),
        ("k.word=", ""),
        ("k.fit=fill", "fill"),
        ("k.fit=2024", "2024"),
        ("k.limit=2", 2.0),
    ],
)
def test_a_value_is_read_as_the_parameter_wants_it(text: str, wanted: object) -> None:
    found = value(text)
    assert found == wanted
    assert isinstance(found, type(wanted))


def test_a_path_starts_at_the_current_folder_not_at_the_presets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = GraphSpec("One", SPEC.nodes, folder=Path("/elsewhere"))
    (step,) = build(set_param(spec, NODES, "k.path=look.cube"), NODES).steps
    assert step.node.path == tmp_path / "look.cube"  # type: ignore[attr-defined]


def test_the_last_of_two_values_counts() -> None:
    spec = set_param(set_param(SPEC, NODES, "k.gain=1"), NODES, "k.gain=2")
    assert spec.nodes[0].params == {"gain": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k.gain", "-p takes NODE.PARAM=VALUE, got 'k.gain'"),
        ("gain=1", "-p takes NODE.PARAM=VALUE, got 'gain=1'"),
        (".gain=1", "-p takes NODE.PARAM=VALUE, got '.gain=1'"),
        ("z.gain=1", "-p z.gain: the graph has no node 'z'; there are: k"),
        (
            "k.gane=1",
            "node 'k' (a.knobs) has no parameter 'gane'; there are: "
            "gain, count, on, word, fit, path, limit",
        ),
    ],
)
def test_what_cannot_be_set_is_an_error_that_says_what_can(text: str, message: str) -> None:
    with pytest.raises(ParamError) as caught:
        set_param(SPEC, NODES, text)
    assert str(caught.value) == message


def test_a_value_out_of_bounds_names_node_bound_and_value() -> None:
    with pytest.raises(ParamError, match=r"node 'k': gain must be at most 6, got 7"):
        value("k.gain=7")


def test_a_value_of_the_wrong_kind_names_the_kind() -> None:
    with pytest.raises(ParamError, match=r"count must be a whole number, got 'many'"):
        value("k.count=many")


OVER = """
title = "Over"
[[node]]
use = "compose.over"
from = { subject = "input.video", background = "input.plate" }
[output]
raw = "input.video"
"""


@pytest.fixture(scope="module")
def over() -> Chosen:
    catalog = Catalog.shipped()
    spec = parse(OVER)
    return Chosen(catalog, spec, build(spec, catalog))


def test_inputs_that_are_missing_are_asked_for_by_name(over: Chosen) -> None:
    over.check_inputs({"plate": "x"})
    with pytest.raises(GraphError, match=r"also needs -i plate=PATH; given: none"):
        over.check_inputs({})
    with pytest.raises(GraphError, match=r"also needs -i plate=PATH; given: plait"):
        over.check_inputs({"plait": "x"})


def test_inputs_that_the_graph_does_not_have_are_refused(over: Chosen) -> None:
    with pytest.raises(GraphError, match=r"no input 'logo'; there are: plate"):
        over.check_inputs({"plate": "x", "logo": "y"})


def test_outputs_that_the_graph_does_not_have_are_refused(over: Chosen) -> None:
    over.check_outputs({"raw": "x.mp4"})
    with pytest.raises(GraphError, match=r"no output 'matte'; there are: raw"):
        over.check_outputs({"matte": "x.mp4"})


def test_nodes_of_a_users_own_file_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from streamfx import Frame, Node\n"
        "class Same(Node):\n"
        '    """Same."""\n'
        "    def process(self, frame: Frame) -> Frame:\n"
        "        return frame\n"
    )
    (tmp_path / "g.toml").write_text('title = "G"\n[[node]]\nuse = "mine.same"\n')
    chosen = open_graph(str(tmp_path / "g.toml"), files=[str(tmp_path / "mine.py")])
    assert [step.use for step in chosen.pipeline.steps] == ["mine.same"]
