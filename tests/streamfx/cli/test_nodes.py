import json
from pathlib import Path

import jsonschema
import pytest

from streamfx.catalog import Catalog
from streamfx.cli import nodes
from streamfx.errors import ParamError
from tests.shell import Run

MINE = '''
from streamfx import Frame, Held, Node, param

class Mix(Node):
    """Mix two pictures.

    The second line of it.
    """

    share: float = param(default=0.5, ge=0, le=1, unit="share", help="How much of the other.")
    name: str = param(help="What to call it.")

    def process(self, frame: Frame, other: Held[Frame] | None = None) -> Frame:
        return frame
'''


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_the_list_has_every_node_with_its_first_line(run: Run) -> None:
    ran = run("nodes")
    assert (ran.code, ran.err) == (0, "")
    for name in Catalog.shipped():
        assert name in ran.out
    assert "Brighten or darken" in ran.out


def test_a_page_has_ports_and_parameters(run: Run, mine: Path) -> None:
    ran = run("nodes", "mine.mix", "--nodes", mine)
    assert ran.code == 0
    for words in (
        "Mix two pictures.", "The second line of it.", "in   other", "held, may stay unconnected",
        "0 to 1 share", "must be given", "How much of the other.", "out  out",
    ):  # fmt: skip
        assert words in ran.out


def test_a_program_reads_the_same_as_json(run: Run, mine: Path) -> None:
    found = json.loads(run("nodes", "mine.mix", "--nodes", mine, "--json").out)
    assert found["inputs"]["other"] == {"type": "Frame", "policy": "held", "optional": True}
    assert found["outputs"] == {"out": "Frame"}
    assert found["parameters"]["properties"]["share"]["maximum"] == 1


def test_a_node_that_cannot_be_loaded_is_a_line_and_no_crash(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ImportError("no module named wonder")

    made = Catalog.shipped()
    made.add({"far.off": broken})  # type: ignore[dict-item]  # never returns
    made.broken["pack"] = "ValueError: no"
    monkeypatch.setattr("streamfx.cli.graph.Catalog.installed", lambda: made)
    ran = run("nodes")
    assert ran.code == 0
    assert "no module named wonder" in ran.out
    assert "cannot be loaded: ValueError: no" in ran.out
    assert set(json.loads(run("nodes", "--json").out)["broken"]) == {"far.off", "pack"}


def test_an_unknown_node_lists_the_known_ones(run: Run) -> None:
    line = run("nodes", "adjust.exposur").refused(2)
    assert "did you mean adjust.exposure?" in line
    assert "compose.over" in line


@pytest.mark.parametrize("name", Catalog.shipped())
def test_the_schema_of_a_node_takes_what_the_node_takes(name: str) -> None:
    cls = Catalog.shipped()[name]
    schema = nodes.describe(name, cls)["parameters"]
    jsonschema.Draft202012Validator.check_schema(schema)
    given = dict.fromkeys(schema.get("required", ()), 1)
    try:
        made = cls(**given)
    except ParamError:
        pytest.skip("a parameter that must be given wants more than a number")
    jsonschema.validate(json.loads(made.model_dump_json()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"no_such_parameter": 1}, schema)
