import threading
from collections.abc import Collection, Iterator
from fractions import Fraction

import pytest
import torch

from streamfx import Context, Frame, GraphError, Node, ParamError, Sound, Span, VideoInfo, param
from streamfx.engine.channel import Closed
from streamfx.engine.feeds import BlankFeed
from streamfx.engine.ladder import RUNGS, Rung
from streamfx.engine.realtime import Realtime, Shown
from streamfx.scripting import Graph
from streamfx.testing import clip, noise, tone
from tests.livefx import Adds, Breaks, Joins, Run, pipeline

LARGE = 128, 130
"""Lines and columns of a picture that is large enough to be halved."""


class Mode(Node):
    """White where gradients are off for good."""

    def process(self, frame: Frame) -> Frame:
        return frame.showing(torch.full_like(frame.image, float(torch.is_inference_mode_enabled())))


class Lags(Node):
    """Holds back one frame."""

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.delayed(1)

    def open(self, ctx: Context) -> None:
        self._last: Frame | None = None

    def process(self, frame: Frame) -> Frame | None:
        last, self._last = self._last, frame
        return last


class Mattes(Adds):
    """Cheap where it can lay on what it found before."""

    reuses = True

    def reuse(self, frame: Frame) -> Frame | None:
        return frame


class Narrow(Node):
    """Takes only small pictures."""

    most: int = param(default=8, ge=1, unit="px", help="Columns.")

    def plan(self, video: VideoInfo) -> VideoInfo:
        if video.width > self.most:
            raise GraphError(f"{video.width} columns are too many")
        return video

    def process(self, frame: Frame) -> Frame:
        return frame


class Closes:
    """A feed of one level that knows whether it was closed."""

    def __init__(self, level: float) -> None:
        self.frame = clip(level)[0]
        self.closed = 0
        self.broken = False

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        if self.broken:
            raise OSError("the disk is gone")
        return self.frame

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def _mend() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # pictures this small only lose time by being shared out
    yield
    torch.set_num_threads(threads)
    Breaks.broken = False
    Adds.clock = None


def costing(seconds: float, node: type[Adds] = Adds, rungs: Collection[Rung] = RUNGS) -> Run:
    """Return a run whose node takes so long for a large picture."""
    run = Run(pipeline(node(cost=seconds)), rungs=rungs)
    Adds.clock = run.clock
    return run


def test_what_comes_in_goes_through_the_graph() -> None:
    run = Run(pipeline(Adds(level=0.5)))
    assert run.give(0.1, 0.2) == [0.6, 0.7]
    shown = run.shown[-1]
    assert shown.source.pts == shown.frame.pts == Fraction(1, 30)
    assert shown.rung == "full"
    stats = run.realtime.stats
    assert (stats.frames_in, stats.frames_out, stats.dropped, stats.state) == (2, 2, 0, "running")


def test_a_graph_without_nodes_hands_on_the_very_frame() -> None:
    run = Run(Graph.load("identity").pipeline())
    run.give(0.1)
    assert run.shown[0].frame is run.shown[0].source


def test_nodes_run_in_inference_mode() -> None:
    assert Run(pipeline(Mode())).give(0) == [1]


def test_the_newest_wins_and_the_others_are_counted() -> None:
    run = Run(pipeline(Adds()))
    frames = clip(0.1, 0.2, 0.3)
    for frame in frames:
        run.realtime.offer(frame)
    run.realtime.work(0)
    assert [shown.source for shown in run.shown] == [frames[2]]
    assert run.realtime.stats.dropped == 2


def test_instants_that_do_not_grow_are_dropped() -> None:
    run = Run(pipeline(Adds()))
    run.give(0.1, 0.2)
    run.pts -= Fraction(1, 30)
    assert run.give(0.3) == []
    assert run.give(0.4) == [0.5]
    assert run.realtime.stats.dropped == 1


def test_a_picture_held_back_comes_out_with_what_led_to_it() -> None:
    run = Run(pipeline(Lags()))
    assert run.give(0.1, 0.2, 0.3) == [0.1, 0.2]
    assert [s.source.pts for s in run.shown] == [s.frame.pts for s in run.shown]


def test_times_are_read_from_the_clock() -> None:
    run = costing(0.01)
    run.give(0.1, size=LARGE)
    assert run.shown[0].done - run.shown[0].offered == pytest.approx(0.01)


def test_steps_are_measured() -> None:
    run = costing(0.01)
    run.give(*[0.1] * 100, size=LARGE)
    (step,) = run.realtime.stats.steps
    assert step.id == "adds"
    assert step.milliseconds == pytest.approx(10)
    assert run.realtime.stats.load == pytest.approx(0.3, abs=0.02)
    assert run.realtime.stats.fps_in == pytest.approx(30, rel=0.02)


