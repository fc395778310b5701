from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch

from streamfx import GraphError, VideoInfo
from streamfx.nodes.geometry import Resize
from streamfx.resample import Filter
from streamfx.testing import clip, context, info_of, noise, run

HD = VideoInfo(1920, 1080, Fraction(25))
PAL = VideoInfo(720, 576, Fraction(25), pixel_aspect=Fraction(16, 15))  # 4:3 on screen


def planned(video: VideoInfo, **params: Any) -> tuple[int, int, Fraction]:
    made = Resize(**params).plan(video)
    return made.width, made.height, made.pixel_aspect


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"width": 1280}, (1280, 720)),
        ({"height": 720}, (1280, 720)),
        ({"height": 360, "fit": "fill"}, (640, 360)),
        ({"width": 853}, (853, 480)),
        ({"height": 480}, (854, 480)),
        ({"height": 480, "multiple": 1}, (853, 480)),
        ({"height": 480, "multiple": 16}, (848, 480)),
        ({"scale": 0.5}, (960, 540)),
        ({"scale": 0.0001}, (2, 2)),
        ({"width": 1000, "height": 1000}, (1000, 562)),
        ({"width": 1000, "height": 1000, "fit": "fit", "multiple": 1}, (1000, 562)),
        ({"width": 2000, "height": 500}, (888, 500)),
        ({"width": 1000, "height": 1000, "fit": "fill"}, (1000, 1000)),
        ({"width": 1000, "height": 1001, "fit": "pad"}, (1000, 1001)),
    ],
)
def test_the_size_follows_from_what_is_given(params: dict[str, Any], size: tuple[int, int]) -> None:
    assert planned(HD, **params) == (*size, Fraction(1))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"scale": 0.5}, (360, 288, Fraction(16, 15))),
        ({"width": 360}, (360, 288, Fraction(16, 15))),
        ({"width": 1280, "height": 720, "fit": "stretch"}, (1280, 720, Fraction(3, 4))),
        ({"width": 1280, "height": 720, "fit": "fit"}, (960, 720, Fraction(1))),
        ({"width": 1280, "height": 720, "fit": "fill"}, (1280, 720, Fraction(1))),
        ({"width": 1280, "height": 720, "fit": "pad"}, (1280, 720, Fraction(1))),
    ],
)
def test_the_shape_on_screen_stays_right(
    params: dict[str, Any], expected: tuple[int, int, Fraction]
) -> None:
    assert planned(PAL, **params) == expected


def test_stretching_keeps_the_display_aspect_exactly() -> None:
    wide, high, pixel = planned(HD, width=1000, height=1000, fit="stretch")
    assert Fraction(wide, high) * pixel == Fraction(16, 9)


def test_rounding_makes_no_pixel_unsquare() -> None:
    assert planned(HD, width=854, height=480, fit="stretch")[2] == 1


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({}, "give width, height or scale"),
        ({"scale": 2.0, "width": 100}, "give a size or a scale, not both: scale is 2"),
    ],
)
def test_a_size_must_be_said_once(params: dict[str, Any], complaint: str) -> None:
    with pytest.raises(GraphError, match=complaint):
        Resize(**params).plan(HD)


def test_the_size_it_has_already_leaves_the_frame_itself() -> None:
    (frame,) = clip(0.5, size=(4, 6))
    assert run(Resize(width=6), frame=[frame]) == [frame]


def test_pad_lays_bars_of_a_colour_around(device: torch.device) -> None:
    node = Resize(width=8, height=8, fit="pad", colour="#0080ff")
    (out,) = run(node, context(device=device), frame=clip(0.5, size=(4, 8), device=device))
    bar = torch.tensor([0, 128 / 255, 1])[:, None, None].expand(3, 2, 8)
    torch.testing.assert_close(out.image[:, :2].cpu(), bar)
    torch.testing.assert_close(out.image[:, 6:].cpu(), bar)
    torch.testing.assert_close(out.image[:, 2:6].cpu(), torch.full((3, 4, 8), 0.5))


def test_bars_are_opaque() -> None:
    node = Resize(width=8, height=8, fit="pad")
    (out,) = run(node, frame=clip(0.5, size=(4, 8), alpha=0.25))
    assert out.image[3, 0].eq(1).all()
    assert out.image[3, 4].sub(0.25).abs().max() < 1e-5


def test_fill_shows_the_centre() -> None:
    (frame,) = clip(0, size=(4, 12))
    image = frame.image.clone()
    image[:, :, 4:8] = 1
    (out,) = run(
        Resize(width=4, height=4, fit="fill", filter="bilinear"), frame=[frame.showing(image)]
    )
    assert out.image.eq(1).all()


def test_fill_and_pad_reckon_with_pixels_that_are_not_square() -> None:
    (frame,) = clip(1, size=(8, 8))
    info = info_of([frame])
    assert isinstance(info, VideoInfo)
    node = Resize(width=16, height=8, fit="pad")
    node.open(context(info=replace(info, pixel_aspect=Fraction(3, 2))))  # 12 by 8 on screen
    out = node.process(frame).image[0, 4]
    assert out.tolist() == pytest.approx([0, 0, *[1] * 12, 0, 0])


@pytest.mark.parametrize("filter", ["nearest", "bilinear", "bicubic", "lanczos", "area"])
def test_a_gradient_stays_a_gradient(filter: Filter, device: torch.device) -> None:
    (frame,) = clip(0, size=(8, 64), device=device)
    ramp = ((torch.arange(64, device=device) + 0.5) / 64).expand(3, 8, -1)
    node = Resize(width=32, height=4, filter=filter)
    (out,) = run(node, context(device=device), frame=[frame.showing(ramp)])
    expected = (torch.arange(32) + 0.5) / 32
    error = (out.image.cpu() - expected).abs()[:, :, 3:-3].max()
    assert error <= (1.01 / 64 if filter == "nearest" else 1e-3)


def test_every_instant_stays() -> None:
    frames = noise(3)
    out = run(Resize(scale=2.0), frame=frames)
    assert [(f.pts, f.duration) for f in out] == [(f.pts, f.duration) for f in frames]
