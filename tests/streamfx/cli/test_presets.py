import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from streamfx.errors import GraphError
from streamfx.graph.preset import shipped
from streamfx.graph.spec import GraphSpec
from tests.shell import Run


def test_the_list_has_every_preset_with_its_title_and_what_it_needs(run: Run) -> None:
    ran = run("presets")
    assert (ran.code, ran.err) == (0, "")
    for name in shipped():
        assert name in ran.out
    assert "-i background=PATH" in ran.out


def test_a_program_reads_the_list(run: Run) -> None:
    found = json.loads(run("presets", "--json").out)["presets"]
    assert [entry["name"] for entry in found] == shipped()
    assert not any("broken" in entry for entry in found)


def test_a_page_says_how_to_run_it(run: Run) -> None:
    ran = run("presets", "on-stage")
    assert "streamfx render on-stage INPUT OUTPUT -i background=PATH" in ran.out
    assert "compose.over" in ran.out


@pytest.mark.parametrize("name", shipped())
def test_the_schema_takes_the_presets_own_parameters_and_no_others(run: Run, name: str) -> None:
    found = json.loads(run("presets", name, "--json").out)
    jsonschema.Draft202012Validator.check_schema(found["schema"])
    jsonschema.validate(found["parameters"], found["schema"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**found["parameters"], "no_such_node": {}}, found["schema"])


def test_a_preset_is_drawn_to_stdout_as_svg(run: Run) -> None:
    ran = run("presets", "on-stage", "--draw")
    assert (ran.code, ran.err) == (0, "")
    assert ET.fromstring(ran.out).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_preset_is_drawn_as_mermaid_when_asked_to(run: Run) -> None:
    assert run("presets", "on-stage", "--draw", "--as", "mermaid").out.startswith("flowchart LR\n")


@pytest.mark.parametrize(
    ("name", "begin"),
    [("g.svg", "<svg "), ("g.mmd", "flowchart LR"), ("g.md", "```mermaid\nflowchart LR")],
)
def test_the_ending_of_a_file_says_what_to_draw(
    run: Run, tmp_path: Path, name: str, begin: str
) -> None:
    ran = run("presets", "on-stage", "--draw", "--out", tmp_path / name)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / name).read_text("utf-8").startswith(begin)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_drawing_replaces_a_file_only_when_asked_to(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "g.svg"
    path.write_text("mine")
    line = run("presets", "identity", "--out", path).refused(2)
    assert line.endswith("exists already; give --overwrite to replace it")
    assert path.read_text() == "mine"
    assert run("presets", "identity", "--out", path, "--overwrite").code == 0
    assert path.read_text().startswith("<svg ")


def test_a_drawing_that_has_no_place_is_one_line(run: Run, tmp_path: Path) -> None:
    assert "cannot write" in run("presets", "identity", "--out", tmp_path / "no" / "g.svg").refused(
        2
    )
    assert "drawn as .svg" in run("presets", "identity", "--out", tmp_path / "g.png").refused(2)
    assert "takes one preset" in run("presets", "--draw").refused(2)


def test_a_preset_that_is_broken_is_a_line_in_the_list(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> GraphSpec:
        raise GraphError("it names no node")

    monkeypatch.setattr("streamfx.graph.preset.load", broken)
    ran = run("presets")
    assert ran.code == 0
    assert "cannot be built: it names no node" in ran.out
