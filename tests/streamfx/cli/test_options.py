from fractions import Fraction

import pytest

from streamfx.cli import options
from streamfx.errors import GraphError, SettingError


def test_pairs_are_a_table_and_a_path_may_hold_the_sign() -> None:
    assert options.pairs("-i", ["a=x.mp4", "b=y=z.mp4"]) == {"a": "x.mp4", "b": "y=z.mp4"}
    assert options.pairs("-i", None) == {}


@pytest.mark.parametrize("text", ["a", "=x", "a=", ""])
def test_what_is_not_a_pair_is_refused(text: str) -> None:
    with pytest.raises(GraphError, match="-i takes NAME=PATH, got"):
        options.pairs("-i", [text])


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(GraphError, match=r"-o a=\.\.\. is given twice"):
        options.pairs("-o", ["a=x", "a=y"])


def test_times_and_rates_are_exact() -> None:
    made = options.settings(start="1/3", end="1:02.5", fps="29.97")
    assert (made.start, made.end) == (Fraction(1, 3), Fraction(125, 2))
    assert made.fps == Fraction(30000, 1001)


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(SettingError, match="end must be after start"):
        options.settings(start="2", end="1")


def test_the_shell_completes_the_names_of_shipped_presets() -> None:
    assert "identity" in options.preset_names("ide")
    assert options.preset_names("zz") == []