# Parameters.


def test_a_parameter_changes_from_the_next_picture_on() -> None:
    run = Run(pipeline(Adds()))
    run.give(0.1)
    assert run.realtime.set_param("adds", "level", 0.5) == 0.5
    assert run.give(0.1) == [0.6]
    assert run.realtime.nodes()[0]["values"]["level"] == 0.5


def test_a_parameter_set_before_the_first_picture_counts() -> None:
    run = Run(pipeline(Adds()))
    run.realtime.set_param("adds", "level", 0.5)
    assert run.give(0.1) == [0.6]


def test_parameters_are_kept_when_the_picture_changes_its_size() -> None:
    run = Run(pipeline(Adds()))
    run.give(0.1)
    run.realtime.set_param("adds", "level", 0.5)
    opened = Adds.opened
    assert run.give(0.1, 0.1, size=(8, 8)) == [0.6, 0.6]
    assert Adds.opened == opened + 1


def test_what_cannot_be_set_is_refused_at_once() -> None:
    run = Run(pipeline(Adds()))
    with pytest.raises(ParamError, match="level must be at most 1 share, got 2"):
        run.realtime.set_param("adds", "level", 2)


# Inputs.


def test_the_picture_passes_while_an_input_is_missing() -> None:
    run = Run(pipeline(Joins(), other="plate"))
    assert run.give(0.1, 0.2) == [0.1, 0.2]
    assert [(e.kind, e.why) for e in run.events] == [("waiting", "the graph needs input 'plate'")]
    assert (run.realtime.stats.state, run.realtime.stats.why) == ("waiting", run.events[0].why)
    run.realtime.set_feed("plate", Closes(0.5))
    assert run.give(0.1) == [0.6]
    assert (run.realtime.stats.state, run.realtime.stats.why) == ("running", "")
    assert run.kinds == ["waiting", "recovered"]


def test_an_input_may_be_swapped_and_taken_away() -> None:
    feeds = [Closes(0.1), Closes(0.2), Closes(0.3)]
    run = Run(pipeline(Joins(), other="plate"), feeds={"plate": feeds[0]})
    assert run.give(0.1) == [0.2]
    run.realtime.set_feed("plate", feeds[1])
    run.realtime.set_feed("plate", feeds[2])
    assert [feed.closed for feed in feeds] == [0, 1, 0], "never used, so closed at once"
    assert run.give(0.1) == [0.4]
    assert [feed.closed for feed in feeds] == [1, 1, 0]
    run.realtime.set_feed("plate", None)
    assert run.give(0.1) == [0.1]
    assert [feed.closed for feed in feeds] == [1, 1, 1]
    assert run.kinds == ["waiting"]


def test_an_input_of_another_kind_opens_the_graph_anew() -> None:
    run = Run(Graph.load("on-stage").pipeline(), feeds={"background": BlankFeed("red")})
    run.give(0.1, 0.1)
    glass = Closes(0.5)
    glass.frame = clip(0.5, alpha=0.5)[0]
    run.realtime.set_feed("background", glass)
    run.give(0.1)
    assert run.shown[-1].frame.alpha
    assert run.events == []


def test_an_input_that_has_nothing_yet_is_waited_for() -> None:
    class Empty(Closes):
        def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
            return self.frame if self.closed else None

    feed = Empty(0.5)
    run = Run(pipeline(Joins(), other="plate"), feeds={"plate": feed})
    assert run.give(0.1, 0.1) == [0.1, 0.1]
    assert [e.why for e in run.events] == ["input 'plate' has no picture yet"]
    feed.closed = 1
    assert run.give(0.1) == [0.6]


def test_an_input_that_fails_is_this_sessions_failure_alone() -> None:
    feed = Closes(0.5)
    run = Run(pipeline(Joins(), other="plate"), feeds={"plate": feed})
    feed.broken = True
    assert run.give(0.1) == [0.1]
    assert [e.why for e in run.events] == ["OSError: the disk is gone"]


def test_joins_that_were_not_met_are_counted_and_told_now_and_then() -> None:
    class Listens(Node):
        def process(self, frame: Frame, speech: Span[Sound]) -> Frame:
            return frame.showing(frame.image * 0 + speech.samples.abs().max())

    run = Run(pipeline(Listens(), speech="audio"))
    for sound in tone(0.5):
        run.realtime.offer_sound(sound)
    assert run.give(*[0] * 15) == [pytest.approx(1, abs=0.01)] * 15
    assert run.realtime.stats.late == 0
    run.give(*[0] * 90)
    assert run.realtime.stats.late == 90
    assert run.kinds == ["late"]


