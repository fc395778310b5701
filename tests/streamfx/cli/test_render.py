import json
from pathlib import Path

import av
import pytest

from tests import clips
from tests.shell import Run


def frames(path: Path) -> int:
    with av.open(str(path)) as file:
        return sum(1 for _ in file.decode(video=0))


def test_a_render_says_what_it_did(run: Run, clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    ran = run("render", "brighten", clip, target)
    assert (ran.code, ran.err) == (0, "")
    assert frames(target) == 25
    for words in (str(target), "25 in, 25 out", "x realtime", "ms each", "duration +0 ms"):
        assert words in ran.out
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_a_quiet_render_says_nothing(run: Run, clip: Path, tmp_path: Path) -> None:
    ran = run("render", "identity", clip, tmp_path / "out.mp4", "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_program_reads_start_progress_and_the_report(
    run: Run, clip: Path, tmp_path: Path
) -> None:
    ran = run("render", "identity", clip, tmp_path / "out.mp4", "--json")
    kinds = [event["event"] for event in ran.events]
    assert (ran.code, ran.err) == (0, "")
    assert (kinds[0], kinds[-1]) == ("start", "done")
    assert set(kinds[1:-1]) == {"progress"}
    assert ran.events[0]["source"] == str(clip)
    assert ran.events[-1]["report"]["frames_out"] == 25


def test_a_program_reads_errors_too_with_the_same_exit_code(run: Run, tmp_path: Path) -> None:
    ran = run("render", "identity", tmp_path / "no.mp4", tmp_path / "out.mp4", "--json")
    assert ran.code == 2
    error = ran.events[-1]
    assert (error["event"], error["kind"], error["exit_code"]) == ("error", "SourceError", 2)
    assert ran.err == f"streamfx: {error['message']}\n"


def test_the_report_file_holds_all_of_it(run: Run, clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    ran = run("render", "brighten", clip, tmp_path / "out.mp4", "--report", path)
    found = json.loads(path.read_text())
    assert ran.code == 0
    assert (found["status"], found["preset"], found["frames_in"]) == ("done", "brighten", 25)
    assert found["steps"][0]["ms_per_item"] >= 0
    assert found["sync"]["duration"]["exact"] == "0"


def test_a_report_that_cannot_be_written_stops_the_run_before_it_begins(
    run: Run, clip: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    line = run("render", "identity", clip, target, "--report", tmp_path / "no" / "r.json").refused(
        2
    )
    assert line.startswith("cannot write the report ")
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_not_written_over_the_input(run: Run, clip: Path, tmp_path: Path) -> None:
    size = clip.stat().st_size
    line = run("render", "identity", clip, tmp_path / "out.mp4", "--report", clip).refused(2)
    assert line.endswith("is an input or output of the run")
    assert clip.stat().st_size == size


def test_a_run_asked_wrongly_leaves_no_report(run: Run, clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    run("render", "identity", clip, tmp_path / "out.xyz", "--report", path).refused(2)
    assert not path.exists()


def test_a_run_that_fails_leaves_a_report_of_its_failure(
    run: Run, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text(
        "from streamfx import Frame, Node\n"
        "class Trip(Node):\n"
        '    """Fail at the third frame."""\n'
        "    def process(self, frame: Frame) -> Frame:\n"
        "        if frame.pts > 0.1:\n"
        "            raise ValueError('too late')\n"
        "        return frame\n"
    )
    (tmp_path / "g.toml").write_text('title = "G"\n[[node]]\nuse = "bad.trip"\n')
    report, target = tmp_path / "r.json", tmp_path / "out.mp4"
    ran = run(
        "render", tmp_path / "g.toml", clip, target,
        "--nodes", tmp_path / "bad.py", "--report", report,
    )  # fmt: skip
    line = ran.refused(1)
    assert "node 'trip' failed at 0.120 s" in line
    assert "too late" in line
    found = json.loads(report.read_text())
    assert (found["status"], found["kind"], found["exit_code"]) == ("failed", "NodeError", 1)
    assert not target.exists()


def test_parameters_and_the_range_reach_the_run(run: Run, clip: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    ran = run(
        "render", "smooth-2x", clip, tmp_path / "out.mp4", "--report", report,
        "-p", "smooth.factor=4", "--start", "0.2", "--end", "0.6",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(report.read_text())["frames_out"] == 40


def test_further_inputs_go_where_the_graph_wants_them(run: Run, clip: Path, tmp_path: Path) -> None:
    plate = clips.still(tmp_path / "plate.png")
    ran = run("render", "on-stage", clip, tmp_path / "out.mp4", "-i", f"background={plate}")
    assert (ran.code, ran.err) == (0, "")
    assert frames(tmp_path / "out.mp4") == 25


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["on-stage"], "the graph also needs -i background=PATH; given: none"),
        (["on-stage", "-i", "plate=x"], "the graph also needs -i background=PATH; given: plate"),
        (
            ["identity", "-i", "logo=x"],
            "the graph has no input 'logo'; there are: none besides INPUT",
        ),
        (
            ["identity", "-o", "matte=x.mp4"],
            "the graph has no output 'matte'; there are: none besides OUTPUT",
        ),
        (["identity", "-i", "logo"], "-i takes NAME=PATH, got 'logo'"),
        (["identity", "-p", "lift.stops=1"], "-p lift.stops: the graph has no node 'lift'; "
         "there are: none"),
        (["identity", "--start", "soon"], "a time is seconds or [H:]M:S, for example 12.5 or "
         "1:02:03.5; got 'soon'"),
        (["identity", "--fps", "0"], "a rate must be above 0, got '0'"),
        (["identity", "--device", "tpu"], "device must be auto, cpu, cuda or cuda:N, got 'tpu'"),
        (["identity", "--nodes", "no.py"], "no node file no.py"),
    ],
)  # fmt: skip
def test_what_was_asked_wrongly_is_one_line(
    run: Run, clip: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    preset, *options = words
    assert run("render", preset, clip, tmp_path / "out.mp4", *options).refused(2) == message
    assert list(tmp_path.iterdir()) == []


def test_damage_is_a_warning_to_programs(run: Run, clip: Path, tmp_path: Path) -> None:
    data = bytearray(clips.cached("long.mkv", frames=75).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(data)
    ran = run("render", "identity", broken, tmp_path / "out.mkv", "--json")
    assert ran.code == 0
    assert any(event["event"] == "warning" for event in ran.events)
    assert ran.events[-1]["report"]["damaged"]
