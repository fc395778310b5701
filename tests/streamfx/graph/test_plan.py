from fractions import Fraction

import pytest

from streamfx import Frame, Held, Node, Paired, Sound, Span, VideoInfo
from streamfx.errors import GraphError
from streamfx.frame import AudioInfo
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.plan import plan

HD = VideoInfo(1280, 720, Fraction(25))


class Doubles(Node):
    past = 3

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.faster(2, held_back=1)

    def process(self, frame: Frame) -> Frame:
        return frame


class Joins(Node):
    def process(self, a: Frame, b: Held[Frame]) -> Frame:
        return a


class Pairs(Node):
    def process(self, a: Frame, b: Paired[Frame]) -> Frame:
        return a


class Hears(Node):
    @property
    def lookahead(self) -> Fraction:
        return Fraction(1, 5)

    def process(self, face: Frame, speech: Span[Sound]) -> Frame:
        return face


class Refuses(Node):
    def plan(self, video: VideoInfo) -> VideoInfo:
        raise GraphError("too small")

    def process(self, frame: Frame) -> Frame:
        return frame


class Asks(Node):
    def plan(self, video: VideoInfo, b: VideoInfo | None = None) -> VideoInfo:
        assert b is not None
        return video.sized(b.width, b.height)

    def process(self, a: Frame, b: Held[Frame]) -> Frame:
        return a.showing(b.image)


class Slows(Node):
    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.retimed(Fraction(1, 4))

    def process(self, frame: Frame) -> Frame:
        return frame


def pipeline_of(*steps: Step) -> Pipeline:
    return Pipeline("t", steps, {"video": f"{steps[-1].id}.out"}, {"input.video": Frame})


def test_rate_latency_and_ticks_add_up() -> None:
    steps = [
        Step("a", "d", Doubles(), {"frame": "input.video"}),
        Step("b", "d", Doubles(), {"frame": "a.out"}),
    ]
    made = plan(pipeline_of(*steps), {"input.video": HD})
    assert made.video.fps == 100
    assert made.video.time_base == Fraction(1, 100)
    assert made.latency == Fraction(1, 25) + Fraction(1, 50)
    assert made.past == Fraction(3, 25) + Fraction(3, 50)
    assert made.held_back == {"a": 1, "b": 1}


def test_the_faster_branch_waits_in_a_buffer_of_known_size() -> None:
    steps = [
        Step("slow", "d", Doubles(), {"frame": "input.video"}),
        Step("join", "j", Joins(), {"a": "input.video", "b": "slow.out"}),
    ]
    made = plan(pipeline_of(*steps), {"input.video": HD})
    (buffer,) = made.buffers
    assert (buffer.step, buffer.port, buffer.count) == ("join", "a", 1)
    assert buffer.size == 1280 * 720 * 3 * 4
    assert made.latency == Fraction(1, 25)


def test_lookahead_into_the_sound_is_latency() -> None:
    step = Step("hear", "h", Hears(), {"face": "input.video", "speech": "input.audio"})
    made = plan(pipeline_of(step), {"input.video": HD, "input.audio": AudioInfo(48000, 2)})
    assert made.latency == Fraction(1, 5)


def test_pairs_must_run_at_one_rate() -> None:
    step = Step("pair", "p", Pairs(), {"a": "input.video", "b": "input.x"})
    other = VideoInfo(1280, 720, Fraction(30))
    with pytest.raises(GraphError, match="node 'pair': b must come at the instants.*25.*30"):
        plan(pipeline_of(step), {"input.video": HD, "input.x": other})


def test_a_refusal_names_the_step() -> None:
    with pytest.raises(GraphError, match="node 'no': too small"):
        plan(pipeline_of(Step("no", "r", Refuses(), {"frame": "input.video"})), {"input.video": HD})


def test_a_plan_may_ask_for_the_other_inputs() -> None:
    step = Step("ask", "a", Asks(), {"a": "input.video", "b": "input.x"})
    made = plan(pipeline_of(step), {"input.video": HD, "input.x": VideoInfo(64, 48, Fraction(25))})
    assert (made.video.width, made.video.height) == (64, 48)


def test_streams_of_different_speed_do_not_meet() -> None:
    slow = Step("slow", "s", Slows(), {"frame": "input.video"})
    step = Step("join", "j", Joins(), {"a": "slow.out", "b": "input.x"})
    said = "node 'join': 'slow.out' runs at 0.25 times the source's speed, b at 1: join them before"
    with pytest.raises(GraphError, match=said):
        plan(pipeline_of(slow, step), {"input.video": HD, "input.x": HD})
    hear = Step("hear", "h", Hears(), {"face": "slow.out", "speech": "input.audio"})
    with pytest.raises(GraphError, match="speech at 1"):
        plan(pipeline_of(slow, hear), {"input.video": HD, "input.audio": AudioInfo(48000, 2)})


def test_what_a_slowed_node_remembers_is_counted_in_the_sources_time() -> None:
    steps = [
        Step("slow", "s", Slows(), {"frame": "input.video"}),
        Step("a", "d", Doubles(), {"frame": "slow.out"}),
    ]
    assert plan(pipeline_of(*steps), {"input.video": HD}).past == Fraction(3, 25)
