import pytest

from streamfx.engine.live_rates import Rate, RecentSteps
from streamfx.engine.meter import StepTime


def test_a_rate_is_what_happened_of_late() -> None:
    rate = Rate()
    for i in range(100):
        rate.happened(i / 25)
    assert rate.read(99 / 25) == pytest.approx(25)
    assert rate.known() == pytest.approx(25)


def test_a_rate_falls_when_nothing_happens_any_more() -> None:
    rate = Rate()
    for i in range(100):
        rate.happened(i / 25)
    falling = [rate.read(99 / 25 + later) for later in (0.0, 0.5, 1.0, 1.9, 3.0)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == 0


def test_a_rate_is_not_known_from_a_few_events() -> None:
    rate = Rate()
    assert rate.read(0) == 0
    for i in range(5):
        rate.happened(i / 25)
    assert rate.known() is None


def test_what_steps_cost_is_what_they_cost_of_late() -> None:
    recent = RecentSteps()
    recent.note(0.0, [StepTime("a", 1, 5.0)])
    assert recent.latest == (StepTime("a", 1, 5.0),)
    assert not recent.due(0.5)
    for second in range(1, 10):
        assert recent.due(second)
        recent.note(float(second), [StepTime("a", 1 + 30 * second, 5.0 + second)])
    assert recent.latest == (StepTime("a", 60, 2.0),)


def test_counters_that_begin_again_are_taken_for_another_run() -> None:
    recent = RecentSteps()
    recent.note(0.0, [StepTime("a", 50, 5.0)])
    recent.note(1.0, [StepTime("a", 3, 0.5)])
    assert recent.latest == (StepTime("a", 3, 0.5),)
    recent.note(2.0, [StepTime("b", 2, 0.1)])
    assert recent.latest == (StepTime("b", 2, 0.1),)
