from __future__ import annotations

import csv
from pathlib import Path

import pytest

from streamfx.media import ending
from streamfx.media.intake import Intake
from tests import clips


def videos() -> list[str]:
    if not clips.FOOTAGE.is_dir():
        return []
    with (clips.FOOTAGE / "MANIFEST.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file) if row["frames"]]
    folders = ("general/", "faces/", "matting/", "restoration/")
    return [name for name in names if name.startswith(folders)]


@pytest.mark.parametrize("name", videos())
def test_no_real_clip_is_called_truncated(name: str) -> None:
    intake = Intake(str(clips.FOOTAGE / name))
    try:
        assert sum(1 for _ in intake.items()) > 0
        assert ending.shortfall(intake) is None
        assert not intake.damage
    finally:
        intake.close()


@pytest.mark.parametrize("name", ["e.mp4", "e.mkv", "e.mov", "e.avi", "e.flv"])
def test_a_whole_clip_is_not_truncated_and_a_cut_one_is(name: str, tmp_path: Path) -> None:
    movflags = {"movflags": "faststart"} if name.endswith(("mp4", "mov")) else {}
    path = clips.cached(name, frames=75, audio=["mp3"], container=movflags)
    cut = tmp_path / name
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    for source, whole in ((path, True), (cut, False)):
        intake = Intake(str(source))
        assert sum(1 for _ in intake.items()) > 0
        assert (ending.shortfall(intake) is None) == whole
        intake.close()


def test_formats_that_only_estimate_their_length_declare_none() -> None:
    intake = Intake(str(clips.cached("plain.ts", frames=25)))
    assert ending.declared(intake) is None
    intake.close()
