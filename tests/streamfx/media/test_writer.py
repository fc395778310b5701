from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import pytest

from streamfx.errors import MediaError, TargetError
from streamfx.media.reader import Reader
from streamfx.media.target import Target
from streamfx.media.writer import Writer, WriteSettings
from tests import clips
from tests.writing import (
    CPU,
    NTSC,
    YUV,
    images,
    pictures,
)


def test_nothing_lies_under_the_final_name_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    writer = Writer(str(target), YUV, settings=CPU)
    writer.write(pictures(1)[0])
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4.part"]
    writer.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert len(images(target)) == 1


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.%04d.png", "out.png"])
def test_abandoning_leaves_nothing(tmp_path: Path, name: str) -> None:
    with Writer(str(tmp_path / name), YUV, settings=CPU) as writer:
        writer.write(pictures(1)[0])
    assert list(tmp_path.iterdir()) == []


def test_a_kept_part_is_a_playable_file(tmp_path: Path) -> None:
    with Writer(str(tmp_path / "out.mp4"), YUV, settings=CPU) as writer:
        for frame in pictures(5):
            writer.write(frame)
        part = writer.keep_part()
    assert part == tmp_path / "out.mp4.part"
    with av.open(str(part), format="mp4") as file:
        assert len(list(file.decode(video=0))) == 5


def test_what_cannot_be_is_said_before_a_part_is_made(tmp_path: Path) -> None:
    (tmp_path / "there.mp4").write_bytes(b"x")
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    with pytest.raises(TargetError, match="exists already"):
        Writer(str(tmp_path / "there.mp4"), YUV)
    with pytest.raises(TargetError, match="no codec 'nope'"):
        Writer(str(tmp_path / "a.mp4"), YUV, settings=WriteSettings(codec="nope"))
    with Reader(str(source)) as reader, pytest.raises(TargetError, match="is the input"):
        Writer(str(source), YUV, source=reader, settings=WriteSettings(overwrite=True))
    with pytest.raises(TargetError, match=r"write .*out\.%04d\.png"):
        Writer(str(tmp_path / "out.png"), replace(YUV, frames=2))
    assert [path.name for path in tmp_path.iterdir()] == ["there.mp4"]


def test_a_second_picture_for_one_name_is_an_error(tmp_path: Path) -> None:
    first, second = pictures(2)
    with Writer(str(tmp_path / "out.png"), YUV, settings=CPU) as writer:
        writer.write(first)
        with pytest.raises(TargetError, match=r"write .*out\.%04d\.png"):
            writer.write(second)
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from fractions import Fraction
import torch
from streamfx.errors import MediaError
from streamfx.frame import Frame, VideoInfo
from streamfx.media.writer import Writer, WriteSettings
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
step = Fraction(1, 25)
try:
    with Writer(sys.argv[1], VideoInfo(128, 96, Fraction(25)),
                settings=WriteSettings(encoder="cpu")) as writer:
        for n in range(60):
            writer.write(Frame(torch.rand(3, 96, 128), n * step, step))
        writer.finish()
except MediaError as exc:
    print("MediaError:", exc)
"""


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.avi", "out.%d.exr"])
def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / name)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.startswith(f"MediaError: cannot write {tmp_path / name}: "), done.stderr
    assert "too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")

    def begin(self: Target) -> None:
        self.part.symlink_to("/dev/full")

    monkeypatch.setattr(Target, "begin", begin)
    with (
        pytest.raises(MediaError, match="no space left on device"),
        Writer(str(tmp_path / "out.mp4"), YUV, settings=CPU) as writer,
    ):
        for frame in pictures(40):
            writer.write(frame)
        writer.finish()
    assert list(tmp_path.iterdir()) == []


PIPE = """
import sys
from fractions import Fraction
import torch
from streamfx.frame import Frame, VideoInfo
from streamfx.media.writer import Writer, WriteSettings
alpha = len(sys.argv) > 1
step = Fraction(1, 25)
writer = Writer("-", VideoInfo(32, 32, Fraction(25), alpha=alpha))
for n in range(4):
    writer.write(Frame(torch.rand(4 if alpha else 3, 32, 32), n * step, step))
writer.finish()
"""


@pytest.mark.parametrize("alpha", [False, True])
def test_standard_output_carries_pictures(tmp_path: Path, alpha: bool) -> None:
    args = [sys.executable, "-c", PIPE, *(["alpha"] if alpha else [])]
    done = subprocess.run(args, capture_output=True, timeout=120, check=True)
    path = tmp_path / "out"
    path.write_bytes(done.stdout)
    back = images(path)
    assert [image.shape for image in back] == [(4 if alpha else 3, 32, 32)] * 4
    assert done.stderr == b""
