from fractions import Fraction

from streamfx.engine.sync import Tracker, compare
from streamfx.testing import clip
from streamfx.timing import Stretch


def seconds(first: float, last: float) -> Stretch:
    return Stretch(Fraction(first), Fraction(last))


def test_equal_stretches_are_in_step() -> None:
    sync = compare(seconds(0, 10), seconds(0, 10), seconds(0, 10), seconds(0, 10))
    assert (sync.first, sync.last, sync.duration) == (0, 0, 0)


def test_what_was_off_in_the_source_is_no_fault_of_the_output() -> None:
    sync = compare(seconds(1, 10), seconds(0, 11), seconds(1, 10), seconds(0, 11))
    assert (sync.first, sync.last) == (0, 0)


def test_a_picture_that_ends_late_is_told() -> None:
    sync = compare(seconds(0, 10), seconds(0, 10), seconds(0, 10.5), seconds(0, 10))
    assert (sync.first, sync.last, sync.duration) == (0, Fraction(1, 2), Fraction(1, 2))


def test_without_sound_only_the_length_counts() -> None:
    sync = compare(seconds(0, 10), None, seconds(0, 9), None)
    assert (sync.first, sync.last, sync.duration) == (None, None, -1)


def test_only_the_wanted_range_counts() -> None:
    tracker = Tracker((Fraction(1, 5), Fraction(1, 2)))
    frames = clip(*[0.5] * 10)
    frames[3] = frames[3].marked(corrupt=True)
    frames[9] = frames[9].marked(corrupt=True)
    for frame in frames:
        tracker.came_in(frame)
    assert (tracker.frames_in, tracker.corrupt) == (3, 1)
    assert tracker.video_in == Stretch(Fraction(1, 5), Fraction(1, 2))


def test_a_picture_made_slower_is_in_step_when_its_sound_is_as_slow() -> None:
    before = seconds(0, 10), seconds(-0.25, 11)
    sync = compare(*before, seconds(0, 40), seconds(-0.25, 44), Fraction(1, 4))
    assert (sync.first, sync.last, sync.duration) == (0, 0, 0)
    sync = compare(*before, seconds(0, 40), seconds(0, 11), Fraction(1, 4))
    assert sync.last == 33
