import json
from pathlib import Path

import pytest

from streamfx.cli.bench import parse_size
from streamfx.errors import SettingError
from tests.shell import Run


def test_a_bench_gives_medians_of_several_runs(run: Run, clip: Path) -> None:
    ran = run("bench", "brighten", "--input", clip, "--repeat", "3", "--json")
    found = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert found["frames"] == 25
    assert sorted(found["runs"])[1] == found["frames_per_second"] > 0
    assert list(found["ms_per_item"]) == ["lift"]
    assert set(found["busy_seconds"]) == {"decode", "compute", "encode"}


def test_a_bench_draws_its_own_clip_and_leaves_encoding_out_when_asked_to(run: Run) -> None:
    ran = run("bench", "--size", "128x64", "--frames", "5", "--repeat", "1", "--codec", "rawvideo")
    assert ran.code == 0
    assert "drawn, 128x64, 5 frames" in ran.out
    assert "frames/s" in ran.out


def test_a_size_is_columns_and_lines() -> None:
    assert parse_size("1920x1080") == (1920, 1080)
    assert parse_size("640X360") == (640, 360)


@pytest.mark.parametrize("text", ["big", "640", "641x360", "32x32", "9000x64", "x", "-2x64"])
def test_any_other_size_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="got"):
        parse_size(text)
