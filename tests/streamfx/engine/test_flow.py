from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
import torch

from streamfx import Context, Frame, Held, Node, Paired, Sound, Span, VideoInfo
from streamfx.engine.flow import Flow
from streamfx.errors import NodeError
from streamfx.frame import Timed
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.plan import plan
from streamfx.testing import clip, context, info_of, run, tone


class Fails(Node):
    def process(self, frame: Frame) -> Frame:
        if frame.pts:
            raise ValueError("no")
        return frame


class Adds(Node):
    def process(self, a: Frame, b: Held[Frame]) -> Frame:
        return a.showing(a.image + b.image)


class AddsPaired(Node):
    def process(self, a: Frame, b: Paired[Frame]) -> Frame:
        return a.showing(a.image + b.image)


class Late(Node):
    """Holds back one frame."""

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.delayed(1)

    def open(self, ctx: Context) -> None:
        self._last: Frame | None = None

    def process(self, frame: Frame) -> Frame | None:
        last, self._last = self._last, frame
        return last

    def flush(self) -> Iterator[Frame]:
        if self._last is not None:
            yield self._last


class Hurries(Node):
    """Runs three times as fast."""

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.retimed(Fraction(3))

    def process(self, frame: Frame) -> Frame:
        return frame.at(frame.pts / 3, frame.duration / 3)


class Gathers(Node):
    """Puts out the first of a run only when a brighter frame ends it."""

    @property
    def pending(self) -> Fraction | None:
        return None if self._first is None else self._first.pts

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.delayed(1)

    def open(self, ctx: Context) -> None:
        self._first: Frame | None = None

    def process(self, frame: Frame) -> Frame | None:
        first = self._first
        if first is not None and float(frame.image.mean()) <= float(first.image.mean()):
            return None
        self._first = frame
        return first

    def flush(self) -> Iterator[Frame]:
        if self._first is not None:
            yield self._first


class Listens(Node):
    def process(self, frame: Frame, speech: Span[Sound]) -> Frame:
        assert speech.samples.shape[1] == 1600
        assert speech.pts == frame.pts
        return frame.showing(torch.full_like(frame.image, float(speech.samples.abs().max())))


class Pair(NamedTuple):
    picture: Frame
    matte: Frame


class Splits(Node):
    def process(self, frame: Frame) -> Pair:
        return Pair(frame, frame.showing(1 - frame.image))


class Counts(Node):
    """Puts out how many frames it has seen since it was opened or reset."""

    def open(self, ctx: Context) -> None:
        self._seen = 0

    def process(self, frame: Frame) -> Frame:
        self._seen += 1
        return frame.showing(torch.full_like(frame.image, float(self._seen)))


