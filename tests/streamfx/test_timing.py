from fractions import Fraction

import pytest

from streamfx.errors import SettingError
from streamfx.timing import Stretch, parse_instant, parse_rate


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3),
        ("12.5", Fraction(25, 2)),
        ("1/3", Fraction(1, 3)),
        ("1:02.5", Fraction(125, 2)),
        ("01:02:03", 3723),
        ("4s", 4),
    ],
)
def test_instants_are_read_exactly(text: str, seconds: Fraction) -> None:
    assert parse_instant(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:2:3:4", "soon", "1/0", "1e3"])
def test_what_is_no_instant_says_how_one_is_written(text: str) -> None:
    with pytest.raises(SettingError, match="a time is seconds or"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", 25),
        ("29.97", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
        ("59.94", Fraction(60000, 1001)),
    ],
)
def test_rates_are_read_exactly_and_ntsc_is_meant(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "-5", "fast", ""])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="a rate"):
        parse_rate(text)


def test_what_runs_faster_begins_earlier_and_lasts_shorter() -> None:
    span = Stretch(Fraction(2), Fraction(6)).faster(Fraction(4))
    assert (span.first, span.last) == (Fraction(1, 2), Fraction(3, 2))
