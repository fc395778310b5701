"""Draw the pictures of the README again: the graph of the preset "demo", and what it does."""

import tempfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import streamfx as fx
from streamfx.cli import main as program
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import draw

HERE = Path(__file__).parent
AT = Fraction(37, 25)
"""Seconds into the clip."""
SIZE = (480, 270)
"""Columns and lines of each half."""


def frame_of(graph: fx.Graph, clip: Path) -> NDArray[np.uint8]:
    """Return the frame of one instant as 8-bit BGR, at the size of one half."""
    moment = RunSettings(start=AT, end=AT + Fraction(1, 50))
    frame = next(graph.stream(clip, settings=moment))
    image = frame.image[:3].clamp(0, 1).permute(1, 2, 0)
    pixels = (image * 255).round().byte().cpu().numpy()
    small = cv2.resize(pixels, SIZE, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., ::-1]).astype(np.uint8)


def main() -> None:
    """Write both pictures beside this file."""
    program(["presets", "demo", "--draw", "--out", str(HERE / "graph.svg"), "--overwrite"])
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        draw(clip)
        halves = [frame_of(fx.Graph.load(name), clip) for name in ("identity", "demo")]
    gap = np.full((SIZE[1], 8, 3), 255, np.uint8)
    picture = np.hstack([halves[0], gap, halves[1]])
    cv2.imwrite(str(HERE / "demo.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
