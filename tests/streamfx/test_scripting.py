from fractions import Fraction
from pathlib import Path

import pytest

import streamfx as fx
from streamfx.errors import GraphError
from streamfx.nodes.adjust import Exposure
from streamfx.nodes.compose import Over
from streamfx.nodes.interpolate import Blend
from streamfx.nodes.matting import Difference
from tests import clips


class Invert(fx.Node):
    """A node of the script's own."""

    def process(self, frame: fx.Frame) -> fx.Frame:
        return frame.showing(1 - frame.image)


def test_a_chain_renders_and_streams_the_same(tmp_path: Path) -> None:
    clip = clips.cached("chain.mp4", frames=10)
    graph = fx.chain(Exposure(stops=1), Blend(factor=2))
    report = graph.render(clip, tmp_path / "out.mp4")
    assert (report.frames_in, report.frames_out) == (10, 20)
    assert [frame.pts for frame in graph.stream(clip)] == [Fraction(i, 50) for i in range(20)]


def test_a_graph_runs_twice_the_same() -> None:
    clip = clips.cached("chain.mp4", frames=10)
    graph = fx.chain(Blend(factor=2))
    first, second = ([f.image for f in graph.stream(clip)] for _ in range(2))
    assert all(a.equal(b) for a, b in zip(first, second, strict=True))


def test_wires_are_given_by_name_and_saved_as_a_preset(tmp_path: Path) -> None:
    graph = fx.Graph("On stage")
    lift = graph.add(Exposure(stops=0.5), frame=graph.video)
    graph.add(Over(feather=2), subject=lift, background=graph.input("scene"))
    graph.save(tmp_path / "mine.toml")
    loaded = fx.Graph.load(tmp_path / "mine.toml")
    assert loaded.spec.nodes == graph.spec.nodes
    clip = clips.cached("chain.mp4", frames=10)
    report = loaded.render(clip, tmp_path / "out.mp4", scene=clip)
    assert report.frames_out == 10


def test_equal_nodes_get_ids_of_their_own() -> None:
    graph = fx.chain(Exposure(), Exposure(), Exposure())
    assert [node.id for node in graph.spec.nodes] == ["exposure", "exposure-2", "exposure-3"]


def test_a_node_of_the_scripts_own_needs_no_catalog() -> None:
    clip = clips.cached("chain.mp4", frames=3)
    plain = list(fx.Graph().stream(clip))
    inverted = list(fx.chain(Invert()).stream(clip))
    assert inverted[0].image.allclose(1 - plain[0].image)


def test_a_mistake_is_told_when_the_node_is_added_and_changes_nothing() -> None:
    graph = fx.Graph()
    with pytest.raises(GraphError, match="nothing feeds 'plate'"):
        graph.add(Difference())
    with pytest.raises(GraphError, match="no port 'scene'"):
        graph.add(Over(), scene=graph.video)
    with pytest.raises(GraphError, match="must be wired to something of this graph"):
        graph.add(Exposure(), frame=fx.Graph().video)
    assert graph.spec.nodes == ()


def test_outputs_can_be_chosen(tmp_path: Path) -> None:
    graph = fx.Graph()
    bright = graph.add(Exposure(stops=1))
    graph.output(video=graph.video, bright=bright)
    clip = clips.cached("chain.mp4", frames=5)
    graph.render(clip, tmp_path / "out.mp4", outputs={"bright": tmp_path / "bright.mp4"})
    assert (tmp_path / "bright.mp4").stat().st_size > 0
    with pytest.raises(GraphError, match="output 'sound' is fed by 'nobody'"):
        graph.output(sound=fx.Graph().video.__class__(graph, "nobody"))
