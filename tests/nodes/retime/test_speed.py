from fractions import Fraction
from itertools import pairwise

import pytest

from streamfx import ParamError, VideoInfo
from streamfx.nodes.retime import Speed
from streamfx.testing import clip, noise, run

HD = VideoInfo(1280, 720, Fraction(30000, 1001), frames=100)


@pytest.mark.parametrize(
    ("speed", "exact"),
    [(0.25, Fraction(1, 4)), (0.05, Fraction(1, 20)), (1.001, Fraction(1001, 1000)),
     (0.3333, Fraction(1, 3)), (20.0, Fraction(20))],
)  # fmt: skip
def test_every_instant_is_divided_exactly(speed: float, exact: Fraction) -> None:
    frames = clip(*[0.5] * 5, fps=Fraction(30000, 1001))
    out = run(Speed(speed=speed), frame=frames)
    assert [f.pts for f in out] == [f.pts / exact for f in frames]
    assert [f.duration for f in out] == [f.duration / exact for f in frames]


def test_a_variable_rate_stays_variable() -> None:
    lasts = [Fraction(1, 30), Fraction(13, 60), Fraction(7, 4)]
    starts = [Fraction(0), Fraction(1, 30), Fraction(1, 4)]
    frames = [f.at(t, d) for f, t, d in zip(noise(3), starts, lasts, strict=True)]
    out = run(Speed(speed=0.25), frame=frames)
    assert [f.duration for f in out] == [4 * d for d in lasts]
    assert all(a.end == b.pts for a, b in pairwise(out))


@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_pictures_and_what_is_known_of_them_stay(speed: float) -> None:
    frames = [frame.marked(number=i, cut=i == 2) for i, frame in enumerate(noise(3))]
    out = run(Speed(speed=speed), frame=frames)
    assert all(a.image is b.image and a.props == b.props for a, b in zip(out, frames, strict=True))


def test_at_its_own_speed_nothing_changes() -> None:
    assert Speed().plan(HD) == VideoInfo(1280, 720, HD.fps, frames=100)


def test_the_plan_says_rate_speed_and_whether_it_is_muted() -> None:
    slow = Speed(speed=0.5, sound="mute").plan(HD)
    assert (slow.fps, slow.frames) == (HD.fps / 2, 100)
    assert (slow.speed, slow.muted, slow.held_back) == (Fraction(1, 2), True, 0)
    assert not Speed(speed=0.5).plan(HD).muted


@pytest.mark.parametrize("speed", [0.0, 0.049, 20.5])
def test_a_speed_out_of_bounds_is_refused(speed: float) -> None:
    with pytest.raises(ParamError, match="speed"):
        Speed(speed=speed)
