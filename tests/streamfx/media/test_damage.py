from __future__ import annotations

from fractions import Fraction

from streamfx.media.damage import LIMIT, Damage, DamageLog


def at(start: int, end: int) -> tuple[Fraction, Fraction]:
    return Fraction(start, 10), Fraction(end, 10)


def test_damage_close_together_is_one_range() -> None:
    log = DamageLog()
    for start in (10, 11, 13):
        log.add(*at(start, start + 1), "undecodable video")
    assert log.ranges() == [Damage(*at(10, 14), "undecodable video", 3)]
    assert str(log.ranges()[0]) == "1.000 s to 1.400 s: undecodable video (3 times)"


def test_damage_far_apart_or_of_another_kind_is_kept_apart_in_order_of_time() -> None:
    log = DamageLog()
    log.add(*at(50, 51), "undecodable video")
    log.add(*at(10, 11), "undecodable video")
    log.add(*at(10, 11), "incomplete audio")
    assert [(int(d.start * 10), d.what) for d in log.ranges()] == [
        (10, "incomplete audio"),
        (10, "undecodable video"),
        (50, "undecodable video"),
    ]


def test_a_flood_of_damage_stays_bounded() -> None:
    log = DamageLog()
    for second in range(LIMIT + 500):
        log.add(Fraction(second), Fraction(second), "unreadable data")
    assert len(log.ranges()) == LIMIT
    assert log.ranges()[-1].end == LIMIT + 499
    assert sum(d.count for d in log.ranges()) == LIMIT + 500
