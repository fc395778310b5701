from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.media.probe import probe
from tests import clips

HDR10 = (
    "log-level=none:hdr10=1:repeat-headers=1:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
)


def test_hdr10_metadata_is_read_exactly() -> None:
    clip = clips.cached(
        "hdr.mp4",
        frames=3,
        codec="libx265",
        pix_fmt="yuv420p10le",
        options={"x265-params": HDR10},
        colour={"color_primaries": 9, "color_trc": 16, "colorspace": 9, "color_range": 1},
    )
    source = probe(str(clip))
    found = source.mastering
    assert found is not None
    assert found.red == (Fraction(34000, 50000), Fraction(16000, 50000))
    assert found.green == (Fraction(13250, 50000), Fraction(34500, 50000))
    assert found.blue == (Fraction(7500, 50000), Fraction(3000, 50000))
    assert found.white == (Fraction(15635, 50000), Fraction(16450, 50000))
    assert (found.darkest, found.brightest) == (Fraction(1, 200), Fraction(1000))
    assert (found.max_cll, found.max_fall) == (1000, 400)
    assert source.video is not None and source.video.colour.hdr


def test_clips_without_hdr10_metadata_have_none(tmp_path: Path) -> None:
    assert probe(str(clips.make(tmp_path / "sdr.mp4", frames=2))).mastering is None


@pytest.mark.skipif(not clips.FOOTAGE.is_dir(), reason="no footage here")
def test_hdr10_metadata_of_a_phone_is_read() -> None:
    found = probe(str(clips.FOOTAGE / "general" / "hdr10_1080p_10bit_pq.mp4")).mastering
    assert found is not None and (found.max_cll, found.max_fall) == (1000, 200)
    assert found.white == (Fraction(3127, 10000), Fraction(329, 1000)) and found.brightest is None
