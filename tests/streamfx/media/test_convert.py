from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from av.video.frame import VideoFrame

from streamfx.colour import LUMA_WEIGHTS, Colour
from streamfx.errors import TargetError
from streamfx.frame import Frame
from streamfx.media.arithmetic import Arrays, Tensors
from streamfx.media.convert import (
    Decoded,
    convert,
    from_image,
    from_image_cuda,
    settle,
    to_image,
)
from streamfx.media.orientation import Orientation
from streamfx.media.packing import direct, native
from streamfx.media.ycbcr import from_rgb, to_rgb
from tests.frames import codes, flat, largest_difference, noise

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
    ),
]

YCBCR = [
    "yuv420p",
    "yuv422p",
    "yuv444p",
    "yuv411p",
    "yuv410p",
    "yuv440p",
    "yuv420p10le",
    "yuv422p12le",
    "yuv444p16le",
    "yuva420p",
    "yuva444p12le",
    "nv12",
    "nv21",
    "p010le",
    "p210le",
    "yuyv422",
    "yuv420p10be",
    "gray",
    "gray10le",
    "gray16le",
    "ya8",
]
RGB = ["rgb24", "bgr0", "rgba", "gbrp", "gbrap", "gbrp10le", "rgb48be", "rgba64le", "gbrap16le"]


@pytest.mark.parametrize("pix_fmt", YCBCR)
@pytest.mark.parametrize(("width", "height"), [(64, 48), (161, 121), (3, 5), (1, 1)])
def test_no_code_changes_on_the_way_through_rgb(pix_fmt: str, width: int, height: int) -> None:
    """Any codes, so many colours outside R'G'B' too; hard edges; every matrix, range and siting."""
    for seed, matrix in enumerate(LUMA_WEIGHTS):
        for span in ("limited", "full"):
            for siting in ("left", "center", "topleft"):
                frame = noise(pix_fmt, width, height, seed, edges=seed % 2 == 1)
                colour = Colour("bt709", "bt709", matrix, span, 8, siting)
                back = from_image(to_image(frame, colour), pix_fmt, colour)
                assert largest_difference(frame, back) == 0, (matrix, span, siting)


@pytest.mark.parametrize("pix_fmt", RGB)
@pytest.mark.parametrize("span", ["limited", "full"])
def test_rgb_codes_come_back(pix_fmt: str, span: str) -> None:
    frame = noise(pix_fmt, 161, 121)
    colour = Colour(matrix="gbr", range=span)  # type: ignore[arg-type]  # one of Range
    assert largest_difference(frame, from_image(to_image(frame, colour), pix_fmt, colour)) == 0


@pytest.mark.parametrize("pix_fmt", ["gbrpf32le", "gbrapf32be", "grayf32le", "rgbaf32le"])
def test_float_formats_keep_what_lies_outside_of_the_range(pix_fmt: str) -> None:
    frame = noise(pix_fmt, 32, 16)
    colour = Colour(matrix="gbr", range="full", transfer="linear")
    image = to_image(frame, colour)
    assert image.min() < -0.5
    assert image.max() > 1.5
    assert largest_difference(frame, from_image(image, pix_fmt, colour)) < 1e-5


def test_infinite_and_undefined_samples_become_finite() -> None:
    frame = noise("gbrpf32le", 4, 2)
    part = direct("gbrpf32le").components(frame)[0]
    part[0, 0], part[0, 1] = np.inf, np.nan
    image = to_image(frame, Colour(matrix="gbr", range="full"))
    assert image[0, 0, 0] == 65504
    assert image[0, 0, 1] == 0
    assert codes(from_image(image, "rgb24", Colour()))[0][0, 0] == 255


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("pix_fmt", [*YCBCR, *RGB])
def test_tensors_get_the_same_sums_as_arrays(pix_fmt: str, device: str) -> None:
    form = direct(pix_fmt)
    for siting in ("left", "center", "topleft"):
        colour = settle(Colour(siting=siting), pix_fmt)
        frame = noise(pix_fmt, 37, 211)
        image = to_image(frame, colour)
        parts = [torch.from_numpy(native(part)).to(device) for part in form.components(frame)]
        on_device = to_rgb(Tensors(), parts, form, colour, (211, 37))
        assert (on_device.cpu() - image).abs().max() < 1e-5
        [(top, made)] = from_rgb(Tensors(), list(on_device), form, colour, (211, 37))
        assert top == 0
        for got, part in zip(made, parts, strict=True):
            assert torch.equal(got.cpu().to(torch.int64), part.cpu().to(torch.int64))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
