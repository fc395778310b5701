from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.media.probe import probe
from tests import clips

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize("name", ["r.mp4", "r.mkv", "r.ts", "r.avi", "r.nut"])
@pytest.mark.parametrize("rate", [Fraction(25), NTSC, Fraction(50)])
def test_a_constant_rate_is_exact_in_every_container(name: str, rate: Fraction) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    video = probe(str(clips.cached(name, frames=40, rate=rate, codec=codec))).video
    assert video is not None
    assert (video.fps, video.variable) == (rate, False)
    assert video.frames == (40 if name.endswith(("mp4", "avi")) else None)


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.nut"])
def test_frames_of_different_length_make_the_rate_variable(name: str) -> None:
    instants = [i + i // 3 for i in range(40)]
    clip = clips.cached(name, pts=instants, tick=Fraction(1, 30), rate=Fraction(30))
    video = probe(str(clip)).video
    assert video is not None and video.variable


def test_a_rate_in_milliseconds_is_rounding_and_not_variable() -> None:
    video = probe(str(clips.cached("ms.mkv", frames=60, rate=NTSC))).video
    assert video is not None and not video.variable and video.tick == Fraction(1, 1000)


@pytest.mark.skipif(not clips.FOOTAGE.is_dir(), reason="no footage here")
def test_a_rate_that_the_packets_belie_is_not_believed() -> None:
    source = probe(str(clips.FOOTAGE / "general" / "webcam_man_1s.mkv"))
    assert source.video is not None and abs(source.video.fps - 30) < Fraction(1, 10)
    assert any("the container says 1000" in note for note in source.notes)


def test_one_frame_alone_has_the_containers_rate(tmp_path: Path) -> None:
    video = probe(str(clips.make(tmp_path / "one.mkv", frames=1, rate=Fraction(50)))).video
    assert video is not None and video.fps > 0 and not video.variable
