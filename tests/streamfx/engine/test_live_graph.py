from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import ClassVar

import pytest

from streamfx import Context, Frame, Node, NodeError, Sound, Span, VideoInfo
from streamfx.engine.batching import Batcher
from streamfx.engine.feeds import Feed, StillFeed
from streamfx.engine.live_graph import LiveGraph, StaleError
from streamfx.engine.live_wiring import info_of
from streamfx.errors import GraphError
from streamfx.graph.build import Pipeline, Step
from streamfx.testing import clip, context, tone
from tests.livefx import Adds, Breaks, Joins, pipeline

FPS = Fraction(10)


class Heard(Node):
    def process(self, frame: Frame, speech: Span[Sound]) -> Frame:
        assert speech.duration == frame.duration
        return frame.showing(frame.image * 0 + speech.samples.abs().max())


class Mattes(Node):
    """Shows how often it has worked; laid on again, it says so by half a step."""

    reuses = True

    def open(self, ctx: Context) -> None:
        self._count = 0

    def process(self, frame: Frame) -> Frame:
        self._count += 1
        return frame.showing(frame.image * 0 + self._count)

    def reuse(self, frame: Frame) -> Frame | None:
        return frame.showing(frame.image * 0 + self._count + 0.5) if self._count else None


class Sees(Node):
    """Shows how many frames it has seen since a cut."""

    def open(self, ctx: Context) -> None:
        self._seen = 0

    def process(self, frame: Frame) -> Frame:
        self._seen += 1
        return frame.showing(frame.image * 0 + self._seen)


