from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from streamfx.frame import Frame
from streamfx.media.window import Window, common_tick, file_tick


def frame(pts: Fraction | str, duration: Fraction | str) -> Frame:
    return Frame(torch.zeros(3, 2, 2), Fraction(pts), Fraction(duration))


@pytest.mark.parametrize(
    ("ticks", "common"),
    [
        ((Fraction(1, 25), Fraction(0)), Fraction(1, 25)),
        ((Fraction(1001, 30000), Fraction(1, 2)), Fraction(1, 30000)),
        ((Fraction(1, 25), Fraction(1, 24)), Fraction(1, 600)),
        ((Fraction(1001, 30000), Fraction(1001, 15000)), Fraction(1001, 30000)),
    ],
)
def test_the_common_tick_is_the_longest_that_fits_all(
    ticks: tuple[Fraction, ...], common: Fraction
) -> None:
    assert common_tick(*ticks) == common


def test_a_tick_that_no_container_can_state_is_not_taken() -> None:
    assert file_tick(Fraction(1, 90000), Fraction(1, 999983)) == Fraction(1, 90000)


def test_a_range_moves_instants_and_clips_the_first_and_last_frame() -> None:
    window = Window(Fraction(1, 100), start=Fraction(1), end=Fraction(2), cut=True)
    assert window.place(frame("0.95", "0.1")) == (0, 5)
    assert window.place(frame("1.95", "0.1")) == (95, 5)
    assert window.moved == 0


def test_instants_off_the_grid_are_counted_with_the_worst() -> None:
    window = Window(Fraction(1, 10))
    window.place(frame("0.12", "0.1"))
    window.place(frame("0.24", "0.1"))
    assert (window.moved, window.furthest) == (2, Fraction(4, 100))


def test_a_coarser_clock_of_the_container_counts_too() -> None:
    window = Window(Fraction(1001, 30000), coarse=Fraction(1, 1000))
    window.place(frame(Fraction(1001, 30000), Fraction(1001, 30000)))
    assert window.furthest == abs(Fraction(1001, 30000) - Fraction(33, 1000))


def test_a_retimed_window_counts_the_source_in_its_own_time() -> None:
    window = Window(
        Fraction(1, 100), start=Fraction(4), end=Fraction(8), speed=Fraction(1, 4), cut=True
    )
    assert window.source == (1, 2)
    assert window.at(Fraction(3, 2)) == 2
    assert window.place(frame("4.5", "0.1")) == (50, 10)
