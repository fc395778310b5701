from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from streamfx.frame import Frame
from streamfx.media.reader import Reader
from tests import clips


def test_pictures_that_change_size_midway_are_scaled_to_the_first_and_said(tmp_path: Path) -> None:
    clips.stills(tmp_path, "%04d.png", 3)
    clips.stills(tmp_path, "%04d.png", 3, first=4, width=96, height=64)
    with Reader(str(tmp_path / "%04d.png")) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert [frame.image.shape for frame in frames] == [(3, 48, 64)] * 6
    assert [frame.pts * 25 for frame in frames] == [Fraction(i) for i in range(6)]
    assert any("from 0.120 s on: size 96x64: scaled to 64x48" in note for note in reader.notes)


def test_numbers_go_on_after_a_seek_where_the_rate_is_constant() -> None:
    path = clips.cached("plain.mp4", frames=30, audio=["aac"])
    with Reader(str(path), start=Fraction(4, 5)) as reader:
        numbers = [item.props.number for item in reader if isinstance(item, Frame)]
    assert numbers == list(range(20, 30))


def test_numbers_are_unknown_after_a_seek_where_the_rate_is_variable() -> None:
    instants = [0, 1, 3, 4, 9, 10, 11, 20, 21, 30, 31, 33]
    path = clips.cached("vfr.mp4", pts=instants, tick=Fraction(1, 90))
    with Reader(str(path), start=Fraction(10, 90)) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert {frame.props.number for frame in frames} == {None}
    assert frames[0].pts == Fraction(10, 90)
