from streamfx.engine.live_recovery import FIRST, LONGEST, Recovery


def test_attempts_come_ever_more_seldom() -> None:
    recovery = Recovery()
    assert recovery.due(0.0)
    waits = []
    now = 0.0
    for _ in range(7):
        waits.append(recovery.failure(now))
        assert not recovery.due(now + waits[-1] - 0.01)
        now += waits[-1]
        assert recovery.due(now)
    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_success_ends_a_failure_once() -> None:
    recovery = Recovery()
    assert not recovery.success(0.0)
    recovery.failure(1.0)
    assert recovery.failed
    assert recovery.success(3.0)
    assert not recovery.success(3.1)
    assert not recovery.failed


def test_what_fails_again_soon_waits_longer_and_what_went_well_for_long_does_not() -> None:
    recovery = Recovery()
    recovery.failure(0.0)
    recovery.success(2.0)
    assert recovery.failure(5.0) == 2 * FIRST
    recovery.success(10.0)
    assert recovery.failure(10.0 + LONGEST) == FIRST


def test_a_restart_forgets_everything() -> None:
    recovery = Recovery()
    recovery.failure(0.0)
    recovery.restart()
    assert recovery.due(0.0)
    assert not recovery.failed
