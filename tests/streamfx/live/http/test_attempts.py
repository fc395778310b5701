import pytest

from streamfx.live.http import attempts
from streamfx.live.http.attempts import ALLOWED, REFILL, Attempts


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_after_too_many_failures_an_address_waits_for_one_to_be_forgiven(clock: Clock) -> None:
    counted = Attempts(clock)
    for _ in range(ALLOWED):
        assert counted.wait("192.0.2.1") == 0
        counted.failed("192.0.2.1")
    assert counted.wait("192.0.2.1") == pytest.approx(REFILL)
    assert counted.wait("192.0.2.2") == 0
    clock.now += REFILL
    assert counted.wait("192.0.2.1") == 0
    counted.failed("192.0.2.1")
    assert counted.wait("192.0.2.1") == pytest.approx(REFILL)


def test_more_failures_than_allowed_do_not_pile_up(clock: Clock) -> None:
    counted = Attempts(clock)
    for _ in range(1000):
        counted.failed("192.0.2.1")
    assert counted.wait("192.0.2.1") <= REFILL


def test_all_addresses_of_one_ipv6_host_count_together(clock: Clock) -> None:
    counted = Attempts(clock)
    for number in range(ALLOWED):
        counted.failed(f"2001:db8::{number:x}")
    assert counted.wait("2001:db8::ffff") > 0
    assert counted.wait("2001:db8:0:1::1") == 0


def test_an_ipv4_address_written_as_ipv6_is_the_same_one(clock: Clock) -> None:
    counted = Attempts(clock)
    for _ in range(ALLOWED):
        counted.failed("::ffff:192.0.2.1")
    assert counted.wait("192.0.2.1") > 0


def test_what_is_remembered_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ADDRESSES", 3)
    counted = Attempts(clock)
    for last in range(10):
        counted.failed(f"192.0.2.{last}")
    assert len(counted._spent) == 3
