import json
from pathlib import Path

import pytest

from streamfx.cli import explain
from tests.shell import Run


def test_the_plan_names_wires_output_time_memory_and_disk(
    run: Run, clip: Path, tmp_path: Path
) -> None:
    ran = run("explain", "smooth-2x", clip, tmp_path / "out.mkv")
    assert (ran.code, ran.err) == (0, "")
    for words in (
        "input.video", "64x48 at 25 fps", "at 50 fps", "libx264", "yuv420p", "frames/s",
        "memory", "free there", "latency  40 ms",
    ):  # fmt: skip
        assert words in ran.out
    assert list(tmp_path.iterdir()) == []


def test_a_program_reads_the_plan(run: Run, clip: Path) -> None:
    ran = run("explain", "brighten", clip, "--json")
    found = json.loads(ran.out)
    assert {wire["feed"] for wire in found["wires"]} >= {"input.video", "lift.out"}
    assert found["encode"]["codec"] == "h264"
    assert found["frames"] == 25


def test_the_codec_that_was_asked_for_is_explained(run: Run, clip: Path, tmp_path: Path) -> None:
    ran = run("explain", "identity", clip, tmp_path / "o.mov", "--codec", "prores")
    assert "prores_ks, yuv422p10le" in ran.out


def test_what_a_render_would_refuse_is_refused(run: Run, clip: Path, tmp_path: Path) -> None:
    assert "no such file" in run("explain", "identity", tmp_path / "no.mp4").refused(2)
    assert "also needs -i background=PATH" in run("explain", "on-stage", clip).refused(2)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (12_345, "12 kB"), (5_600_000, "5.6 MB"),
                        (7_000_000_000_000, "7000.0 GB")]
)  # fmt: skip
def test_an_amount_reads_well(count: int, text: str) -> None:
    assert explain.amount(count) == text
