from fractions import Fraction

import pytest

from streamfx import Colour, Frame, Node, Paired, Sound, Span, VideoInfo
from streamfx.engine.feeds import StillFeed
from streamfx.engine.live_wiring import (
    SOUND,
    NoPictureError,
    fresh,
    info_of,
    may_be_sparse,
    rescale,
    survey,
)
from streamfx.graph.build import Pipeline, Step
from streamfx.testing import clip
from tests.livefx import Adds, Joins, pipeline


class Softens(Node):
    stateless = True

    def process(self, frame: Frame) -> Frame:
        return frame


class Pairs(Node):
    def process(self, frame: Frame, other: Paired[Frame]) -> Frame:
        return frame


class Listens(Node):
    def process(self, frame: Frame, speech: Span[Sound]) -> Frame:
        return frame


class Empty:
    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        return None

    def close(self) -> None:
        pass


VIDEO = VideoInfo(6, 4, Fraction(30))


def beside(between: Node, join: Node) -> Pipeline:
    """Join another input to the picture behind a step of its own."""
    first, other = join.inputs
    steps = (
        Step("between", "b", between, {"frame": "input.scene"}),
        Step("join", "j", join, {first: "input.video", other: "between.out"}),
    )
    kinds: dict[str, type] = {"input.video": Frame, "input.scene": Frame}
    return Pipeline("t", steps, {"video": "join.out"}, kinds)


def test_a_fresh_pipeline_has_the_parameters_and_nodes_of_its_own() -> None:
    graph = pipeline(Adds(level=0.3))
    again = fresh(graph)
    node = again.steps[0].node
    assert isinstance(node, Adds)
    assert node is not graph.steps[0].node
    assert (node.level, node.reach) == (0.3, 8)


def test_lengths_in_pixels_shrink_with_the_picture_as_far_as_they_may() -> None:
    node = fresh(pipeline(Adds(level=0.4, reach=9)), 0.5).steps[0].node
    assert isinstance(node, Adds)
    assert (node.level, node.reach, node.fixed) == (0.4, 4, 0)
    rescale(node, "reach", 1, 0.4)
    assert node.reach == 1, "0 is out of bounds, so it stays as it is"


def test_a_frame_says_what_its_stream_is_like() -> None:
    (frame,) = clip(0.5, alpha=1)
    info = info_of(frame.tagged(Colour(matrix="smpte170m")), Fraction(25))
    assert (info.width, info.height, info.fps, info.alpha) == (6, 4, 25, True)
    assert info.colour.matrix == "smpte170m"
    assert info.variable
    assert info.time_base == Fraction(1, 90000)


def test_every_feed_from_outside_is_known_before_the_first_frame() -> None:
    graph = pipeline(Listens(), speech="audio")
    assert survey(graph, VIDEO, {}, Fraction(0)) == {"input.video": VIDEO, "input.audio": SOUND}
    (scene,) = clip(0.5, size=(8, 8), alpha=0.5)
    infos = survey(
        pipeline(Joins(), other="scene"), VIDEO, {"scene": StillFeed(scene)}, Fraction(0)
    )
    other = infos["input.scene"]
    assert isinstance(other, VideoInfo)
    assert (other.width, other.height, other.alpha) == (6, 6, True)


def test_a_feed_without_a_picture_is_named() -> None:
    with pytest.raises(NoPictureError, match="input 'scene' has no picture yet"):
        survey(pipeline(Joins(), other="scene"), VIDEO, {"scene": Empty()}, Fraction(0))


def test_a_still_input_is_pushed_once_only_where_that_changes_nothing() -> None:
    assert may_be_sparse(pipeline(Joins(), other="scene"), "input.scene")
    assert may_be_sparse(beside(Softens(), Joins()), "input.scene")
    assert not may_be_sparse(beside(Adds(), Joins()), "input.scene"), "it may hold frames back"
    assert not may_be_sparse(pipeline(Pairs(), other="scene"), "input.scene")
    assert not may_be_sparse(beside(Softens(), Pairs()), "input.scene")
