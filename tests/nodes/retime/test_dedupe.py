import logging
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest
import torch

from streamfx import Frame, VideoInfo
from streamfx.nodes.retime import Dedupe
from streamfx.testing import noise, run


def on(each: int, count: int = 4, fps: Fraction | int = 24) -> list[Frame]:
    """Return drawings that are shown ``each`` times, as a lossy codec would leave them."""
    step = 1 / Fraction(fps)
    rough = torch.Generator().manual_seed(1)
    frames = []
    for i, drawing in enumerate(noise(count, size=(48, 64))):
        for j in range(each):
            grain = torch.randn(drawing.image.shape, generator=rough) * 0.004 * bool(j)
            image = (drawing.image + grain).clamp(0, 1)
            frames.append(Frame(image, (i * each + j) * step, step))
    return frames


@pytest.mark.parametrize("each", [1, 2, 3])
def test_drawings_on_twos_and_threes_are_kept_once_each(each: int) -> None:
    frames = on(each, fps=Fraction(24000, 1001))
    out = run(Dedupe(), frame=frames)
    assert [f.image for f in out] == [f.image for f in frames[::each]]
    assert [f.pts for f in out] == [f.pts for f in frames[::each]]
    assert {f.duration for f in out} == {each * Fraction(1001, 24000)}


def test_marked_repeats_go_without_a_look() -> None:
    frames = noise(4)
    frames[2] = frames[2].marked(repeated=True)
    out = run(Dedupe(look=False), frame=frames)
    assert [f.image for f in out] == [frames[0].image, frames[1].image, frames[3].image]
    assert [f.duration for f in out] == [Fraction(1, 10), Fraction(1, 5), Fraction(1, 10)]


def test_without_a_look_unmarked_repeats_stay() -> None:
    assert len(run(Dedupe(look=False), frame=on(2))) == 8


def test_the_length_stays_also_where_durations_differ() -> None:
    lasts = [Fraction(1, 7), Fraction(2, 9), Fraction(1, 1000), Fraction(1, 3)] * 2
    frames, at = [], Fraction(5)
    for frame, last in zip(on(2), lasts, strict=True):
        frames.append(frame.at(at, last))
        at += last
    out = run(Dedupe(), frame=frames)
    assert len(out) == 4
    assert (out[0].pts, out[-1].end) == (5, at)
    assert all(a.end == b.pts for a, b in pairwise(out))


def test_what_changes_little_by_little_is_not_dropped_for_ever() -> None:
    (start,) = noise(1, size=(48, 64))
    frames = [
        Frame(
            torch.roll(start.image, i // 4, 2) * (1 - i / 400), Fraction(i, 100), Fraction(1, 100)
        )
        for i in range(40)
    ]
    assert 10 <= len(run(Dedupe(), frame=frames)) < 40


def test_a_picture_that_stands_is_shown_again_in_time() -> None:
    (one,) = noise(1)
    frames = [one.at(Fraction(i, 10), Fraction(1, 10)) for i in range(25)]
    out = run(Dedupe(longest=1.0), frame=frames)
    assert [(f.pts, f.duration) for f in out] == [(0, 1), (1, 1), (2, Fraction(1, 2))]
    assert [f.props.repeated for f in out] == [False, True, True]


def test_a_change_of_alpha_alone_is_a_change() -> None:
    first, second = noise(2, alpha=True)
    other = first.showing(torch.cat([first.image[:3], second.image[3:]]))
    out = run(Dedupe(), frame=[first, other.at(second.pts), first.at(2 * second.pts)])
    assert len(out) == 3


def test_a_repeat_across_a_cut_stays() -> None:
    frames = on(3, count=1)
    frames[1] = frames[1].marked(cut=True)
    out = run(Dedupe(), frame=frames)
    assert [f.pts * 24 for f in out] == [0, 1]
    assert out[1].props.cut


@pytest.mark.parametrize("many", [lambda: on(1, count=1), lambda: on(2, count=1)])
def test_one_picture_alone_comes_out_whole(many: Callable[[], list[Frame]]) -> None:
    frames = many()
    (out,) = run(Dedupe(), frame=frames)
    assert (out.pts, out.end) == (0, frames[-1].end)


def test_how_many_were_dropped_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(Dedupe(), frame=on(2))
    assert [r.getMessage() for r in caplog.records] == ["4 of 8 frames dropped: they repeat others"]


def test_where_nothing_repeats_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(Dedupe(), frame=on(1))
    assert not caplog.records


def test_the_plan_says_that_the_rate_varies_and_one_frame_waits() -> None:
    made = Dedupe().plan(VideoInfo(64, 36, Fraction(24), frames=80))
    assert (made.variable, made.held_back, made.frames) == (True, 1, None)
    assert made.time_base == Fraction(1, 24)
