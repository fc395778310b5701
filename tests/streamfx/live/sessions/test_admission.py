"""Whether another session fits."""

import pytest

from streamfx.live.refusal import Refusal
from streamfx.live.sessions.admission import Admission


class Clock:
    time = 0.0

    def now(self) -> float:
        return self.time


def loaded(cores_used: float, *, most: int = 8) -> tuple[Admission, Clock]:
    """An admission for two cores, of which some are in use."""
    clock = Clock()
    admission = Admission(most, cores=2, clock=clock)
    admission.measured("dear", 0.03)
    admission.measured("cheap", 0.005)
    for second in range(4):
        clock.time = float(second)
        admission.sample(second * cores_used)
    return admission, clock


def test_the_first_session_is_always_admitted() -> None:
    admission, _ = loaded(5.0)
    admission.check("dear", running=0)


def test_a_session_is_admitted_where_its_cost_fits() -> None:
    admission, _ = loaded(0.8)
    admission.check("dear", running=1)


def test_a_full_machine_refuses_with_the_time_to_come_back() -> None:
    admission, _ = loaded(1.2)
    with pytest.raises(Refusal, match=r"it would take 0\.90 cores, 0\.60 are free") as caught:
        admission.check("dear", running=1)
    assert (caught.value.status, caught.value.retry_after) == (503, 5)
    admission.check("cheap", running=1)
    assert admission.refused == 1


def test_an_unmeasured_preset_counts_as_the_dearest() -> None:
    admission, _ = loaded(1.2)
    with pytest.raises(Refusal, match=r"0\.90 cores"):
        admission.check("new", running=1)


def test_sessions_admitted_just_now_are_counted_before_they_can_be_measured() -> None:
    admission, clock = loaded(0.1)
    admission.check("dear", running=1)
    with pytest.raises(Refusal, match="no room"):
        admission.check("dear", running=2)
    clock.time += 10
    admission.sample(4.0)
    admission.check("dear", running=2)


def test_the_count_of_sessions_is_a_bound_of_its_own() -> None:
    admission, _ = loaded(0.0, most=1)
    admission.check("cheap", running=0)
    with pytest.raises(Refusal, match="all 1 sessions are taken"):
        admission.check("cheap", running=1)


def test_a_session_that_has_ended_is_counted_no_more() -> None:
    admission, _ = loaded(0.1)
    promise = admission.check("dear", running=1)
    before = admission.load
    admission.withdraw(promise)
    assert admission.load == pytest.approx(before - 0.9)
    admission.withdraw(promise)
    admission.check("dear", running=1)
