from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.media.testcard import Card, draw
from tests.shell import streamfx

EXAMPLES = Path(__file__).parents[2] / "examples"
NODES = ("--nodes", EXAMPLES / "my_nodes.py")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("my_nodes") / "clip.mp4"
    draw(path, Card(width=320, height=180, seconds=Fraction(1)))
    return path


def test_both_nodes_are_listed():
    listed = streamfx("nodes", *NODES).out
    assert "my_nodes.mirror " in listed
    assert "my_nodes.vignette " in listed


def test_a_preset_renders_with_them(clip, pictures, tmp_path):
    words = ("render", EXAMPLES / "my_look.toml", clip, "out.mp4", *NODES, "--quiet")
    ran = streamfx(*words, "-p", "edge.strength=0", "-p", "lift.stops=0", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    made = pictures(tmp_path / "out.mp4")
    assert abs(made - pictures(clip)[:, :, ::-1]).mean() < 4

    ran = streamfx(*words, "-p", "edge.strength=1", "--overwrite", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    dark = pictures(tmp_path / "out.mp4")
    assert dark[:, :6, :6].mean() < 0.3 * made[:, :6, :6].mean()


def test_without_the_file_the_preset_says_which_node_is_missing(clip, tmp_path):
    ran = streamfx("render", EXAMPLES / "my_look.toml", clip, tmp_path / "out.mp4")
    assert "'my_nodes.mirror'" in ran.refused(2)
