from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from streamfx.media.writer import WriteSettings
from tests import clips
from tests.writing import (
    NTSC,
    YUV,
    copy,
    made,
    payloads,
    pictures,
    seconds,
    shown,
)


@pytest.mark.parametrize("extension", ["mp4", "mov"])
def test_instants_and_durations_are_exact_at_a_constant_rate(
    tmp_path: Path, extension: str
) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    copy(source, tmp_path / f"out.{extension}")
    assert shown(tmp_path / f"out.{extension}") == shown(source)


@pytest.mark.parametrize("extension", ["mp4", "mov"])
def test_a_variable_rate_stays_variable_to_the_tick(tmp_path: Path, extension: str) -> None:
    pts = (0, 100, 333, 334, 1000, 1500, 1533, 4000)
    source = clips.cached("vfr.mp4", pts=pts, tick=Fraction(1, 1000))
    copy(source, tmp_path / f"out.{extension}")
    instants = shown(tmp_path / f"out.{extension}")
    assert [at * 1000 for at, _ in instants] == list(pts)
    assert instants[:-1] == shown(source)[:-1]


def test_a_start_that_is_not_zero_is_kept(tmp_path: Path) -> None:
    source = clips.cached("late.mp4", pts=range(50, 70), rate=Fraction(25))
    copy(source, tmp_path / "out.mp4")
    assert shown(source)[0][0] == 2
    assert shown(tmp_path / "out.mp4") == shown(source)


def test_matroska_keeps_instants_to_its_millisecond_and_says_so(tmp_path: Path) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    notes = copy(source, tmp_path / "out.mkv")
    worst = max(
        abs(a[0] - b[0]) for a, b in zip(shown(tmp_path / "out.mkv"), shown(source), strict=True)
    )
    assert 0 < worst <= Fraction(1, 2000)
    assert any("times moved by at most 0." in note for note in notes)


def test_the_last_frame_lasts_as_long_as_it_should(tmp_path: Path) -> None:
    step = Fraction(1, 25)
    frames = [
        frame.at(n * step, 10 * step if n == 2 else step) for n, frame in enumerate(pictures())
    ]
    made(tmp_path / "out.mp4", frames, YUV)
    with av.open(str(tmp_path / "out.mp4")) as file:
        video = file.streams.video[0]
        assert seconds(video.duration, video.time_base) == 12 * step


def test_a_range_starts_at_zero_and_keeps_its_sound_beside_it(tmp_path: Path) -> None:
    source = clips.cached("sound.mp4", frames=75, audio=("aac",))
    start, end = Fraction(33, 25), Fraction(2)
    copy(source, tmp_path / "out.mp4", range=(start, end))
    inside = [(at - start, long) for at, long in shown(source) if start <= at < end]
    assert shown(tmp_path / "out.mp4") == inside
    wanted = [data for at, data in payloads(source)[0] if start - Fraction(1024, 48000) < at < end]
    kept = payloads(tmp_path / "out.mp4")[0]
    assert [data for _, data in kept] == wanted
    first = next(at for at, data in payloads(source)[0] if data == wanted[0])
    assert abs(kept[0][0] - (first - start)) < Fraction(1, 48000)


def test_a_range_that_starts_within_a_frame_shows_its_rest(tmp_path: Path) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    copy(source, tmp_path / "out.mp4", range=(Fraction(1, 2), None))
    instants = shown(tmp_path / "out.mp4")
    assert instants[0][0] == 0
    assert instants[1][0] == 15 / NTSC - Fraction(1, 2)


def test_a_constant_rate_container_repeats_frames_to_stay_in_time(tmp_path: Path) -> None:
    source = clips.cached("gap.mp4", pts=(0, 1, 2, 6, 7, 8, 9), rate=Fraction(25))
    notes = copy(source, tmp_path / "out.y4m", settings=WriteSettings(fps=Fraction(25)))
    assert [at * 25 for at, _ in shown(tmp_path / "out.y4m")] == list(range(10))
    assert any("3 frames repeated" in note for note in notes)
