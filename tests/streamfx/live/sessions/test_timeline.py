"""Instants of publishers on the session's own clock."""

import itertools
from fractions import Fraction

from streamfx.live.sessions.timeline import Timeline


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


def test_a_publisher_begins_where_the_clock_is() -> None:
    clock = Clock()
    line = Timeline(clock)
    assert line.place(Fraction(7), 102.5) == Fraction(5, 2)
    assert line.place(Fraction(7) + Fraction(1, 30), 102.9) == Fraction(5, 2) + Fraction(1, 30)


def test_distances_stay_exact_however_packets_arrive() -> None:
    line = Timeline(Clock())
    placed = [line.place(Fraction(i, 30), 100 + i / 30 + i % 3 * 0.01) for i in range(60)]
    assert {b - a for a, b in itertools.pairwise(placed)} == {Fraction(1, 30)}


def test_the_next_publisher_goes_on_after_the_last() -> None:
    line = Timeline(Clock())
    before = line.place(Fraction(900), 101.0)
    line.restart()
    after = line.place(Fraction(0), 109.0)
    assert (before, after) == (1, 9)


def test_instants_that_go_astray_are_set_anew() -> None:
    line = Timeline(Clock())
    line.place(Fraction(0), 100.0)
    assert line.place(Fraction(3600), 101.0) == 1
    assert line.place(Fraction(3601), 102.0) == 2


def test_now_counts_from_the_begin() -> None:
    clock = Clock()
    line = Timeline(clock)
    clock.time += 3
    assert line.now() == 3
