"""The preset on real footage: another background stands where the green screen did."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamfx.cli import main
from tests.clips import FOOTAGE

HEAD = FOOTAGE / "matting" / "greenscreen_head.mp4"

pytestmark = pytest.mark.skipif(not HEAD.exists(), reason="no footage")


def pictures(path: Path) -> NDArray[np.uint8]:
    """Return every picture of a clip, (count, H, W, 3)."""
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_the_head_stays_and_the_screen_becomes_the_background(tmp_path: Path) -> None:
    wall, out = tmp_path / "wall.png", tmp_path / "out.mp4"
    with av.open(str(wall), "w", format="image2", options={"update": "1"}) as file:
        stream = file.add_stream("png", 1)
        stream.height, stream.width, stream.pix_fmt = 512, 512, "rgb24"
        red = np.full((512, 512, 3), (200, 30, 60), np.uint8)
        file.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        file.mux(stream.encode(None))
    words = ["render", "green-screen", str(HEAD), str(out), "-i", f"background={wall}"]
    assert main([*words, "-p", "key.keep=0,0,1,0.945", "--end", "0.4", "--quiet"]) == 0
    before, after = pictures(HEAD)[:10], pictures(out)
    assert len(after) == 10
    off = np.abs(after.astype(int) - before).mean(-1)
    assert off[:, 170:450, 210:320].mean() < 3
    for part in (after[:, :40], after[:, 60:250, :90], after[:, 490:]):
        assert np.abs(part.astype(int) - (200, 30, 60)).mean() < 4
    green = after[..., 1].astype(int) - np.maximum(after[..., 0], after[..., 2])
    assert np.maximum(green, 0).mean() < 0.3
