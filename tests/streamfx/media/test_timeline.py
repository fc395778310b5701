from __future__ import annotations

from fractions import Fraction

import pytest
from av.video.frame import VideoFrame

from streamfx.media.timeline import Timeline


def times(*instants: int | None) -> tuple[list[tuple[int, int]], Timeline]:
    line = Timeline(Fraction(1, 100), Fraction(25))
    shown = []
    for instant in instants:
        frame = VideoFrame(16, 16, "gray")
        frame.pts = instant
        line.repair(frame)
        shown.append(line.push(frame))
    shown.append(line.flush())
    return [(item.pts, item.duration) for item in shown if item], line


def test_each_frame_lasts_until_the_next_and_the_last_a_frame() -> None:
    assert times(0, 4, 12)[0] == [(0, 4), (4, 8), (12, 4)]


def test_a_missing_time_is_counted_on() -> None:
    shown, line = times(8, None, None, 20)
    assert shown == [(8, 4), (12, 4), (16, 4), (20, 4)]
    assert line.notes() == ["2 frames without a time: counted on from the one before"]


def test_a_time_that_does_not_grow_moves_by_one_tick_and_nothing_after_it() -> None:
    shown, line = times(0, 4, 4, 3, 12)
    assert [pts for pts, _ in shown] == [0, 4, 5, 6, 12]
    assert line.repaired == 2


def test_no_frames_make_no_times() -> None:
    assert times()[0] == []


@pytest.mark.parametrize(("end", "lasts"), [(18, 6), (100, 4), (10, 4), (None, 4)])
def test_the_last_frame_lasts_until_the_end_that_the_header_states(
    end: int | None, lasts: int
) -> None:
    line = Timeline(Fraction(1, 100), Fraction(25), end)
    frame = VideoFrame(16, 16, "gray")
    frame.pts = 12
    line.repair(frame)
    line.push(frame)
    last = line.flush()
    assert last is not None
    assert (last.pts, last.duration) == (12, lasts)
