from collections.abc import Callable
from itertools import pairwise

import pytest

from streamfx.engine.ladder import COMFORT, DOWN_AFTER, LONGEST, RUNGS, UP_AFTER, Ladder, Rung

BUDGET = 1 / 30
SHARES = {"full": 1.0, "reuse": 0.6, "skip": 1.0, "smaller": 0.3, "pass": 0.01}
"""What one picture costs on each rung, as a share of all of the work."""


class Climb:
    """A ladder under work that costs ``cost(now)`` seconds a picture when all of it is done."""

    def __init__(self, cost: Callable[[float], float], *rungs: Rung) -> None:
        self.ladder = Ladder(rungs or RUNGS)
        self.cost = cost
        self.now = 0.0
        self.moves: list[tuple[float, str]] = []

    def run(self, seconds: float) -> list[str]:
        """Let time go on; return the rungs stepped to."""
        end, before = self.now + seconds, len(self.moves)
        while self.now < end:
            cost = self.cost(self.now) * SHARES[self.ladder.rung]
            self.now += max(BUDGET * self.ladder.stride, cost)
            if move := self.ladder.worked(self.now, cost, BUDGET):
                self.moves.append((self.now, move.after))
        return [rung for _, rung in self.moves[before:]]


def test_work_that_fits_stays_at_the_top() -> None:
    climb = Climb(lambda _: 0.9 * BUDGET)
    assert climb.run(60) == []
    assert climb.ladder.load == pytest.approx(0.9)


def test_too_much_work_is_noticed_after_a_second() -> None:
    climb = Climb(lambda _: 1.3 * BUDGET)
    climb.run(10)
    (when, rung), *rest = climb.moves
    assert DOWN_AFTER <= when < DOWN_AFTER + 0.5
    assert rung == "reuse"
    assert rest == []


@pytest.mark.parametrize(("times", "rung"), [(1.5, "reuse"), (1.9, "reuse"), (3, "smaller")])
def test_it_goes_down_to_the_first_rung_that_fits(times: float, rung: str) -> None:
    climb = Climb(lambda _: times * BUDGET)
    climb.run(10)
    assert climb.ladder.rung == rung


def test_hopeless_work_ends_with_the_picture_as_it_came() -> None:
    climb = Climb(lambda _: 20 * BUDGET)
    climb.run(6)
    assert climb.ladder.rung == "pass"


def test_rungs_that_have_no_chance_are_passed_over_on_the_way_down() -> None:
    climb = Climb(lambda _: 20 * BUDGET)
    assert climb.run(5) == ["pass"]
    assert Climb(lambda _: 2.8 * BUDGET).run(2) == ["skip"]


def test_a_rung_that_the_graph_does_not_offer_is_passed_over() -> None:
    climb = Climb(lambda _: 1.7 * BUDGET, "full", "skip", "smaller", "pass")
    assert climb.run(5) == ["skip"]


def test_half_the_pictures_are_not_given_up_for_a_little_too_much_work() -> None:
    climb = Climb(lambda _: 1.4 * BUDGET, "full", "skip", "smaller", "pass")
    assert climb.run(30) == []


def test_a_short_burst_changes_nothing() -> None:
    climb = Climb(lambda now: (5 if 10 < now < 10.2 else 0.3) * BUDGET)
    assert climb.run(30) == []


def test_it_climbs_back_when_the_load_falls() -> None:
    climb = Climb(lambda now: (3 if now < 10 else 0.3) * BUDGET)
    climb.run(10)
    assert climb.ladder.rung == "smaller"
    assert climb.run(30) == ["skip", "reuse", "full"]
    first = next(when for when, _ in climb.moves if when > 10)
    assert first >= 10 + UP_AFTER


def test_it_stays_down_while_the_rung_above_would_not_be_comfortable() -> None:
    climb = Climb(lambda now: (1.5 if now < 10 else 1.01 * COMFORT) * BUDGET)
    assert climb.run(120) == ["reuse"]


def test_steps_up_that_do_not_last_come_ever_more_seldom() -> None:
    climb = Climb(lambda _: 20 * BUDGET)
    climb.run(600)
    ups = [when for when, rung in climb.moves if rung == "smaller"]
    gaps = [b - a for a, b in pairwise(ups)]
    assert gaps[0] < 20
    assert gaps == sorted(gaps) or max(gaps) == pytest.approx(LONGEST, abs=5)
    assert max(gaps) > 3 * gaps[0]
    assert max(gaps) < LONGEST + 10


def test_patience_is_as_at_first_once_a_step_up_has_lasted() -> None:
    climb = Climb(lambda now: (20 if now < 100 or 300 < now < 310 else 0.2) * BUDGET)
    climb.run(305)
    assert climb.ladder.rung != "full"
    climb.run(60)
    assert climb.ladder.rung == "full"


def test_costs_right_after_a_change_do_not_count() -> None:
    ladder = Ladder()
    for now in (1.0, 2.0):
        assert ladder.worked(now, 99.0, BUDGET) is None
    ladder.worked(3.0, 0.5 * BUDGET, BUDGET)
    assert ladder.load == pytest.approx(0.5)


def test_a_slower_camera_leaves_more_time() -> None:
    ladder = Ladder()
    now = 0.0
    for _ in range(300):
        now += 1 / 15
        assert ladder.worked(now, 1.5 / 30, 1 / 15) is None
    assert ladder.load == pytest.approx(0.75)


def test_restarting_begins_at_the_top_with_other_rungs() -> None:
    climb = Climb(lambda _: 20 * BUDGET)
    climb.run(10)
    climb.ladder.restart(["skip", "pass"])
    assert climb.ladder.rung == "full"
    climb.cost = lambda _: 1.7 * BUDGET
    assert climb.run(10) == ["skip"]