class Batches(Node):
    stateless = True
    batch_size = 4

    def open(self, ctx: Context) -> None:
        self._sizes: list[int] = []

    def process(self, frame: Frame) -> Frame:
        self._sizes.append(1)
        return frame

    def batch(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        self._sizes.append(len(frames))
        return list(frames)


def levels(frames: list[Frame]) -> list[float]:
    return [round(float(frame.image.mean()), 3) for frame in frames]


def flow_of(steps: list[Step], outputs: dict[str, str], **inputs: list[Any]) -> list[Any]:
    """Run a pipeline, each input to its end before the next begins."""
    kinds = {f"input.{name}": type(items[0]) for name, items in inputs.items()}
    pipeline = Pipeline("test", tuple(steps), outputs, kinds)
    infos = {f"input.{name}": info_of(items) for name, items in inputs.items()}
    made: list[Any] = []
    flow = Flow(
        pipeline, plan(pipeline, infos), context(), lambda name, item: made.append((name, item))
    )
    for name, items in inputs.items():
        for item in items:
            flow.push(f"input.{name}", [item])
        flow.end(f"input.{name}")
    assert flow.waiting == 0
    flow.close()
    return made


def test_a_failure_says_where_and_when() -> None:
    with pytest.raises(NodeError, match=r"node 'it' failed at 0\.100 s: ValueError: no") as caught:
        run(Fails(), frame=clip(0, 1))
    assert caught.value.pts == Fraction(1, 10)
    assert isinstance(caught.value.__cause__, ValueError)


def test_held_is_the_latest_at_or_before() -> None:
    out = run(Adds(), a=clip(0, 0, 0, 0, fps=10), b=clip(0.1, 0.2, fps=5))
    assert levels(out) == [0.1, 0.1, 0.2, 0.2]


def test_held_shows_the_first_item_before_it_begins() -> None:
    late = [frame.at(frame.pts + 1) for frame in clip(0.5)]
    assert levels(run(Adds(), a=clip(0, 0), b=late)) == [0.5, 0.5]


@pytest.mark.parametrize("first", ["a", "b"])
def test_joins_do_not_depend_on_which_input_arrives_first(first: str) -> None:
    step = Step("it", "adds", Adds(), {"a": "input.a", "b": "input.b"})
    streams = {"a": clip(0, 0, 0, 0, fps=10), "b": clip(0.1, 0.2, fps=5)}
    order = {first: streams.pop(first), **streams}
    made = flow_of([step], {"video": "it.out"}, **order)
    assert levels([frame for _, frame in made]) == [0.1, 0.1, 0.2, 0.2]


def test_paired_refuses_another_instant() -> None:
    off = [frame.at(frame.pts + Fraction(1, 100)) for frame in clip(0.1, 0.2)]
    with pytest.raises(NodeError, match="port 'b'.*nothing came in for this very instant"):
        run(AddsPaired(), a=clip(0, 0), b=off)


def test_span_is_exactly_the_sound_under_the_frame() -> None:
    out = run(Listens(), frame=clip(0, 0, 0, fps=30), speech=tone(0.07))
    assert [level > 0.9 for level in levels(out)] == [True, True, True]


def test_span_is_silent_where_the_sound_has_ended() -> None:
    out = run(Listens(), frame=clip(0, 0, 0, fps=30), speech=tone(0.02))
    assert [level > 0.9 for level in levels(out)] == [True, False, False]


def test_branches_of_different_latency_meet_by_instant() -> None:
    steps = [
        Step("late", "late", Late(), {"frame": "input.video"}),
        Step("sum", "adds", AddsPaired(), {"a": "input.video", "b": "late.out"}),
    ]
    made = flow_of(steps, {"video": "sum.out"}, video=clip(0.1, 0.2, 0.3))
    assert levels([frame for _, frame in made]) == [0.2, 0.4, 0.6]


def test_a_held_branch_waits_for_the_slower_one_too() -> None:
    steps = [
        Step("late", "late", Late(), {"frame": "input.video"}),
        Step("sum", "adds", Adds(), {"a": "input.video", "b": "late.out"}),
    ]
    made = flow_of(steps, {"video": "sum.out"}, video=clip(0.1, 0.2, 0.3))
    assert levels([frame for _, frame in made]) == [0.2, 0.4, 0.6]


@pytest.mark.parametrize("late", [Late, Counts])
def test_branches_of_one_other_speed_meet_by_instant(late: type[Node]) -> None:
    steps = [
        Step("fast", "hurries", Hurries(), {"frame": "input.video"}),
        Step("late", "late", late(), {"frame": "input.video"}),
        Step("then", "hurries", Hurries(), {"frame": "late.out"}),
        Step("sum", "adds", Adds(), {"a": "fast.out", "b": "then.out"}),
    ]
    frames = clip(0.1, 0.2, 0.3)
    made = [frame for _, frame in flow_of(steps, {"video": "sum.out"}, video=frames)]
    beside = [0.1, 0.2, 0.3] if late is Late else [1, 2, 3]
    assert levels(made) == [round(a + b, 4) for a, b in zip([0.1, 0.2, 0.3], beside, strict=True)]
    assert [frame.pts for frame in made] == [frame.pts / 3 for frame in frames]


def test_a_branch_that_waits_for_its_time_to_come_is_waited_for() -> None:
    steps = [
        Step("gathers", "gathers", Gathers(), {"frame": "input.video"}),
        Step("sum", "adds", Adds(), {"a": "input.video", "b": "gathers.out"}),
    ]
    frames = clip(0.1, 0.1, 0.1, 0.2, 0.2)
    made = [frame for _, frame in flow_of(steps, {"video": "sum.out"}, video=frames)]
    assert levels(made) == [0.2, 0.2, 0.2, 0.4, 0.4]


def test_a_node_may_have_several_outputs() -> None:
    out = run(Splits(), frame=clip(0.25))
    assert [(name, float(f.image.mean())) for name, f in out] == [
        ("picture", 0.25),
        ("matte", 0.75),
    ]


def test_state_is_reset_at_a_cut() -> None:
    frames = clip(0, 0, 0, 0)
    frames[2] = frames[2].marked(cut=True)
    assert levels(run(Counts(), frame=frames)) == [1, 2, 1, 2]


def test_what_is_held_back_comes_out_before_a_cut() -> None:
    frames = clip(0.1, 0.2, 0.3, 0.4)
    frames[2] = frames[2].marked(cut=True)
    assert levels(run(Late(), frame=frames)) == [0.1, 0.2, 0.3, 0.4]


def test_stateless_nodes_get_batches_when_several_frames_are_there() -> None:
    node = Batches()
    pipeline = Pipeline(
        "t",
        (Step("it", "b", node, {"frame": "input.video"}),),
        {"video": "it.out"},
        {"input.video": Frame},
    )
    frames = clip(*[0.1] * 6)
    out: list[Timed] = []
    flow = Flow(
        pipeline,
        plan(pipeline, {"input.video": info_of(frames)}),
        context(),
        lambda _, item: out.append(item),
    )
    flow.push("input.video", frames)
    flow.end("input.video")
    assert node._sizes == [4, 2]
    assert [frame.pts for frame in out] == [frame.pts for frame in frames]


def test_a_node_that_breaks_its_plan_is_named() -> None:
    class Shrinks(Node):
        def process(self, frame: Frame) -> Frame:
            return frame.showing(frame.image[:, :2, :2])

    with pytest.raises(NodeError, match="node 'it' failed.*put out 2x2 where its plan says 6x4"):
        run(Shrinks(), frame=clip(0))


def test_instants_that_do_not_grow_are_refused() -> None:
    class Repeats(Node):
        def process(self, frame: Frame) -> Iterator[Frame]:
            yield frame
            yield frame

    with pytest.raises(NodeError, match="instants that do not grow"):
        run(Repeats(), frame=clip(0))


def test_the_wrong_class_is_refused() -> None:
    class Lies(Node):
        def process(self, frame: Frame) -> Frame:
            return 3  # type: ignore[return-value]  # the lie under test

    with pytest.raises(NodeError, match="put out a int where it declares a Frame"):
        run(Lies(), frame=clip(0))


def test_times_are_measured_for_each_step() -> None:
    steps = [Step("it", "splits", Counts(), {"frame": "input.video"})]
    pipeline = Pipeline("t", tuple(steps), {"video": "it.out"}, {"input.video": Frame})
    frames = clip(0, 0, 0)
    ticks = iter(range(100))
    flow = Flow(
        pipeline,
        plan(pipeline, {"input.video": info_of(frames)}),
        context(),
        lambda *_: None,
        clock=lambda: float(next(ticks)),
    )
    flow.push("input.video", frames)
    (time,) = flow.meter.read(["it"])
    assert (time.id, time.items, time.seconds) == ("it", 3, 3.0)


def test_something_else_may_stand_in_for_a_step() -> None:
    node = Batches()
    steps = (Step("it", "b", node, {"frame": "input.video"}),)
    pipeline = Pipeline("t", steps, {"video": "it.out"}, {"input.video": Frame})
    frames = clip(0.1, 0.1, 0.1)
    out: list[Timed] = []
    flow = Flow(
        pipeline,
        plan(pipeline, {"input.video": info_of(frames)}),
        context(),
        lambda _, item: out.append(item),
        stand_ins={"it": lambda frame: frame.showing(1 - frame.image)},
    )
    flow.push("input.video", frames)
    assert levels(out) == [0.9] * 3  # type: ignore[arg-type]  # frames come out
    assert node._sizes == []
