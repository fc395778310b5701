from fractions import Fraction
from itertools import pairwise

import pytest
import torch

from streamfx import Colour, Frame, GraphError, VideoInfo
from streamfx.nodes.retime import Shutter
from streamfx.testing import clip, noise, run

LINEAR = Colour(transfer="linear")
HFR = VideoInfo(64, 36, Fraction(200), frames=80)


def ramp(count: int, fps: int = 80) -> list[Frame]:
    """Return frames in light, each brighter by a step than the one before."""
    frames = clip(*[i / 100 for i in range(count)], fps=fps)
    return [frame.tagged(LINEAR) for frame in frames]


def levels(frames: list[Frame]) -> list[float]:
    return [round(float(frame.image.mean()) * 100, 3) for frame in frames]


@pytest.mark.parametrize(
    ("angle", "first"), [(0.0, 0), (45.0, 0), (90.0, 0.5), (180.0, 1.5), (270.0, 2.5), (360.0, 3.5)]
)
def test_the_angle_says_which_frames_are_mixed(angle: float, first: float) -> None:
    out = run(Shutter(angle=angle, frames=8), frame=ramp(24))
    assert levels(out) == [first, first + 8, first + 16]


def test_a_frame_that_is_half_seen_counts_half() -> None:
    out = run(Shutter(angle=67.5, frames=8), frame=ramp(8))  # open for one and a half frames
    assert levels(out) == [round(0.5 / 1.5, 3)]


@pytest.mark.parametrize("frames", [1, 3, 8])
def test_instants_are_those_of_the_first_of_each_so_many(frames: int) -> None:
    fast = clip(*[0.5] * 24, fps=Fraction(240000, 1001))
    out = run(Shutter(frames=frames), frame=fast)
    assert [f.pts for f in out] == [f.pts for f in fast[::frames]]
    assert {f.duration for f in out} == {frames * Fraction(1001, 240000)}


def test_what_is_left_at_the_end_is_shown_for_as_long_as_it_lasts() -> None:
    out = run(Shutter(angle=360.0, frames=8), frame=ramp(11))
    assert levels(out) == [3.5, 9]
    assert out[-1].duration == Fraction(3, 80)


def test_nothing_is_mixed_across_a_cut() -> None:
    frames = ramp(16)
    frames[5] = frames[5].marked(cut=True)
    out = run(Shutter(angle=360.0, frames=8), frame=frames)
    assert levels(out) == [2, 8.5, 14]
    assert [f.pts * 80 for f in out] == [0, 5, 13]
    assert [f.props.cut for f in out] == [False, True, False]
    assert all(a.end == b.pts for a, b in pairwise(out))


@pytest.mark.parametrize("fps", ["25", "24", "30", "23.976", "80"])
def test_a_given_rate_is_met_exactly(fps: str) -> None:
    node = Shutter(fps=fps, angle=360.0)
    out = run(node, frame=ramp(80))
    rate = Fraction(24000, 1001) if fps == "23.976" else Fraction(fps)
    assert [f.pts for f in out] == [i / rate for i in range(len(out))]
    assert {f.duration for f in out[:-1]} == {1 / rate}
    assert out[-1].end == 1
    # each mean lies in the middle of what the shutter saw
    for frame in out[:-1]:
        middle = float(frame.pts + frame.duration / 2) * 80 - 0.5
        assert abs(float(frame.image.mean()) * 100 - middle) < 0.26


def test_frames_of_a_variable_rate_count_for_as_long_as_they_are_shown() -> None:
    lasts = [Fraction(1, 40), Fraction(1, 80), Fraction(1, 80), Fraction(1, 20)]
    starts = [Fraction(0), Fraction(1, 40), Fraction(3, 80), Fraction(1, 20)]
    frames = [f.at(t, d) for f, t, d in zip(ramp(4), starts, lasts, strict=True)]
    out = run(Shutter(fps="20", angle=360.0), frame=frames)
    assert levels(out) == [0.75, 3]


def test_one_long_frame_becomes_several_of_the_rate() -> None:
    long = ramp(1)[0].at(Fraction(0), Fraction(1, 2))
    many = [f.at(f.pts + Fraction(1, 2)) for f in ramp(40)]
    out = run(Shutter(fps="8"), frame=[long, *many])
    assert [f.pts for f in out] == [Fraction(i, 8) for i in range(8)]
    assert all(f.image is long.image for f in out[:4])


def test_after_a_gap_the_rate_begins_anew() -> None:
    late = [f.at(f.pts + 1) for f in ramp(8)]
    out = run(Shutter(fps="20", angle=360.0), frame=[*ramp(8), *late])
    assert [f.pts for f in out] == [0, Fraction(1, 20), 1, Fraction(21, 20)]


@pytest.mark.parametrize("fps", ["", "25"])
def test_one_frame_alone_comes_out(fps: str) -> None:
    (frame,) = noise(1, fps=50)
    (out,) = run(Shutter(fps=fps), frame=[frame])
    assert (out.pts, out.duration) == (frame.pts, frame.duration)
    assert out.image is frame.image


def test_a_clip_that_begins_before_zero_keeps_its_instants() -> None:
    frames = [f.at(f.pts - 1) for f in ramp(8)]
    assert [f.pts for f in run(Shutter(frames=4), frame=frames)] == [-1, Fraction(-19, 20)]


def test_the_plan_says_rate_length_and_wait() -> None:
    made = Shutter(frames=8).plan(HFR)
    assert (made.fps, made.frames, made.held_back) == (25, 10, 7)
    assert (made.latency, made.time_base) == (Fraction(7, 200), Fraction(1, 200))
    made = Shutter(fps="24").plan(HFR)
    assert (made.fps, made.frames, made.held_back) == (24, 10, 8)
    assert made.time_base == Fraction(1, 600)


@pytest.mark.parametrize(
    ("fps", "said"),
    [("240", "only 200 frames/s come in"), ("fast", "fps: a rate is"), ("0", "fps")],
)
def test_a_rate_that_cannot_be_is_refused(fps: str, said: str) -> None:
    with pytest.raises(GraphError, match=said):
        Shutter(fps=fps).plan(HFR)


def test_frames_are_not_written_into() -> None:
    frames = noise(8)
    before = [frame.image.clone() for frame in frames]
    run(Shutter(angle=360.0, frames=4), frame=frames)
    assert all(torch.equal(f.image, b) for f, b in zip(frames, before, strict=True))