def test_an_input_that_fails_to_close_does_not_lose_a_picture() -> None:
    class Sticks(Closes):
        def close(self) -> None:
            raise OSError("stuck")

    run = Run(pipeline(Joins(), other="plate"), feeds={"plate": Sticks(0.5)})
    run.give(0.1)
    run.realtime.set_feed("plate", Closes(0.3))
    assert len(run.give(0.1)) == 1
    run.give(*[0.1] * 60)
    assert run.give(0.1) == [0.4]
    assert run.kinds == ["failed", "recovered"]


# Another graph.


def test_another_graph_takes_over_with_the_next_picture() -> None:
    run = Run(pipeline(Adds(level=0.1)))
    run.give(0.1)
    run.realtime.switch(pipeline(Adds(level=0.7)))
    run.realtime.set_param("adds", "level", 0.5)
    assert run.give(0.1) == [0.6]
    assert run.kinds == ["switched"]


def test_a_graph_that_cannot_be_opened_leaves_the_old_one() -> None:
    run = Run(pipeline(Adds(level=0.5)))
    run.give(0.1, size=(8, 16))
    run.realtime.switch(pipeline(Narrow()))
    assert run.give(0.1, size=(8, 16)) == [0.6]
    assert [(e.kind, e.why) for e in run.events] == [
        ("failed", "node 'narrow': 16 columns are too many")
    ]
    assert run.realtime.nodes()[0]["id"] == "adds"
    assert run.realtime.stats.state == "running"


def test_a_graph_whose_plan_is_wrong_leaves_the_old_one_and_its_label() -> None:
    class Wrong(Adds):
        def plan(self, video: VideoInfo) -> VideoInfo:
            raise KeyError("size")

    run = Run(pipeline(Breaks()), label="old")
    run.give(0.1)
    closed = Breaks.closed
    run.realtime.switch(pipeline(Wrong()), "new")
    assert run.realtime.label == "new"
    assert run.give(0.1) == [0.6]
    assert [(e.kind, e.why) for e in run.events] == [("failed", "KeyError: 'size'")]
    assert run.realtime.label == "old"
    run.realtime.switch(pipeline(Adds()), "newest")
    assert run.give(0.1) == [0.2]
    assert run.realtime.label == "newest"
    assert Breaks.closed == closed + 1


def test_a_graph_whose_input_is_missing_takes_over_and_waits() -> None:
    run = Run(pipeline(Adds()))
    run.give(0.1)
    run.realtime.switch(pipeline(Joins(), other="plate"))
    assert run.give(0.1) == [0.1]
    assert run.kinds == ["switched", "waiting"]


def test_a_new_graph_ends_the_failure_of_the_old_one() -> None:
    run = Run(pipeline(Breaks()))
    Breaks.broken = True
    run.give(0.1)
    run.realtime.switch(pipeline(Adds()))
    assert run.give(0.1) == [0.2]
    assert run.realtime.stats.state == "running"


def test_time_grows_across_graphs() -> None:
    run = Run(pipeline(Lags()))
    run.give(0.1, 0.2)
    run.realtime.switch(pipeline(Adds()))
    run.give(0.3)
    run.realtime.switch(pipeline(Lags()))
    run.give(0.4, 0.5)
    instants = [shown.frame.pts for shown in run.shown]
    assert instants == sorted(set(instants))


# Failures.


def test_the_picture_passes_where_a_node_fails_and_it_is_tried_again() -> None:
    run = Run(pipeline(Breaks()))
    assert run.give(0.1) == [0.6]
    Breaks.broken = True
    assert run.give(0.1, 0.2) == [0.1, 0.2]
    (event,) = run.events
    assert (event.kind, event.node) == ("failed", "breaks")
    assert event.why == "node 'breaks' failed at 0.033 s: ValueError: it is broken"
    assert run.realtime.stats.state == "passing"
    assert run.realtime.stats.why == event.why
    Breaks.broken = False
    assert run.give(*[0.1] * 50) == [0.1] * 50, "not yet"
    assert 0.6 in run.give(*[0.1] * 12)
    assert run.kinds == ["failed", "recovered"]
    assert run.realtime.stats.state == "running"


def test_it_is_tried_ever_more_seldom() -> None:
    run = Run(pipeline(Breaks()))
    Breaks.broken = True
    for _ in range(60):
        run.give(0.1, step=Fraction(1, 2))
    assert len(run.events) == 4, "at 0, 2, 6 and 14 s; next at 30 s"


def test_a_graph_that_cannot_take_the_first_picture_lets_it_pass() -> None:
    run = Run(pipeline(Narrow()))
    assert run.give(0.1, size=(8, 16)) == [0.1]
    assert [e.why for e in run.events] == ["node 'narrow': 16 columns are too many"]


