from pathlib import Path

import pytest

from streamfx.errors import GraphError
from streamfx.graph.preset import load, parse, write
from streamfx.graph.spec import GraphSpec, NodeSpec


def test_what_is_written_reads_back_the_same() -> None:
    spec = GraphSpec(
        'a "quoted" title \\ with\na line break',
        (
            NodeSpec("cut", "matting.portrait", {"": "input.video"}, {"on": True, "ratio": 0.25}),
            NodeSpec("stage", "compose.over", {"subject": "cut", "background": "input.scene"}),
        ),
        {"video": "stage", "matte": "cut"},
    )
    assert parse(write(spec)) == spec


def test_a_node_is_called_after_its_class_unless_it_says() -> None:
    assert parse('title = "t"\n[[node]]\nuse = "a.blend"').nodes[0].id == "blend"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title =", "not TOML"),
        ("", "graph: title must be given"),
        ('title = "t"\nnodes = []', "unknown key 'nodes'; there are: title, node, output"),
        ('title = "t"\nnode = 3', r"nodes are written as \[\[node\]\]"),
        ('title = "t"\n[[node]]\nid = "x"', "node 1: use must be given"),
        ('title = "t"\n[[node]]\nuse = "a.b"\nwiht = {}', "node 'b': unknown key 'wiht'"),
        ('title = "t"\n[[node]]\nid = "a b"\nuse = "a.b"', "an id is letters"),
        ('title = "t"\n[[node]]\nuse = "a.b"\nfrom = 3', "node 'b': from is"),
        ('title = "t"\n[[node]]\nuse = "a.b"\nwith = 3', "node 'b': with is a table"),
        ('title = "t"\n[output]\nvideo = 3', "outputs are written as"),
    ],
)
def test_a_text_that_is_no_graph_says_why(text: str, complaint: str) -> None:
    with pytest.raises(GraphError, match=complaint):
        parse(text)


def test_an_unknown_preset_lists_the_shipped_ones() -> None:
    with pytest.raises(GraphError, match=r"no preset 'smoth'; there are: .*smooth-2x"):
        load("smoth")


def test_a_preset_of_ones_own_is_named_in_its_errors(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("oops")
    with pytest.raises(GraphError, match=r"mine\.toml: not TOML"):
        load(str(mine))
    with pytest.raises(GraphError, match=r"no preset file .*gone\.toml"):
        load(str(tmp_path / "gone.toml"))