def test_a_frame_in_memory_is_converted_on_the_device_asked_for() -> None:
    frame = noise("yuv420p", 64, 48)
    image = to_image(frame, Colour(), torch.device("cuda"))
    assert image.device.type == "cuda"
    assert largest_difference(frame, from_image(image, "yuv420p", Colour())) == 0


@pytest.mark.parametrize("pix_fmt", ["nv12", "p010le"])
@pytest.mark.parametrize("device", DEVICES)
def test_a_frame_made_on_the_device_has_the_same_codes(pix_fmt: str, device: str) -> None:
    frame = noise(pix_fmt, 64, 48)
    image = to_image(frame, Colour()).to(device)
    made = from_image_cuda(image, pix_fmt, Colour())
    if device == "cpu":
        assert largest_difference(made, frame) == 0
    else:
        assert made.format.name == "cuda"
        back = convert(made, pix_fmt, Colour(), Colour())
        assert largest_difference(back, frame) == 0
    assert made.colorspace == 1


@pytest.mark.parametrize(("pix_fmt", "width"), [("yuv420p", 64), ("nv12", 63)])
def test_what_cannot_stay_on_the_device_is_said(pix_fmt: str, width: int) -> None:
    with pytest.raises(TargetError, match=rf"{width}x48 .* {pix_fmt}"):
        from_image_cuda(torch.zeros(3, 48, width), pix_fmt, Colour())


def test_the_order_of_memory_does_not_matter() -> None:
    image = torch.rand(3, 200, 30)
    last = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    turned = image.transpose(1, 2).contiguous().transpose(1, 2)
    wanted = from_image(image, "yuv420p", Colour())
    for other in (last, turned, image.double(), image.expand(3, 200, 30)):
        assert largest_difference(from_image(other, "yuv420p", Colour()), wanted) == 0


def test_bands_leave_no_seams() -> None:
    chance = torch.Generator().manual_seed(7)
    image = torch.rand(3, 3 * Arrays.rows + 5, 16, generator=chance)
    for pix_fmt in ("yuv420p", "yuv410p"):
        form = direct(pix_fmt)
        colour = Colour(siting="topleft")
        made = codes(from_image(image, pix_fmt, colour))
        size = (image.shape[1], image.shape[2])
        [(_, whole)] = from_rgb(Tensors(), list(image), form, colour, size)
        for got, part in zip(made, whole, strict=True):
            # A value on the border between two codes may fall either way.
            assert np.abs(got - part.numpy().astype(np.int64)).max() <= 1
            assert (got != part.numpy()).mean() < 0.001


def test_alpha_is_straight_and_kept() -> None:
    image = torch.rand(4, 8, 6)
    frame = from_image(image, "yuva444p16le", Colour())
    assert (to_image(frame, Colour()) - image).abs().max() < 1e-4


def test_alpha_is_opaque_where_none_came_and_gone_where_none_fits() -> None:
    image = torch.rand(3, 8, 6)
    for pix_fmt in ("yuva420p", "rgba", "ya8", "gbrapf32le"):
        assert (to_image(from_image(image, pix_fmt, Colour()), Colour())[3] == 1).all()
    assert to_image(from_image(torch.rand(4, 8, 6), "yuv420p", Colour()), Colour()).shape[0] == 3


def test_codes_are_held_inside_of_their_range() -> None:
    image = torch.stack([torch.full((4, 6), value) for value in (9.0, -9.0, float("nan"))])
    for pix_fmt, top in (("gbrp", 255), ("gbrp10le", 1023), ("gbrp16le", 65535)):
        red, green, blue = codes(from_image(image, pix_fmt, Colour()))
        assert (int(red[0, 0]), int(green[0, 0]), int(blue[0, 0])) == (top, 0, 0)


