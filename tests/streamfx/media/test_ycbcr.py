from __future__ import annotations

import pytest
import torch

from streamfx.colour import LUMA_WEIGHTS, Colour, Range
from streamfx.media.convert import from_image, to_image
from tests.frames import codes, flat


@pytest.mark.parametrize(
    ("pix_fmt", "range", "triple", "rgb"),
    [
        # ITU-R BT.709, table 5.4: 8-bit limited range.
        ("yuv444p", "limited", (235, 128, 128), (1, 1, 1)),
        ("yuv420p", "limited", (16, 128, 128), (0, 0, 0)),
        ("yuv420p10le", "limited", (940, 512, 512), (1, 1, 1)),
        ("p010le", "limited", (64, 512, 512), (0, 0, 0)),
        ("yuv422p12le", "limited", (3760, 2048, 2048), (1, 1, 1)),
        ("yuvj420p", "full", (255, 128, 128), (1, 1, 1)),
        ("yuv444p10le", "full", (1023, 512, 512), (1, 1, 1)),
        ("gray", "full", (255,), (1, 1, 1)),
        ("gray10le", "limited", (940,), (1, 1, 1)),
        ("rgb24", "full", (255, 0, 51), (1, 0, 0.2)),
    ],
)
def test_published_codes_are_the_published_colours(
    pix_fmt: str, range: Range, triple: tuple[int, ...], rgb: tuple[float, ...]
) -> None:
    frame = flat(pix_fmt, 6, 4, *triple)
    matrix = "gbr" if pix_fmt == "rgb24" else "bt709"
    image = to_image(frame, Colour(matrix=matrix, range=range))
    wanted = torch.tensor(rgb, dtype=torch.float32)[:, None, None]
    assert (image - wanted).abs().max() <= 1e-6


@pytest.mark.parametrize(
    ("rgb", "triple"),
    [
        # 100/0/75/0 and 75 % colour bars of BT.709, rounded (ITU-R BT.1729).
        ((1.0, 0.0, 0.0), (63, 102, 240)),
        ((0.0, 1.0, 0.0), (173, 42, 26)),
        ((0.0, 0.0, 1.0), (32, 240, 118)),
        ((0.75, 0.75, 0.0), (168, 44, 136)),
        ((0.0, 0.75, 0.75), (145, 147, 44)),
        ((0.75, 0.0, 0.75), (63, 193, 204)),
        ((0.75, 0.75, 0.75), (180, 128, 128)),
    ],
)
def test_colour_bars_get_their_codes(rgb: tuple[float, ...], triple: tuple[int, ...]) -> None:
    image = torch.tensor(rgb)[:, None, None].expand(3, 4, 6).contiguous()
    frame = from_image(image, "yuv420p", Colour())
    assert tuple(int(part[0, 0]) for part in codes(frame)) == triple


@pytest.mark.parametrize("matrix", sorted(LUMA_WEIGHTS))
def test_primaries_reach_the_ends_of_chroma(matrix: str) -> None:
    blue = torch.tensor((0.0, 0.0, 1.0))[:, None, None].expand(3, 2, 2).contiguous()
    frame = from_image(blue, "yuv444p", Colour(matrix=matrix))
    kb = LUMA_WEIGHTS[matrix][1]
    y, cb, _ = (int(part[0, 0]) for part in codes(frame))
    assert cb == 240
    assert y == round(16 + 219 * kb)
