import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from streamfx import Frame, Node, catalog
from streamfx.catalog import Catalog
from streamfx.errors import GraphError

MINE = """
import streamfx as fx

class SoftVignette(fx.Node):
    def process(self, frame: fx.Frame) -> fx.Frame:
        return frame
"""


class Sharpen(Node):
    def process(self, frame: Frame) -> Frame:
        return frame


def test_a_file_of_the_users_own_brings_its_nodes(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(MINE)
    known = Catalog.shipped()
    assert known.add_file(mine) == ["mine.soft_vignette"]
    cls = known["mine.soft_vignette"]
    assert known.id_of(cls) == "mine.soft_vignette"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1", "defines no node"),
        ("1/0", "cannot be read: ZeroDivisionError"),
        ("def", "SyntaxError"),
    ],
)
def test_a_file_that_is_no_node_file_says_why(tmp_path: Path, text: str, complaint: str) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(text)
    with pytest.raises(GraphError, match=complaint):
        Catalog().add_file(bad)
    with pytest.raises(GraphError, match=r"no node file .*gone\.py"):
        Catalog().add_file(tmp_path / "gone.py")


def test_unknown_node_lists_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(
        GraphError, match=r"no node 'x.blnd' \(did you mean x.blend\?\); there are: x.blend"
    ):
        Catalog({"x.blend": lambda: Sharpen})["x.blnd"]


def test_an_id_is_given_once() -> None:
    known = Catalog({"a.b": lambda: Sharpen})
    with pytest.raises(GraphError, match="already known"):
        known.add({"a.c": lambda: Sharpen, "a.b": lambda: Sharpen})
    assert list(known) == ["a.b"]


def test_packs_come_by_entry_point_and_a_broken_one_fails_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pack = types.ModuleType("a_pack")
    pack.__dict__["Sharpen"] = type(
        "Sharpen", (Sharpen,), {"__module__": "a_pack", "process": Sharpen.process}
    )
    monkeypatch.setitem(sys.modules, "a_pack", pack)
    points = [
        EntryPoint("acme", "a_pack", "streamfx.nodes"),
        EntryPoint("broken", "no_such_pack", "streamfx.nodes"),
    ]
    monkeypatch.setattr(catalog, "entry_points", lambda group: points)
    known = Catalog.installed()
    assert "acme.sharpen" in known
    assert "no_such_pack" in known.broken["broken"]
