from __future__ import annotations

import os
from pathlib import Path

import pytest

from streamfx.errors import TargetError
from streamfx.media.target import Target


def test_an_unknown_extension_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(TargetError, match=r"extension '\.wmv' says no format; known: \.mp4"):
        Target.parse("out.wmv")
    with pytest.raises(TargetError, match="no extension says no format"):
        Target.parse("out")


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    for name in (str(tmp_path), f"{tmp_path}/"):
        with pytest.raises(TargetError, match="is a folder"):
            Target.parse(name)


@pytest.mark.parametrize(
    ("name", "third"),
    [
        ("shot.%04d.png", "shot.0003.png"),
        ("shot.####.exr", "shot.0003.exr"),
        ("shot%d.tif", "shot3.tif"),
        ("a#b##.jpg", "a3b##.jpg"),
    ],
)
def test_a_sequence_numbers_its_pictures(name: str, third: str) -> None:
    target = Target.parse(name)
    assert target.numbered
    assert target.numbered_name(3) == third


def test_standard_output_carries_y4m_unless_there_is_alpha_or_sound() -> None:
    assert Target.parse("-").container.name == "yuv4mpegpipe"
    assert Target.parse("-", rich=True).container.name == "nut"
    assert Target.parse("-", codec="y4m", rich=True).container.name == "yuv4mpegpipe"
    assert Target.parse("-", codec="ffv1").container.name == "nut"


def test_an_output_that_exists_needs_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"x")
    target = Target.parse(str(path))
    with pytest.raises(TargetError, match=r"exists already; give --overwrite"):
        target.check()
    target.check(overwrite=True)


def test_a_sequence_of_which_one_picture_exists_needs_overwrite(tmp_path: Path) -> None:
    (tmp_path / "s.0007.png").write_bytes(b"x")
    (tmp_path / "s.old.png").write_bytes(b"x")
    target = Target.parse(str(tmp_path / "s.%04d.png"))
    assert [path.name for path in target.existing()] == ["s.0007.png"]
    with pytest.raises(TargetError, match="exists already"):
        target.check()


def test_the_output_cannot_be_an_input_even_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "in.mp4"
    path.write_bytes(b"x")
    link = tmp_path / "link.mp4"
    os.link(path, link)
    with pytest.raises(TargetError, match="is the input"):
        Target.parse(str(link)).check(inputs=["https://x/y.mp4", str(path)], overwrite=True)


def test_a_folder_that_is_missing_or_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="does not exist"):
        Target.parse(str(tmp_path / "no" / "out.mp4")).check()
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(TargetError, match="is not a folder"):
        Target.parse(str(tmp_path / "file" / "out.mp4")).check()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(TargetError, match="permission denied"):
        Target.parse(str(tmp_path / "out.mp4")).begin()


def test_a_folder_that_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.path.isdir("/proc/self"):
        pytest.skip("no /proc")
    with pytest.raises(TargetError, match=r"cannot write /proc/out\.mp4"):
        Target.parse("/proc/out.mp4").begin()


def test_a_device_is_no_output(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.symlink_to(os.devnull)
    with pytest.raises(TargetError, match="not a regular file"):
        Target.parse(str(path)).check(overwrite=True)


def test_commit_renames_and_discard_removes(tmp_path: Path) -> None:
    target = Target.parse(str(tmp_path / "out.mp4"))
    target.begin()
    target.part.write_bytes(b"new")
    assert target.commit() == [tmp_path / "out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"new"
    target.begin()
    target.discard()
    target.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_the_part_of_a_sequence_is_a_folder_that_goes(tmp_path: Path) -> None:
    target = Target.parse(str(tmp_path / "s.%04d.png"))
    target.begin()
    for number in (1, 2):
        (target.part / target.numbered_name(number)).write_bytes(b"x")
    target.commit()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.0001.png", "s.0002.png"]
