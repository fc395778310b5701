from __future__ import annotations

import numpy as np
import pytest
from av.video.frame import VideoFrame

from streamfx.colour import Colour
from streamfx.errors import MediaError
from streamfx.media.convert import to_image
from streamfx.media.standin import has_alpha, unpacked

RGB = Colour(matrix="gbr", range="full")


def paletted(alpha: int) -> tuple[VideoFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    index = rng.integers(0, 16, (12, 20)).astype(np.uint8)
    colours = rng.integers(0, 256, (256, 4)).astype(np.uint8)
    colours[:, 3] = 255
    colours[3, 3] = alpha
    colours[200, 3] = 0  # never used
    frame = VideoFrame(20, 12, "pal8")
    lines = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(12, -1)
    lines[:, :20] = index
    np.frombuffer(memoryview(frame.planes[1]), np.uint8).reshape(256, 4)[...] = colours
    return frame, index, colours


@pytest.mark.parametrize(("alpha", "channels"), [(255, 3), (40, 4)])
def test_a_palette_is_looked_up_exactly(alpha: int, channels: int) -> None:
    frame, index, colours = paletted(alpha)
    assert has_alpha(frame) is (channels == 4)
    image = to_image(frame, RGB)
    wanted = colours[index][..., [2, 1, 0, 3][:channels]]
    assert np.array_equal(np.rint(image.numpy() * 255).transpose(1, 2, 0), wanted)


def test_ten_bit_rgb_in_one_word_loses_nothing() -> None:
    frame = VideoFrame(16, 8, "x2rgb10le")
    words = np.frombuffer(memoryview(frame.planes[0]), "<u4").reshape(8, -1)
    words[...] = np.random.default_rng(0).integers(0, 1 << 30, words.shape)
    image = np.rint(to_image(frame, RGB).numpy() * 1023).astype(np.int64)
    for channel, shift in enumerate((20, 10, 0)):
        assert np.array_equal(image[channel], (words[:, :16] >> shift) & 1023)


def test_one_bit_is_black_and_white() -> None:
    frame = VideoFrame(16, 2, "monob")
    rows = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(2, -1)
    rows[...] = 0b10100000
    image = to_image(frame, Colour(range="full"))
    assert image[0, 0, :8].tolist() == [1, 0, 1, 0, 0, 0, 0, 0]


def test_a_format_that_nothing_reads_is_one_clear_line() -> None:
    with pytest.raises(MediaError, match="gray32le cannot be read"):
        unpacked(VideoFrame(16, 16, "gray32le"))
