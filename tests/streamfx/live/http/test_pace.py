from streamfx.live.http.pace import BURST, Pace


def test_a_burst_passes_and_a_flood_is_slowed_to_the_rate() -> None:
    now = 0.0
    pace = Pace(10, lambda: now)
    assert [pace.wait() for _ in range(int(BURST * 10) - 1)] == [0] * 19
    for _ in range(100):
        now += pace.wait()
    assert 8 <= now <= 12


def test_who_was_quiet_may_burst_again() -> None:
    now = 0.0
    pace = Pace(10, lambda: now)
    for _ in range(50):
        now += pace.wait()
    now += 100
    assert pace.wait() == 0