class Counts(Node):
    stateless = True
    batch_size = 4
    singles: ClassVar[int] = 0

    def process(self, frame: Frame) -> Frame:
        type(self).singles += 1
        return frame

    def batch(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        return list(frames)


class Twice(Node):
    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.faster(2)

    def process(self, frame: Frame) -> Iterator[Frame]:
        yield frame
        yield frame.at(frame.pts + frame.duration / 2)


class Changing:
    """A feed that shows what it is told."""

    def __init__(self, frame: Frame | None) -> None:
        self.frame = frame
        self.asked = 0

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        self.asked += 1
        return self.frame

    def close(self) -> None:
        pass


def opened(graph: Pipeline, first: Frame, **feeds: Feed) -> LiveGraph:
    return LiveGraph(graph, info_of(first, FPS), feeds, context(), at=first.pts)


def levels(frames: list[Frame]) -> list[float]:
    return [round(float(frame.image.mean()), 3) for frame in frames]


def pushed(graph: LiveGraph, frames: list[Frame]) -> list[float]:
    return levels([made for frame in frames for made in graph.push(frame)])


def test_every_frame_comes_out_at_once() -> None:
    frames = clip(0.1, 0.2, 0.3)
    graph = opened(pipeline(Adds(), Adds()), frames[0])
    assert [levels(graph.push(frame)) for frame in frames] == [[0.3], [0.4], [0.5]]
    assert [step.items for step in graph.steps()] == [3, 3]


def test_several_frames_may_come_of_one() -> None:
    frames = clip(0.1, 0.2)
    graph = opened(pipeline(Twice()), frames[0])
    assert [len(graph.push(frame)) for frame in frames] == [2, 2]


def test_a_graph_that_cannot_take_such_pictures_is_refused() -> None:
    class Refuses(Node):
        def plan(self, video: VideoInfo) -> VideoInfo:
            raise GraphError("too small")

        def process(self, frame: Frame) -> Frame:
            return frame

    with pytest.raises(GraphError, match="node 'refuses': too small"):
        opened(pipeline(Refuses()), clip(0)[0])


def test_nodes_are_closed_when_another_cannot_open() -> None:
    class Stuck(Node):
        def open(self, ctx: Context) -> None:
            raise OSError("no")

        def process(self, frame: Frame) -> Frame:
            return frame

    before = Breaks.closed
    with pytest.raises(NodeError, match="node 'stuck' failed: cannot open: OSError: no"):
        opened(pipeline(Breaks(), Stuck()), clip(0)[0])
    assert Breaks.closed == before + 1


def test_a_node_that_fails_to_close_keeps_no_other_from_closing() -> None:
    class Sticks(Node):
        def process(self, frame: Frame) -> Frame:
            return frame

        def close(self) -> None:
            raise OSError("stuck")

    graph = opened(pipeline(Sticks(), Breaks()), clip(0)[0])
    before = Breaks.closed
    graph.close()
    assert Breaks.closed == before + 1


def test_another_input_is_joined_as_it_is_when_the_frame_comes() -> None:
    frames = clip(0.1, 0.1, 0.1)
    feed = Changing(clip(0.5)[0])
    graph = opened(pipeline(Joins(), other="scene"), frames[0], scene=feed)
    assert levels(graph.push(frames[0])) == [0.6]
    feed.frame = clip(0.7)[0]
    assert levels(graph.push(frames[1])) == [0.8]
    feed.frame = None
    assert levels(graph.push(frames[2])) == [0.8]
    assert graph.late == 1


def test_a_still_input_runs_through_the_graph_once() -> None:
    class Softens(Node):
        stateless = True
        runs: ClassVar[int] = 0

        def process(self, frame: Frame) -> Frame:
            type(self).runs += 1
            return frame

    frames = clip(*[0.1] * 5)
    steps = (
        Step("soft", "s", Softens(), {"frame": "input.scene"}),
        Step("join", "j", Joins(), {"frame": "input.video", "other": "soft.out"}),
    )
    kinds: dict[str, type] = {"input.video": Frame, "input.scene": Frame}
    whole = Pipeline("t", steps, {"video": "join.out"}, kinds)
    graph = opened(whole, frames[0], scene=StillFeed(clip(0.5)[0]))
    assert pushed(graph, frames) == [0.6] * 5
    assert Softens.runs == 1


def test_an_input_behind_a_node_that_holds_back_does_not_make_the_picture_wait() -> None:
    class Late(Node):
        def plan(self, video: VideoInfo) -> VideoInfo:
            return video.delayed(1)

        def open(self, ctx: Context) -> None:
            self._last: Frame | None = None

        def process(self, frame: Frame) -> Frame | None:
            last, self._last = self._last, frame
            return last

    frames = clip(*[0.1] * 20)
    steps = (
        Step("late", "s", Late(), {"frame": "input.scene"}),
        Step("join", "j", Joins(), {"frame": "input.video", "other": "late.out"}),
    )
    kinds: dict[str, type] = {"input.video": Frame, "input.scene": Frame}
    whole = Pipeline("t", steps, {"video": "join.out"}, kinds)
    graph = opened(whole, frames[0], scene=StillFeed(clip(0.5)[0]))
    assert pushed(graph, frames) == [0.6] * 19, "as late as planned, and no more"


def test_another_kind_of_input_needs_the_graph_to_be_opened_anew() -> None:
    frames = clip(0.1, 0.1, 0.1)
    feed = Changing(clip(0.5)[0])
    graph = opened(pipeline(Joins(), other="scene"), frames[0], scene=feed)
    graph.push(frames[0])
    feed.frame = clip(0.5, size=(40, 40))[0]
    graph.push(frames[1])
    feed.frame = clip(0.5, alpha=0.5)[0]
    with pytest.raises(StaleError):
        graph.push(frames[2])


def test_sound_is_met_as_far_as_it_has_come_and_silent_beyond() -> None:
    frames = clip(0, 0, 0, 0)
    graph = opened(pipeline(Heard(), speech="audio"), frames[0])
    sounds = tone(0.25)
    assert levels(graph.push(frames[0], sounds[:5])) == [pytest.approx(1, abs=0.01)]
    assert graph.late == 0
    assert levels(graph.push(frames[1])) == [pytest.approx(1, abs=0.01)]
    assert graph.late == 1, "5 pieces of 1024 samples end before 0.2 s"
    assert levels(graph.push(frames[2], sounds[5:])) == [pytest.approx(1, abs=0.01)]
    assert levels(graph.push(frames[3])) == [0]
    assert graph.late == 3


def test_a_pause_is_a_cut() -> None:
    frames = clip(*[0] * 40)
    graph = opened(pipeline(Sees()), frames[0])
    assert pushed(graph, [frames[0], frames[1], frames[11]]) == [1, 2, 3], "just a second"
    assert pushed(graph, [frames[22]]) == [1]


def test_what_was_found_last_is_laid_on_while_reusing() -> None:
    frames = clip(0, 0, 0, 0)
    graph = opened(pipeline(Mattes()), frames[0])
    graph.reusing = True
    assert levels(graph.push(frames[0])) == [1], "nothing was found before"
    assert levels(graph.push(frames[1])) == [1.5]
    graph.reusing = False
    assert levels(graph.push(frames[2])) == [2]


def test_a_failure_says_which_node() -> None:
    graph = opened(pipeline(Breaks()), clip(0)[0])
    Breaks.broken = True
    try:
        with pytest.raises(NodeError, match="node 'breaks' failed"):
            graph.push(clip(0)[0])
    finally:
        Breaks.broken = False


def test_a_join_that_is_never_met_ends_in_an_error() -> None:
    class Swallows(Node):
        def plan(self, video: VideoInfo) -> VideoInfo:
            return video.delayed(1)

        def process(self, frame: Frame) -> Frame | None:
            return None

    steps = (
        Step("gone", "s", Swallows(), {"frame": "input.video"}),
        Step("join", "j", Joins(), {"frame": "input.video", "other": "gone.out"}),
    )
    frames = clip(*[0] * 30)
    whole = Pipeline("t", steps, {"video": "join.out"}, {"input.video": Frame})
    graph = opened(whole, frames[0])
    with pytest.raises(NodeError, match="its inputs never meet"):
        pushed(graph, frames)


def test_nodes_that_take_batches_sit_down_with_their_twins_and_leave() -> None:
    batcher = Batcher()
    (frame,) = clip(0.1)
    graph = LiveGraph(
        pipeline(Counts()), info_of(frame, FPS), {}, context(), at=frame.pts, batcher=batcher
    )
    assert levels(graph.push(frame)) == [0.1]
    assert batcher.seats == 1
    graph.close()
    assert batcher.seats == 0
    assert Counts.singles == 1