def test_who_is_told_may_fail_without_harm() -> None:
    shown: list[Shown] = []

    def emit(one: Shown) -> None:
        shown.append(one)
        raise RuntimeError("the line is dead")

    realtime = Realtime(pipeline(Adds()), emit)
    for frame in clip(0.1, 0.2):
        realtime.offer(frame)
        realtime.work(0)
    assert len(shown) == 2
    assert realtime.stats.state == "running"


# The ladder.


def test_every_second_picture_is_left_out_when_there_is_no_time() -> None:
    run = costing(0.06)
    run.give(*[0.1] * 90, size=LARGE)
    assert run.realtime.stats.rung == "skip"
    before = len(run.shown)
    run.give(*[0.1] * 20, size=LARGE)
    assert len(run.shown) == before + 10
    (event,) = run.events
    assert event.kind == "rung"
    assert event.why.startswith("skip: the work takes ")


def test_what_was_found_last_is_laid_on_every_second_picture() -> None:
    run = costing(0.045, Mattes)
    run.give(*[0.1] * 60, size=LARGE)
    assert run.realtime.stats.rung == "reuse"
    assert sorted(run.give(*[0.1] * 4, size=LARGE)) == [0.1, 0.1, 0.2, 0.2]


def test_at_half_size_the_result_has_the_size_it_should_have() -> None:
    run = costing(0.09)
    levels = run.give(*[0.1] * 200, size=LARGE)
    assert run.realtime.stats.rung == "smaller"
    assert levels[-1] == 0.2
    assert {(s.frame.width, s.frame.height) for s in run.shown} == {(130, 128)}
    run.realtime.set_param("adds", "level", 0.5)
    assert run.give(0.1, size=LARGE) == [0.6]


def test_hopeless_work_passes_and_comes_back_when_there_is_time() -> None:
    run = costing(1.0)
    run.give(*[0.1] * 120, size=LARGE)
    assert run.realtime.stats.rung == "pass"
    assert run.give(0.1, size=LARGE) == [0.1]
    Adds.clock = None
    run.give(*[0.1] * 520, size=LARGE)
    assert run.realtime.stats.rung == "full"
    assert {e.kind for e in run.events} == {"rung"}


def test_a_rung_that_is_not_allowed_is_never_taken() -> None:
    run = costing(1.0, rungs=["full", "skip"])
    run.give(*[0.1] * 300, size=LARGE)
    assert run.realtime.stats.rung == "skip"
    strict = costing(1.0, rungs=[])
    strict.give(*[0.1] * 300, size=LARGE)
    assert strict.realtime.stats.rung == "full"


def test_another_graph_begins_at_the_top() -> None:
    run = costing(1.0)
    run.give(*[0.1] * 120, size=LARGE)
    assert run.realtime.stats.rung == "pass"
    run.realtime.switch(pipeline(Adds()))
    run.give(0.1, size=LARGE)
    assert run.realtime.stats.rung == "full"


# Thread and end.


def test_a_started_run_works_in_a_thread_of_its_own() -> None:
    threads: list[str] = []
    shown = threading.Event()

    def emit(one: Shown) -> None:
        threads.append(threading.current_thread().name)
        shown.set()

    realtime = Realtime(pipeline(Adds()), emit, name="one")
    realtime.start()
    realtime.offer(clip(0.1)[0])
    assert shown.wait(20)
    realtime.close()
    assert threads == ["graph one"]
    assert all(thread.name != "graph one" for thread in threading.enumerate())


def test_closing_closes_nodes_and_feeds_once_and_refuses_what_comes_later() -> None:
    used, waiting, late = Closes(0.1), Closes(0.2), Closes(0.3)
    run = Run(pipeline(Breaks(), Joins(), other="plate"), feeds={"plate": used})
    run.give(0.1)
    closed = Breaks.closed
    run.realtime.set_feed("scene", waiting)
    run.realtime.close()
    run.realtime.close()
    run.realtime.set_feed("plate", late)
    run.realtime.offer(clip(0.1)[0])
    with pytest.raises(Closed):
        run.realtime.work(0)
    assert [feed.closed for feed in (used, waiting, late)] == [1, 1, 1]
    assert Breaks.closed == closed + 1


@pytest.mark.parametrize(
    "preset", ["brighten", "soft-focus", "film-look", "flatten", "half-size", "smooth-2x", "square"]
)
def test_shipped_presets_run_live(preset: str) -> None:
    shown: list[Shown] = []
    realtime = Realtime(Graph.load(preset).pipeline(), shown.append)
    for frame in noise(4, size=(144, 192), fps=30):
        realtime.offer(frame)
        realtime.work(0)
    stats = realtime.stats
    realtime.close()
    assert (stats.state, stats.why) == ("running", "")
    assert len(shown) >= 3
