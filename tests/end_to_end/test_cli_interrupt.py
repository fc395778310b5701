"""Ctrl-C: once leaves a whole file of what was rendered, twice leaves nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import av
import pytest

from tests import clips
from tests.shell import PROGRAM

SLOW = '''
import time

from streamfx import Frame, Node, param


class Slow(Node):
    """Take a while for every frame."""

    seconds: float = param(default=0.02)

    def process(self, frame: Frame) -> Frame:
        time.sleep(self.seconds)
        return frame
'''

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGINT")


def start(place: Path, *words: str, wanted: int = 31) -> subprocess.Popen[str]:
    """Begin a render that takes seconds, and wait until frames come out."""
    (place / "pace.py").write_text(SLOW)
    (place / "g.toml").write_text('title = "G"\n[[node]]\nuse = "pace.slow"\n')
    clip = clips.cached("long-enough.mp4", frames=500, audio=("aac",))
    command = [*PROGRAM, "render", "g.toml", str(clip), "out.mp4", "--nodes", "pace.py"]
    running = subprocess.Popen(
        [*command, "--json", *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if json.loads(line).get("frames_out", 0) >= wanted:
            return running
    raise AssertionError(running.communicate()[1])


def test_ctrl_c_leaves_a_file_that_plays_and_exit_130(tmp_path: Path) -> None:
    running = start(tmp_path, "--report", "r.json")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.count("\n") == 1
    assert "out.mp4" in err
    with av.open(str(tmp_path / "out.mp4")) as file:
        frames = sum(1 for _ in file.decode(video=0))
    assert 30 < frames < 500
    error = json.loads(out.splitlines()[-1])
    assert (error["event"], error["exit_code"]) == ("error", 130)
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["status"], report["interrupted"]) == ("stopped", True)
    assert report["frames_out"] == frames
    assert not (tmp_path / "out.mp4.part").exists()


def test_ctrl_c_twice_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    running = start(tmp_path, "-p", "slow.seconds=3", wanted=1)
    time.sleep(0.3)  # well into a frame, which the first Ctrl-C waits for
    running.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err.count("\n")) == (130, 1), err
    assert not list(tmp_path.glob("out*"))


def test_being_ended_by_a_queue_keeps_what_was_rendered(tmp_path: Path) -> None:
    running = start(tmp_path)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 130
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert sum(1 for _ in file.decode(video=0)) > 30
