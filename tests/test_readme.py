"""What the README shows is what there is."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from streamfx.cli import app as program
from streamfx.cli.graph import open_graph
from streamfx.media.codecs import CODECS
from streamfx.media.containers import CONTAINERS, SEQUENCE
from streamfx.media.testcard import draw
from tests.shell import streamfx

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
README = PAGES[0].read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("streamfx ")]


def parsed(line: str) -> tuple[str, dict[str, Any]]:
    """Return the subcommand of a line and what its words turn into. Raises what typer raises."""
    words = shlex.split(line, comments=True)[1:]
    group: Any = typer.main.get_command(program.app)
    outer = group.make_context("streamfx", words[:1], resilient_parsing=True)
    name, command, _ = group.resolve_command(outer, words)
    return name, command.make_context(name, words[1:], parent=outer).params


def test_the_two_commands_stand_at_the_top_and_are_targets_of_make():
    first = next(block for block in blocks("sh"))
    assert [line.split()[:2] for line in first.splitlines()] == [["make", "demo"], ["make", "test"]]
    assert README.index(first) < README.index("## Install")


def test_every_make_target_named_is_there():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for page in PAGES:
        text = page.read_text("utf-8")
        named = re.findall(r"^make (\w+)|`make (\w+)`", text, re.MULTILINE)
        assert {one or other for one, other in named} <= set(targets)


@pytest.mark.parametrize("line", commands())
def test_every_command_can_be_given(line, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    name, params = parsed(line)
    if params.get("preset"):
        chosen = open_graph(params["preset"], params.get("params"), params.get("node_files"))
        given = [text.partition("=")[0] for text in params.get("inputs") or ()]
        assert given == chosen.pipeline.named_inputs()
    if name in ("nodes", "presets") and not params.get("out"):
        assert streamfx(*shlex.split(line, comments=True)[1:], cwd=EXAMPLES).code == 0


def test_every_subcommand_is_shown():
    group: Any = typer.main.get_command(program.app)
    assert {parsed(line)[0] for line in commands()} == set(group.commands)


def test_a_command_with_a_wrong_option_would_be_found():
    with pytest.raises(program.USAGE_ERROR):
        parsed("streamfx render identity in.mp4 out.mp4 --sharpen")


@pytest.mark.parametrize(("language", "folder"), [("python", "examples"), ("toml", "presets")])
def test_every_snippet_is_a_file_that_other_tests_run(language, folder):
    files = {path.read_text("utf-8").strip() for path in (ROOT / folder).glob(f"*.{language[:2]}*")}
    assert blocks(language)
    for block in blocks(language):
        assert block.strip() in files


def test_the_list_of_nodes_is_what_the_command_prints():
    block = next(text for text in blocks("text") if text.startswith("adjust.exposure"))
    printed = {" ".join(line.split()) for line in streamfx("nodes").out.splitlines()}
    assert {" ".join(line.split()) for line in block.splitlines()} <= printed


def test_the_plan_is_what_explain_prints(tmp_path):
    block = next(text for text in blocks("text") if "wire " in text)
    draw(tmp_path / "in.mp4")
    printed = streamfx("explain", "smooth-2x", "in.mp4", "out.mp4", cwd=tmp_path)
    assert printed.out.startswith(block)


def test_the_report_has_the_lines_that_a_render_prints(tmp_path):
    block = next(text for text in blocks("text") if text.startswith("output "))
    draw(tmp_path / "in.mp4")
    words = ("in.mp4", "out.mp4", "--start", "1", "--end", "1.2")
    printed = streamfx("render", "demo", *words, cwd=tmp_path).out
    labels = [line.split("  ")[0] for line in block.splitlines() if "cpu" not in line]
    assert [label for label in labels if label] == [
        line.split("  ")[0] for line in printed.splitlines() if line and "cpu" not in line
    ]


def test_every_error_is_what_the_program_says(tmp_path):
    block = next(text for text in blocks("text") if text.startswith("streamfx: "))
    draw(tmp_path / "in.mp4")
    wrong = (
        ("identity", "lost.mp4", "out.mp4"),
        ("smooth-2x", "in.mp4", "out.mp4", "-p", "smooth.factor=20"),
        ("identity", "in.mp4", "in.mp4"),
    )
    said = [streamfx("render", *words, cwd=tmp_path) for words in wrong]
    assert [ran.code for ran in said] == [2, 2, 2]
    assert "".join(ran.err for ran in said) == block


def test_the_table_of_formats_is_that_of_the_program():
    rows: dict[str, list[str]] = {}
    for cells in re.findall(r"^\| (`\..*?) \| (.*?) \| .*\|$", README, re.MULTILINE):
        extensions, codecs = (re.findall(r"`([^`]+)`", cell) for cell in cells)
        rows |= dict.fromkeys(extensions, codecs)
    for container in CONTAINERS:
        for extension in container.extensions:
            assert extension in rows
            if container.name == SEQUENCE:
                continue
            known = {
                row.name.partition("-")[0] for row in CODECS if container.name in row.containers
            }
            assert set(rows[extension]) == known, extension
            assert rows[extension][0] == container.codec, extension


def test_the_graph_is_what_the_command_draws_today():
    drawn = streamfx("presets", "demo", "--draw").out
    assert (ROOT / "docs" / "graph.svg").read_text("utf-8") == drawn, "run: make pictures"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_pictures_are_small():
    assert (ROOT / "docs" / "demo.png").stat().st_size < 300_000
