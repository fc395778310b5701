from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from streamfx.resample import Filter, Window, blur, covering, resize

FILTERS = get_args(Filter)


@pytest.fixture
def image(device: torch.device) -> Tensor:
    made = torch.rand(3, 60, 91, generator=torch.Generator().manual_seed(1))
    made[:, 20:40, 30:60] = 1
    made[:, 45:, :30] = 0
    return made.to(device)


def gaussian(image: Tensor, sigma: float) -> Tensor:
    reach = int(np.ceil(5 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    made = np.pad(image.double().cpu().numpy(), ((0, 0), (reach, reach), (reach, reach)), "edge")
    for axis in (1, 2):
        made = np.apply_along_axis(np.convolve, axis, made, kernel, "valid")
    return torch.from_numpy(made)


@pytest.mark.parametrize("sigma", [0.3, 1, 2.5, 3.99, 4, 7.9, 8, 13, 16, 40])
def test_blur_is_the_gaussian(image: Tensor, sigma: float) -> None:
    error = (blur(image, sigma).cpu() - gaussian(image, sigma)).abs().max()
    assert error < 0.5 / 255


@pytest.mark.parametrize("sigma", [0.5, 3, 5, 50, 200])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 2), (40, 63)])
def test_blur_leaves_a_flat_picture_flat(sigma: float, size: tuple[int, int]) -> None:
    flat = torch.full((3, *size), 0.7)
    torch.testing.assert_close(blur(flat, sigma), flat, atol=1e-5, rtol=0)


def test_colour_under_transparent_pixels_does_not_leak() -> None:
    image = torch.zeros(4, 9, 9)
    image[0] = 1  # red everywhere, but shown green in one half only
    image[:, :, :4] = torch.tensor([0.0, 1, 0, 1])[:, None, None]
    for out in (blur(image, 2.0), resize(image, 5, 5), resize(image, 20, 20, "bicubic")):
        shown = out[:, :, :][:, out[3] > 0.01]
        torch.testing.assert_close(shown[0], torch.zeros_like(shown[0]), atol=1e-5, rtol=0)
        torch.testing.assert_close(shown[1], torch.ones_like(shown[1]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("filter", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(30, 45), (23, 64), (120, 182), (61, 90), (1, 1)])
def test_filters_agree_with_torch(image: Tensor, filter: Filter, size: tuple[int, int]) -> None:
    theirs = interpolate(image[None], size, mode=filter, antialias=True)[0].clamp(0, 1)
    torch.testing.assert_close(resize(image, *size, filter), theirs, atol=1e-4, rtol=0)


def test_area_shares_pixels_out() -> None:
    row = torch.tensor([0.0, 0.3, 0.6]).expand(3, 1, 3)
    assert resize(row, 1, 1, "area").flatten().tolist() == pytest.approx([0.3] * 3)
    halves = resize(row, 1, 2, "area")[0, 0]  # each takes one pixel and half of the next
    assert halves.tolist() == pytest.approx([(0 + 0.15) / 1.5, (0.15 + 0.6) / 1.5])


def test_nearest_takes_pixels_as_they_are(image: Tensor) -> None:
    theirs = interpolate(image[None], (25, 200), mode="nearest-exact")[0]
    assert resize(image, 25, 200, "nearest").equal(theirs)


def test_lanczos_keeps_a_wave_that_both_sizes_can_show() -> None:
    def wave(count: int) -> Tensor:
        place = (torch.arange(count) + 0.5) / count
        return (0.5 + 0.4 * torch.sin(2 * torch.pi * 8 * place)).expand(3, 1, -1)

    for count in (60, 150, 300):
        out = resize(wave(120), 1, count)
        inner = slice(count // 10, -count // 10)  # the edges have fewer samples to go by
        torch.testing.assert_close(out[..., inner], wave(count)[..., inner], atol=0.01, rtol=0)


@pytest.mark.parametrize("filter", [f for f in FILTERS if f != "nearest"])
def test_shrinking_is_antialiased(filter: Filter) -> None:
    stripes = torch.zeros(3, 64, 64)
    stripes[:, :, ::2] = 1
    out = resize(stripes, 64, 24, filter)[:, :, 3:-3]
    assert out.sub(0.5).abs().max() < 0.13


@pytest.mark.parametrize("filter", FILTERS)
def test_a_flat_picture_stays_flat_and_inside_the_range(filter: Filter) -> None:
    torch.testing.assert_close(
        resize(torch.full((3, 7, 5), 0.3), 11, 4, filter), torch.full((3, 11, 4), 0.3)
    )
    out = resize(torch.rand(4, 9, 9).round(), 21, 5, filter)
    assert 0 <= out.min() <= out.max() <= 1


@pytest.mark.parametrize("filter", FILTERS)
def test_a_window_of_whole_pixels_is_a_crop(filter: Filter) -> None:
    image = torch.rand(3, 20, 30)
    window = Window(4, 6, 10, 12)
    out = resize(image, 10, 12, filter, window)
    torch.testing.assert_close(out, image[:, 4:14, 6:18], atol=1e-5, rtol=0)


def test_the_same_size_is_the_same_image(image: Tensor) -> None:
    assert resize(image, 60, 91) is image
    assert blur(image, 0) is image


def test_covering_takes_the_most_of_the_centre() -> None:
    assert covering(540, 960, 1.0) == Window(0, 210, 540, 540)
    assert covering(540, 960, 2.0) == Window(30, 0, 480, 960)
