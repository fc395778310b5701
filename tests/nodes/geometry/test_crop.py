from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from streamfx import GraphError, ParamError, VideoInfo
from streamfx.nodes.geometry import Crop
from streamfx.testing import noise, run

VIDEO = VideoInfo(640, 360, Fraction(25))


def planned(video: VideoInfo = VIDEO, **params: Any) -> tuple[int, int]:
    made = Crop(**params).plan(video)
    return made.width, made.height


def test_the_named_pixels_come_out() -> None:
    (frame,) = noise(1, size=(12, 16))
    (out,) = run(Crop(left=3, top=2, width=5, height=4), frame=[frame])
    assert out.image.equal(frame.image[:, 2:6, 3:8])


def test_sides_that_are_not_given_reach_the_edge() -> None:
    (frame,) = noise(1, size=(12, 16), alpha=True)
    (out,) = run(Crop(left=3, top=2), frame=[frame])
    assert out.image.equal(frame.image[:, 2:, 3:])


def test_nothing_to_crop_leaves_the_frame_itself() -> None:
    (frame,) = noise(1)
    assert run(Crop(), frame=[frame]) == [frame]


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"left": 600, "width": 41}, r"41x360 at \(600, 0\)"),
        ({"top": 1, "height": 360}, r"640x360 at \(0, 1\)"),
        ({"left": 640}, r"0x360 at \(640, 0\)"),
        ({"left": 999}, r"0x360 at \(999, 0\)"),
    ],
)
def test_a_crop_outside_the_picture_is_known_before_a_frame(
    params: dict[str, Any], shown: str
) -> None:
    with pytest.raises(GraphError, match=f"a crop of {shown} is not inside .* 640x360"):
        planned(**params)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        ("16:9", (640, 360)),
        ("1:1", (360, 360)),
        ("4/3", (480, 360)),
        ("2.39:1", (640, 268)),
        ("1.85", (640, 346)),
        ("9:16", (202, 360)),
        ("1000", (640, 1)),
    ],
)
def test_an_aspect_takes_the_most_of_the_picture(aspect: str, size: tuple[int, int]) -> None:
    assert planned(aspect=aspect) == size


def test_an_aspect_is_taken_at_the_centre_of_the_rest() -> None:
    (frame,) = noise(1, size=(10, 40))
    (out,) = run(Crop(left=10, aspect="1:1"), frame=[frame])
    assert out.image.equal(frame.image[:, :, 20:30])


def test_an_aspect_is_that_on_screen() -> None:
    video = replace(VIDEO, width=720, height=576, pixel_aspect=Fraction(16, 15))
    assert planned(video, aspect="1:1") == (540, 576)


@pytest.mark.parametrize("aspect", ["wide", "16:", "0:9", "9:0", "-1", "1:2:3"])
def test_what_is_no_aspect_is_refused(aspect: str) -> None:
    with pytest.raises(ParamError, match=f"^aspect must be an aspect ratio .*, got '{aspect}'"):
        Crop(aspect=aspect)