def test_the_image_is_never_written_into() -> None:
    image = torch.rand(4, 20, 20)
    before = image.clone()
    from_image(image, "yuva420p10le", Colour())
    from_image(image, "gbrapf32le", Colour())
    assert torch.equal(image, before)


def test_frames_are_tagged() -> None:
    hdr = Colour("bt2020", "smpte2084", "bt2020nc", "limited", 10, "topleft")
    frame = from_image(torch.rand(3, 8, 6), "yuv420p10le", hdr)
    tags = (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range)
    assert tags == (9, 16, 9, 1)
    rgb = convert(frame, "gbrp12le", hdr, hdr)
    assert (rgb.colorspace, rgb.color_range, rgb.color_trc) == (0, 2, 16)


def test_converting_to_what_it_is_gives_the_frame_itself() -> None:
    frame = noise("yuv420p", 16, 8)
    assert convert(frame, "yuv420p", Colour(), Colour()) is frame
    assert frame.colorspace == 1


def test_converting_keeps_the_time() -> None:
    frame = noise("nv12", 16, 8)
    frame.pts, frame.time_base = 33, Fraction(1, 90000)
    moved = convert(frame, "yuv420p", Colour(), Colour())
    assert (moved.pts, moved.time_base) == (33, Fraction(1, 90000))


def test_another_matrix_is_another_set_of_codes() -> None:
    red = flat("yuv444p", 4, 4, 63, 102, 240)
    sd = Colour(matrix="smpte170m")
    frame = convert(red, "yuv444p", Colour(), sd)
    assert [int(part[0, 0]) for part in codes(frame)] == [82, 90, 240]
    # 625 and 525 lines share their equations: nothing to do but the tag.
    assert convert(frame, "yuv444p", sd, Colour(matrix="bt470bg")) is frame
    assert frame.colorspace == 5


def test_rgb_becomes_ycbcr_by_its_primaries() -> None:
    frame = noise("gbrp", 32, 16)
    rgb = Colour(matrix="gbr", range="full")
    made = convert(frame, "yuv444p16le", rgb, rgb)
    assert (made.colorspace, made.color_range) == (1, 1)
    assert largest_difference(convert(made, "gbrp", Colour(depth=16), rgb), frame) == 0


@pytest.mark.parametrize("pix_fmt", ["x2rgb10le", "bgr8", "monob"])
def test_formats_that_are_not_written_directly_are_written(pix_fmt: str) -> None:
    made = from_image(torch.ones(3, 16, 16), pix_fmt, Colour())
    assert made.format.name == pix_fmt
    # libswscale dithers where there are few levels.
    assert (to_image(made, settle(Colour(), pix_fmt)) > 0.98).all()


def test_a_format_that_nothing_writes_is_one_clear_line() -> None:
    with pytest.raises(TargetError, match="gray32le cannot be written"):
        from_image(torch.ones(3, 16, 16), "gray32le", Colour())


def test_a_decoded_frame_is_upright_only_as_an_image() -> None:
    frame = noise("yuva420p", 20, 10)
    picture = Decoded(frame, Colour(), Orientation(True, True, False))
    assert (picture.width, picture.height, picture.alpha) == (10, 20, True)
    seen = Frame(picture, Fraction(0), Fraction(1))
    assert tuple(seen.image.shape) == (4, 20, 10)
    assert [tuple(plane.shape) for plane in seen.planes] == [(10, 20), (5, 10), (5, 10), (10, 20)]
    assert "10x20 yuva420p" in repr(picture)
    assert "turned" in repr(picture)


def test_planes_are_views_of_the_frame() -> None:
    frame: VideoFrame = noise("p010le", 16, 8)
    luma = Decoded(frame, Colour()).planes()[0]
    np.frombuffer(memoryview(frame.planes[0]), "<u2")[0] = 4711
    assert int(luma[0, 0]) == 4711
