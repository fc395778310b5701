from __future__ import annotations

import numpy as np
import pytest
from av.video.frame import VideoFrame

from streamfx.media.repeats import Repeats
from tests import clips


def drawn(number: int, pix_fmt: str, width: int = 50) -> VideoFrame:
    return clips.draw(number, clips.Clip(pix_fmt=pix_fmt, width=width))


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p", "yuv420p10le", "nv12", "rgb24", "gray", "gbrpf32le"]
)
def test_the_same_picture_twice_is_a_repeat(pix_fmt: str) -> None:
    repeats = Repeats()
    order = [0, 0, 1, 1, 0]
    same = [repeats.same(drawn(number, pix_fmt)) for number in order]
    assert same == [False, True, False, True, False]


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_one_sample_of_any_plane_makes_a_difference(plane: int) -> None:
    repeats = Repeats()
    repeats.same(drawn(0, "yuv420p"))
    other = drawn(0, "yuv420p")
    pixels = np.frombuffer(memoryview(other.planes[plane]), np.uint8)
    changed = pixels.copy()
    changed[other.planes[plane].line_size * 13 + 20] ^= 1
    other.planes[plane].update(changed.tobytes())
    assert not repeats.same(other)


def test_padding_at_the_ends_of_lines_makes_none() -> None:
    repeats = Repeats()
    repeats.same(drawn(0, "gray", width=50))
    other = drawn(0, "gray", width=50)
    plane = other.planes[0]
    assert plane.line_size > 50
    lines = np.frombuffer(memoryview(plane), np.uint8).copy()
    lines[50 :: plane.line_size] ^= 255
    plane.update(lines.tobytes())
    assert repeats.same(other)


def test_another_size_or_format_is_another_picture() -> None:
    repeats = Repeats()
    repeats.same(drawn(0, "gray", width=50))
    assert not repeats.same(drawn(0, "gray", width=52))
    assert not repeats.same(drawn(0, "yuv420p", width=52))
