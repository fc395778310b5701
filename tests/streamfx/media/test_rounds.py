"""Every round begins exactly where the last one ended, at any rate and with any bounds."""

from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import pytest

from streamfx import Frame
from streamfx.media.excerpt import Excerpt
from streamfx.media.rounds import Rounds
from tests import clips


def rounds(path: Path, start: Fraction = Fraction(0), end: Fraction | None = None) -> Rounds:
    again = Excerpt(str(path), start, end).open
    reader = again()
    first = reader.source.start
    return Rounds(reader, again, first + start, None if end is None else first + end)


def taken(made: Rounds, count: int) -> list[Frame]:
    frames = list(islice(made, count))
    made.close()
    return frames


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.webm"])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
def test_rounds_neither_overlap_nor_leave_a_gap(name: str, rate: Fraction) -> None:
    codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
    path = clips.cached(f"{rate.numerator}-{name}", frames=7, codec=codec, rate=rate)
    frames = taken(rounds(path), 30)
    assert all(a.end == b.pts for a, b in pairwise(frames))
    whole = frames[7].pts - frames[0].pts
    assert abs(whole - 7 / rate) < Fraction(1, 500)
    assert [f.pts - frames[0].pts for f in frames[::7]] == [i * whole for i in range(5)]
    assert [f.props.number for f in frames] == [i % 7 for i in range(30)]


def test_each_round_begins_with_a_cut() -> None:
    frames = taken(rounds(clips.cached("cut.mkv", frames=4)), 12)
    assert [f.props.cut for f in frames[1:]] == [i % 4 == 0 for i in range(1, 12)]


def test_variable_instants_stay_as_they_are() -> None:
    path = clips.cached(
        "vfr.mkv", frames=5, pts=[40, 43, 50, 51, 60], tick=Fraction(1, 50), codec="ffv1"
    )
    frames = taken(rounds(path), 12)
    steps = [(b.pts - a.pts) * 50 for a, b in pairwise(frames)]
    assert steps[:4] == steps[5:9] == [3, 7, 1, 9]
    assert steps[4] == steps[9] > 0


def test_a_part_lasts_exactly_as_long_as_it_was_asked_for() -> None:
    path = clips.cached("part.mkv", frames=25, codec="ffv1")
    start, end = Fraction(11, 50), Fraction(51, 100)
    frames = taken(rounds(path, start, end), 20)
    assert all(a.end == b.pts for a, b in pairwise(frames))
    assert frames[0].pts == start
    cuts = [frame.pts - start for frame in frames if frame.props.cut and frame.pts > start]
    assert cuts == [end - start, 2 * (end - start)]


@pytest.mark.parametrize("begin", [Fraction(1, 10), Fraction(29, 50), Fraction(7, 3), Fraction(99)])
def test_it_can_begin_at_any_instant(begin: Fraction) -> None:
    path = clips.cached("begin.mkv", frames=10, codec="ffv1")
    whole = Fraction(2, 5)
    made = rounds(path)
    made.begin(begin)
    frames = taken(made, 12)
    assert frames[0].pts <= begin < frames[0].end
    assert all(a.end == b.pts for a, b in pairwise(frames))
    assert [f.props.number for f in frames] == [int(f.pts % whole * 25) for f in frames]


def test_beginning_far_into_a_long_clip_does_not_read_what_comes_before() -> None:
    path = clips.cached("long.mkv", frames=100, codec="ffv1")
    made = rounds(path)
    made.begin(Fraction(2))
    first, *rest = taken(made, 60)
    assert first.pts == Fraction(2)
    assert made._reader.frames < 25
    assert rest[49].pts == Fraction(4)


def test_a_source_of_one_picture_comes_once() -> None:
    assert len(taken(rounds(clips.cached("one.mkv", frames=1)), 5)) == 1
