from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
import torch

from streamfx.frame import Frame
from streamfx.media.reader import Reader
from tests import clips


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "exr", "webp", "bmp"])
def test_a_still_is_one_frame(suffix: str, tmp_path: Path) -> None:
    path = clips.still(tmp_path / f"still.{suffix}")
    with Reader(str(path)) as reader:
        assert reader.source.still
        assert "still: shown for 1/25 s, as no rate was given" in reader.notes
        frames = [item for item in reader if isinstance(item, Frame)]
    assert [(f.pts, f.duration) for f in frames] == [(Fraction(0), Fraction(1, 25))]
    assert reader.truncated is None and reader.damage == []
    image = frames[0].image[:3]
    drawn = torch.from_numpy(clips.picture(0, 64, 48)).permute(2, 0, 1) / 255
    assert image.shape == (3, 48, 64)
    if suffix != "exr":  # linear light, drawn here without conversion
        assert float((image - drawn).abs().mean()) < 0.03


def test_a_still_is_shown_for_a_frame_of_the_rate_given(tmp_path: Path) -> None:
    path = clips.still(tmp_path / "still.png")
    with Reader(str(path), fps=Fraction(10)) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert [(f.pts, f.duration) for f in frames] == [(Fraction(0), Fraction(1, 10))]


def test_a_clip_is_no_still() -> None:
    with Reader(str(clips.cached("plain.mp4", frames=30, audio=["aac"]))) as reader:
        assert not reader.source.still
