from fractions import Fraction

import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from streamfx.live.media.source_timing import JUMP, SLACK, STEP, Continuity, Item, Playout


def shown(instant, number=0) -> Item:
    return Item(Fraction(instant), number, VideoFrame(16, 16))


def heard(instant, number=0) -> Item:
    return Item(Fraction(instant), number, AudioFrame(samples=8))


def test_items_come_in_order_of_their_instants_when_they_are_due():
    playout = Playout()
    playout.push(shown(1, 0))
    playout.push(heard("0.5", 1))
    assert playout.wait(100.0) == 0
    assert playout.pop(100.0).instant == Fraction(1, 2)
    assert playout.wait(100.1) == pytest.approx(0.4)
    assert playout.wait(100.6) == 0
    assert playout.pop(100.6).instant == 1
    assert playout.wait(100.6) is None


def test_a_late_picture_is_left_out_when_the_next_is_due_as_well():
    playout = Playout()
    playout.push(shown(0))
    assert playout.wait(10.0) == 0
    playout.pop(10.0)
    for n in (1, 2, 3):
        playout.push(shown(Fraction(n, 10), n))
    assert playout.wait(10.25) == 0
    assert playout.pop(10.25).instant == Fraction(2, 10)
    assert playout.skipped == 1
    assert len(playout) == playout.pictures == 1


def test_sound_is_never_left_out():
    playout = Playout()
    playout.push(shown(0))
    playout.wait(10.0)
    playout.pop(10.0)
    playout.push(heard("0.1", 1))
    playout.push(heard("0.2", 2))
    assert playout.pop(10.9).instant == Fraction(1, 10)
    assert playout.skipped == 0


def test_whoever_is_far_behind_goes_on_from_now():
    playout = Playout()
    playout.push(shown(0))
    playout.wait(10.0)
    playout.pop(10.0)
    playout.push(shown(1, 1))
    playout.push(shown(2, 2))
    assert playout.wait(15.0) == 0
    assert playout.pop(15.0).instant == 1
    assert playout.wait(15.0) == pytest.approx(1)


def test_how_far_the_waiting_items_reach():
    playout = Playout()
    assert playout.seconds == 0
    playout.push(shown(3, 0))
    playout.push(heard(1, 1))
    assert (playout.seconds, playout.pictures) == (2, 1)


def test_a_connection_begins_at_its_start_whatever_its_clock_says():
    continuity = Continuity()
    continuity.restart(Fraction(0))
    assert continuity.instant(Fraction(5000)) == SLACK
    assert continuity.instant(Fraction(5001)) == SLACK + 1
    assert continuity.instant(Fraction(5000) - SLACK) == 0


def test_the_next_connection_goes_on_as_time_does():
    continuity = Continuity()
    continuity.restart(Fraction(0))
    continuity.instant(Fraction(7))
    continuity.restart(Fraction(60))
    assert continuity.instant(Fraction(0)) == 60 + SLACK
    continuity.restart(Fraction(1))
    assert continuity.instant(Fraction(0)) == 60 + 2 * SLACK


def test_a_clock_that_jumps_goes_on_and_what_was_under_way_keeps_its_place():
    continuity = Continuity()
    continuity.restart(Fraction(0))
    start = continuity.instant(Fraction(100))
    assert continuity.instant(Fraction(100) + 2 * JUMP) == start + STEP
    assert continuity.instant(Fraction(101)) == start + 1
    assert continuity.instant(Fraction(102) + 2 * JUMP) == start + STEP + 2
    assert continuity.instant(Fraction(3)) == start + STEP + 2 + STEP
