"""The estimate of what a remote can take."""

from streamfx.live.transport.bandwidth import LOW, Allowance, Bandwidth


def test_many_losses_lower_it_and_few_let_it_grow_again():
    bandwidth = Bandwidth(8_000_000)
    assert bandwidth.losses(0.0, 2_000_000) == 8_000_000
    assert bandwidth.losses(0.0, 2_000_000) is None
    lowered = bandwidth.losses(0.2, 2_000_000)
    assert lowered is not None and lowered < 2_400_000
    for _ in range(60):
        bandwidth.losses(0.0, 6_000_000)
    assert bandwidth.told == 8_000_000


def test_some_losses_keep_it():
    bandwidth = Bandwidth(8_000_000)
    bandwidth.losses(0.0, 1)
    assert bandwidth.losses(0.05, 4_000_000) is None


def test_it_does_not_grow_beyond_what_was_tried():
    bandwidth = Bandwidth(8_000_000)
    bandwidth.losses(0.5, 1_000_000)
    for _ in range(100):
        bandwidth.losses(0.0, 1_000_000)
    assert bandwidth.told is not None and bandwidth.told <= 1_500_000


def test_the_remote_may_lower_it_and_nothing_falls_below_the_least():
    bandwidth = Bandwidth(8_000_000)
    assert bandwidth.remote(1_000_000, 2_000_000) == 5_600_000
    for _ in range(9):
        bandwidth.remote(1_000_000, 2_000_000)
    assert bandwidth.told == 1_000_000
    for _ in range(9):
        bandwidth.remote(1_000, 900_000)
    assert bandwidth.told == LOW
    assert bandwidth.remote(80_000_000, 900_000) == 8_000_000


def test_an_estimate_of_a_remote_that_was_sent_little_is_no_limit():
    bandwidth = Bandwidth(8_000_000)
    assert bandwidth.remote(90_000, 60_000) == 8_000_000


def packets(seconds, start=0.0, bits=2_000_000, delay_growth=0.0):
    """Send time, size and arrival of packets whose delay grows by so many seconds a second."""
    count = int(seconds * bits / 8 / 1200)
    for i in range(count):
        at = start + i * seconds / count
        stamp = int(at * (1 << 18)) & 0xFFFFFF
        yield stamp, 1200, at * (1 + delay_growth)


def test_the_allowance_begins_with_all_and_stays_there():
    allowance = Allowance(8_000_000)
    told = [bits for one in packets(10) if (bits := allowance.add(*one)) is not None]
    assert set(told) == {8_000_000} and 9 <= len(told) <= 11


def test_the_allowance_falls_when_packets_queue_up_and_recovers():
    allowance = Allowance(8_000_000)
    for one in packets(5):
        allowance.add(*one)
    growing = packets(5, start=5.0, delay_growth=0.2)
    told = [bits for one in growing if (bits := allowance.add(*one)) is not None]
    assert min(told) < 2_000_000
    later = [bits for one in packets(30, start=20.0) if (bits := allowance.add(*one)) is not None]
    assert later[-1] == 8_000_000
