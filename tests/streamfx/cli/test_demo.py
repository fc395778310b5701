from fractions import Fraction
from pathlib import Path

import av
import pytest

from streamfx.cli.demo import DEFAULT
from streamfx.media import testcard
from tests.shell import Run


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw a clip that is small and short."""
    card = testcard.Card(width=96, height=54, seconds=Fraction(2, 5))
    whole = testcard.draw
    monkeypatch.setattr(testcard, "draw", lambda path: whole(path, card))


def test_the_demo_draws_renders_and_says_where_it_is(run: Run, tmp_path: Path) -> None:
    ran = run("demo", tmp_path / "out.mp4")
    assert (ran.code, ran.err) == (0, "")
    assert str(tmp_path / "out.mp4") in ran.out
    assert "ms each" in ran.out
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert file.streams.audio
        assert sum(1 for _ in file.decode(video=0)) >= 10


def test_the_demo_replaces_its_own_output_but_nobody_elses(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / DEFAULT).write_text("an earlier one")
    assert run("demo").code == 0
    assert (tmp_path / DEFAULT).stat().st_size > 1000
    (tmp_path / "mine.mp4").write_text("mine")
    assert "exists already" in run("demo", "mine.mp4").refused(2)
    assert (tmp_path / "mine.mp4").read_text() == "mine"
