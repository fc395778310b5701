"""Figures of how long pictures took."""

from streamfx.live.sessions.contract import LATENCY_BOUNDS
from streamfx.live.sessions.latency import KEPT, Latency


def test_nothing_is_known_before_the_first_picture() -> None:
    assert Latency().percentiles() is None


def test_percentiles_are_of_the_last_pictures() -> None:
    latency = Latency()
    for _ in range(KEPT):
        latency.add(9.0)
    for i in range(KEPT):
        latency.add(i / KEPT)
    middle, high = latency.percentiles() or (0, 0)
    assert abs(middle - 0.5) < 0.01
    assert abs(high - 0.95) < 0.01


def test_every_picture_is_counted_once_in_its_class() -> None:
    latency = Latency()
    for seconds in (0.0, 0.01, 0.011, 5.0):
        latency.add(seconds)
    counts, total = latency.histogram()
    assert (counts[0], counts[1], counts[-1], sum(counts)) == (2, 1, 1, 4)
    assert len(counts) == len(LATENCY_BOUNDS) + 1
    assert abs(total - 5.021) < 1e-9
