from fractions import Fraction
from itertools import pairwise

import pytest
import torch

from streamfx import Frame, VideoInfo
from streamfx.nodes.interpolate import Blend
from streamfx.testing import clip, context, noise, run


def levels(frames: list[Frame]) -> list[float]:
    return [round(float(frame.image.mean()), 4) for frame in frames]


def test_fades_between_neighbours_and_holds_the_last() -> None:
    out = run(Blend(factor=4), frame=clip(0.0, 1.0))
    assert levels(out) == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]


@pytest.mark.parametrize("factor", range(2, 9))
def test_each_frame_becomes_as_many_as_the_factor(factor: int) -> None:
    frames = clip(*[0.5] * 5, fps=Fraction(30000, 1001))
    out = run(Blend(factor=factor), frame=frames)
    step = Fraction(1001, 30000 * factor)
    assert [(f.pts, f.duration) for f in out] == [(i * step, step) for i in range(5 * factor)]


def test_each_interval_of_a_variable_rate_is_divided() -> None:
    instants = [Fraction(0), Fraction(1, 30), Fraction(1, 4), Fraction(2)]
    lasts = [Fraction(1, 30), Fraction(13, 60), Fraction(7, 4), Fraction(1)]
    frames = [f.at(t, d) for f, t, d in zip(noise(4), instants, lasts, strict=True)]
    out = run(Blend(factor=2), frame=frames)
    assert [f.pts for f in out[::2]] == instants
    assert [f.pts for f in out[1::2]] == [t + d / 2 for t, d in zip(instants, lasts, strict=True)]
    assert all(a.end == b.pts for a, b in pairwise(out))


def test_frames_of_the_source_pass_as_they_are() -> None:
    frames = noise(3)
    out = run(Blend(factor=3), frame=frames)
    assert all(a.image is b.image for a, b in zip(out[::3], frames, strict=True))


def test_no_fade_crosses_a_cut() -> None:
    first, second, third, fourth = clip(0, 0, 1, 1)
    out = run(Blend(factor=2), frame=[first, second, third.marked(cut=True), fourth])
    assert levels(out) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [f.props.cut for f in out] == [False] * 4 + [True] + [False] * 3


def test_a_repeated_frame_is_not_computed_again() -> None:
    first, second = clip(0.3, 0.3)
    out = run(Blend(factor=2), frame=[first, second.marked(repeated=True)])
    assert all(f.image is first.image for f in out[:2])
    assert [f.props.repeated for f in out] == [False, True, True, True]


def test_damage_shows_in_what_is_made_of_it() -> None:
    first, second, third = clip(0, 1, 0)
    out = run(Blend(factor=2), frame=[first, second.marked(corrupt=True), third])
    assert [f.props.corrupt for f in out] == [False, True, True, True, False, False]


def test_what_is_hidden_does_not_fade_in(device: torch.device) -> None:
    (shown,) = clip(1.0, alpha=1, device=device)
    hidden = shown.showing(torch.zeros_like(shown.image)).at(Fraction(1, 10))
    out = run(Blend(factor=2), context(device=device), frame=[shown, hidden])
    assert out[1].image[:, 0, 0].tolist() == pytest.approx([1, 1, 1, 0.5])


def test_plan_tells_rate_delay_and_ticks() -> None:
    video = VideoInfo(6, 4, Fraction(25), frames=10, tick=Fraction(1, 1000))
    made = Blend(factor=2).plan(video)
    assert (made.fps, made.latency) == (Fraction(50), Fraction(1, 25))
    assert made.held_back == 1
    assert (made.frames, made.tick) == (20, Fraction(1, 2000))


def test_nothing_in_gives_nothing_out() -> None:
    node = Blend()
    node.open(context())
    assert list(node.flush()) == []
