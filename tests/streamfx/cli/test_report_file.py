import json
from pathlib import Path

import pytest

from streamfx.cli.report_file import ReportFile
from streamfx.errors import TargetError


def test_a_report_is_whole_and_replaces_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    file = ReportFile(str(path))
    assert path.read_text() == "old"
    file.write({"status": "done", "name": "Käse"})
    assert json.loads(path.read_text("utf-8")) == {"status": "done", "name": "Käse"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_a_place_that_cannot_be_written_is_found_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="No such file or directory"):
        ReportFile(str(tmp_path / "nowhere" / "r.json"))
    with pytest.raises(TargetError, match="is a folder"):
        ReportFile(str(tmp_path))


def test_a_report_never_takes_the_place_of_an_input_or_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match="is an input or output of the run"):
        ReportFile(str(tmp_path / "a.mp4"), taken=["a.mp4"])
