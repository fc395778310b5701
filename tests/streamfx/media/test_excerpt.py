from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.errors import SettingError
from streamfx.media.excerpt import Excerpt


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("a.mp4", Excerpt("a.mp4")),
        ("a.mp4#t=2,5", Excerpt("a.mp4", Fraction(2), Fraction(5))),
        ("a.mp4#t=npt:1:02.5", Excerpt("a.mp4", Fraction(125, 2))),
        ("a.mp4#t=,0.5", Excerpt("a.mp4", Fraction(0), Fraction(1, 2))),
        ("a.mp4#once", Excerpt("a.mp4", once=True)),
        ("a.mp4#once&t=1", Excerpt("a.mp4", Fraction(1), once=True)),
        ("https://x/a.mp4?b#t=1", Excerpt("https://x/a.mp4?b", Fraction(1))),
        ("shot#3.mp4", Excerpt("shot#3.mp4")),
        ("https://x/a.mp4#top", Excerpt("https://x/a.mp4#top")),
        ("#t=2", Excerpt("#t=2")),
    ],
)
def test_a_text_names_a_source_and_its_part(text: str, excerpt: Excerpt) -> None:
    assert Excerpt.parse(text) == excerpt


def test_a_file_with_such_a_name_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4#t=2,5"
    path.write_bytes(b"x")
    assert Excerpt.parse(str(path)) == Excerpt(str(path))


@pytest.mark.parametrize(
    "part", ["t=", "t=,", "t=x", "t=3,3", "t=5,2", "t=-1", "t=1&t=2", "t=1&loop", "once&"]
)
def test_a_part_that_says_nothing_is_refused_by_name(part: str) -> None:
    with pytest.raises(SettingError, match=r"^a\.mp4#"):
        Excerpt.parse(f"a.mp4#{part}")


def test_an_unknown_word_after_a_file_that_is_there_lists_the_form(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")
    with pytest.raises(SettingError, match="t=START,END"):
        Excerpt.parse(f"{path}#loop")
