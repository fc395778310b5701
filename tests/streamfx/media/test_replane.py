from __future__ import annotations

import numpy as np
import pytest

from streamfx.colour import Colour
from streamfx.media.convert import convert, settle
from streamfx.media.packing import direct
from tests.frames import codes, flat, largest_difference, noise

ODD = [(64, 48), (161, 121)]


@pytest.mark.parametrize(("width", "height"), ODD)
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("nv12", "yuv420p"),
        ("yuv420p", "nv12"),
        ("p010le", "yuv420p10le"),
        ("yuv420p10le", "p010le"),
        ("p210le", "yuv422p10le"),
        ("yuyv422", "yuv422p"),
        ("yuv420p10be", "yuv420p10le"),
        ("rgb24", "gbrp"),
        ("gbrp", "bgr0"),
        ("rgba64le", "gbrap16le"),
    ],
)
def test_moving_planes_keeps_every_code(source: str, target: str, width: int, height: int) -> None:
    frame = noise(source, width, height)
    colour = settle(Colour(), source)
    moved = convert(frame, target, colour, colour)
    assert moved.format.name == target
    for got, wanted in zip(codes(moved), codes(frame), strict=True):
        assert np.array_equal(got, wanted)


@pytest.mark.parametrize(("width", "height"), ODD)
@pytest.mark.parametrize("siting", ["left", "center", "topleft"])
@pytest.mark.parametrize(
    ("source", "between"),
    [
        ("yuv420p", "yuv422p10le"),
        ("yuv420p", "yuv444p12le"),
        ("nv12", "yuv422p10le"),
        ("yuv420p10le", "yuv422p12le"),
        ("yuv422p10le", "yuv444p16le"),
        ("yuv411p", "yuv444p12le"),
        ("yuv410p", "yuv422p12le"),
        ("yuv440p", "yuv444p10le"),
        ("yuva420p", "yuva444p12le"),
    ],
)
def test_more_chroma_and_depth_lead_back(
    source: str, between: str, siting: str, width: int, height: int
) -> None:
    frame = noise(source, width, height)
    colour = settle(Colour(siting=siting), source)  # type: ignore[arg-type]  # one of Siting
    back = convert(convert(frame, between, colour, colour), source, colour, colour)
    assert largest_difference(back, frame) == 0


def test_limited_range_gets_deeper_by_a_shift() -> None:
    frame = noise("yuv422p", 64, 48)
    deep = convert(frame, "yuv422p10le", Colour(), Colour())
    for got, part in zip(codes(deep), codes(frame), strict=True):
        assert np.array_equal(got, part << 2)


def test_full_range_gets_deeper_by_its_own_scale() -> None:
    colour = Colour(range="full")
    deep = convert(flat("yuv444p", 8, 4, 255, 128, 1), "yuv444p10le", colour, colour)
    assert [int(part[0, 0]) for part in codes(deep)] == [1023, 512, 3]


def test_less_depth_rounds_to_nearest() -> None:
    deep = flat("yuv444p10le", 8, 4, 942, 513, 1023)
    low = convert(deep, "yuv444p", Colour(depth=10), Colour())
    # 235.5 is a tie, and goes to the even code; 255.75 is held at the largest.
    assert [int(part[0, 0]) for part in codes(low)] == [236, 128, 255]


def test_range_changes_by_value() -> None:
    frame = flat("yuv420p", 8, 4, 235, 240, 16)
    full = convert(frame, "yuv420p", Colour(), Colour(range="full"))
    assert [int(part[0, 0]) for part in codes(full)] == [255, 255, 0]
    assert full.color_range == 2


def test_grey_gets_neutral_chroma_and_back() -> None:
    grey = noise("gray", 33, 17)
    colour = Colour(range="full")
    wide = convert(grey, "yuv420p10le", colour, colour)
    assert {int(part) for part in np.unique(codes(wide)[1])} == {512}
    assert largest_difference(convert(wide, "gray", colour, colour), grey) == 0


def test_alpha_is_made_opaque_or_dropped() -> None:
    frame = noise("yuv420p", 16, 8)
    with_alpha = convert(frame, "yuva420p10le", Colour(), Colour())
    assert (codes(with_alpha)[3] == 1023).all()
    assert largest_difference(convert(with_alpha, "yuv420p", Colour(), Colour()), frame) == 0


def test_a_siting_that_changes_moves_chroma() -> None:
    """A ramp of chroma, sampled half a luma sample further to the right."""
    frame = flat("yuv420p", 64, 16, 128, 128, 128)
    direct("yuv420p").components(frame)[1][...] = 4 * np.arange(32, dtype=np.uint8)[None] + 40
    moved = convert(frame, "yuv420p", Colour(siting="left"), Colour(siting="center"))
    change = codes(moved)[1][:, 2:-2] - codes(frame)[1][:, 2:-2]
    assert (change == 1).all()
