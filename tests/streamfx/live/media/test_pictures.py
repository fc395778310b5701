from fractions import Fraction

import numpy as np
import pytest
import torch
from av.video.frame import VideoFrame

from streamfx.colour import Colour
from streamfx.frame import Frame, Props
from streamfx.live.media.pictures import LIVE, TICK, incoming, outgoing
from streamfx.media.convert import to_image
from streamfx.media.orientation import Orientation
from streamfx.media.tags import tag
from tests.frames import codes, flat, largest_difference, noise

STEP = Fraction(1, 30)


def taken(frame: VideoFrame, device: torch.device | None = None) -> Frame:
    return incoming(frame, Fraction(1, 3), STEP, device)


def looked_at(frame: Frame) -> Frame:
    return frame.showing(frame.image)


def pixel(frame: VideoFrame) -> list[float]:
    image: list[float] = taken(frame).image[:, 0, 0].tolist()
    return image


def test_codes_survive_the_way_there_and_back_exactly(device: torch.device) -> None:
    came = noise("yuv420p", 322, 242)
    out = outgoing(looked_at(taken(came, device)))
    assert largest_difference(out, came) <= (0 if device.type == "cpu" else 2)


def test_a_frame_that_nobody_looked_at_gives_its_codes_back() -> None:
    came = noise("yuv420p", 322, 242)
    frame = taken(came)
    out = outgoing(frame)
    assert largest_difference(out, came) == 0
    assert frame._image is None
    assert out is not came  # whoever else has the frame keeps its time and its tags
    assert came.pts is None


def test_time_and_what_is_known_go_along() -> None:
    frame = incoming(
        flat("yuv420p", 4, 4, 16, 128, 128), Fraction(7, 3), STEP, props=Props(cut=True)
    )
    assert (frame.pts, frame.duration, frame.props.cut) == (Fraction(7, 3), STEP, True)
    out = outgoing(frame.at(Fraction(10)))
    assert (out.pts, out.time_base) == (900000, TICK)


def test_untagged_pictures_are_bt601_at_limited_range_whatever_their_size() -> None:
    for size in ((64, 48), (1280, 720)):
        red = flat("yuv420p", *size, 81, 90, 240)
        assert pixel(red) == pytest.approx([1, 0, 0], abs=0.005)


def test_tags_are_believed() -> None:
    red = flat("yuv420p", 64, 48, 63, 102, 240)
    tag(red, Colour())
    assert taken(red).colour == Colour()
    assert pixel(red) == pytest.approx([1, 0, 0], abs=0.005)
    grey = flat("yuvj420p", 64, 48, 51, 128, 128)
    assert pixel(grey) == pytest.approx([0.2, 0.2, 0.2])


@pytest.mark.parametrize("looked", [False, True])
def test_what_goes_out_is_tagged_and_means_it(looked: bool) -> None:
    red = flat("yuv420p", 64, 48, 63, 102, 240)
    tag(red, Colour())
    frame = looked_at(taken(red)) if looked else taken(red)
    out = outgoing(frame)
    assert (out.colorspace, out.color_range, out.format.name) == (6, 1, "yuv420p")
    assert pixel(out) == pytest.approx([1, 0, 0], abs=0.01)


@pytest.mark.parametrize("pix_fmt", ["nv12", "yuyv422", "yuvj420p", "yuv420p10le", "rgb24", "gray"])
def test_other_formats_come_in_as_the_reader_has_them(pix_fmt: str) -> None:
    came = noise(pix_fmt, 32, 24)
    frame = taken(came)
    assert frame.colour is not None
    if pix_fmt != "yuvj420p":
        assert frame.image.equal(to_image(came, frame.colour))
    assert outgoing(frame).format.name == "yuv420p"


def test_chroma_is_shared_by_four_pixels() -> None:
    came = noise("yuv420p", 16, 8)
    y = torch.from_numpy(codes(came)[0].astype(np.float32))
    tint = taken(came).image - (y - 16) / 219
    blocks = tint.view(3, 4, 2, 8, 2)
    assert (blocks - blocks[:, :, :1, :, :1]).abs().max() < 1e-5


@pytest.mark.parametrize("looked", [False, True])
@pytest.mark.parametrize("size", [(161, 121), (7, 4), (2, 3), (1, 5), (1, 1)])
def test_sides_come_out_even(size: tuple[int, int], looked: bool) -> None:
    came = noise("yuv420p", *size)
    frame = looked_at(taken(came)) if looked else taken(came)
    out = outgoing(frame)
    assert (out.width, out.height) == tuple(max(side // 2 * 2, 2) for side in size)
    if min(size) > 1:
        inside = codes(came)[0][: out.height, : out.width]
        assert np.abs(codes(out)[0] - inside).max() <= 1


def test_what_is_transparent_shows_black() -> None:
    image = torch.ones(4, 4, 4)
    image[3, :, 2:] = 0
    out = outgoing(Frame(image, Fraction(0), STEP))
    y, u, v = codes(out)
    assert y.tolist() == [[235, 235, 16, 16]] * 4
    assert (u == 128).all()
    assert (v == 128).all()


def test_values_beyond_the_range_are_held_in_it() -> None:
    image = torch.stack([torch.full((4, 4), level) for level in (-9.0, 9.0, float("inf"))])
    y, u, v = codes(outgoing(Frame(image, Fraction(0), STEP)))
    for part in (y, u, v):
        assert part.min() >= 0
        assert part.max() <= 255


def test_a_turned_picture_comes_upright(monkeypatch: pytest.MonkeyPatch) -> None:
    came = noise("yuv420p", 16, 8)
    upright = taken(came).image
    turned = Orientation(swaps=True, flips_across=True)
    monkeypatch.setattr(Orientation, "from_frame", lambda _: turned)
    frame = taken(came)
    assert (frame.width, frame.height) == (8, 16)
    assert frame.image.equal(turned.upright(upright))
    out = outgoing(frame)
    assert (out.width, out.height) == (8, 16)
    assert np.abs(codes(out)[0] - codes(came)[0].T[:, ::-1]).max() <= 1


def test_bt601_is_what_live_means() -> None:
    assert (LIVE.matrix, LIVE.range, LIVE.depth) == ("smpte170m", "limited", 8)
