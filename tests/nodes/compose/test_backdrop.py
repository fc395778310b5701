"""Out of focus: as the exact Gaussian has it, and with nothing of the subject in it."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from streamfx.colour import from_linear, to_linear
from streamfx.nodes.compose._backdrop import behind, defocused, spilt
from streamfx.resample import blur

CODE = 1 / 255


def room(high: int = 180, wide: int = 320) -> Tensor:
    """Return a scene with edges and a gradient, and no red in it."""
    y, x = torch.meshgrid(torch.arange(high), torch.arange(wide), indexing="ij")
    image = torch.zeros(3, high, wide)
    image[1] = ((x // 40 + y // 30) % 2) * 0.6 + 0.2
    image[2] = x / wide
    return image


def person(high: int = 180, wide: int = 320) -> Tensor:
    """Return a soft-edged alpha ``(1, H, W)`` in the middle."""
    y, x = torch.meshgrid(torch.arange(high), torch.arange(wide), indexing="ij")
    far = (((x - wide / 2) / (wide / 6)) ** 2 + ((y - high * 0.6) / (high / 2.2)) ** 2).sqrt()
    return ((1 - far) * 12).clamp(0, 1)[None]


def red() -> Tensor:
    return torch.tensor([1.0, 0.0, 0.0])[:, None, None].expand(3, 180, 320)


@pytest.mark.parametrize("sigma", [0.7, 3.0, 8.0, 19.0, 45.0])
@pytest.mark.parametrize("size", [(180, 320), (179, 321), (97, 61)])
def test_it_is_the_gaussian(sigma: float, size: tuple[int, int], device: torch.device) -> None:
    image = torch.rand((3, *size), generator=torch.Generator().manual_seed(1))
    image[:, : size[0] // 2] = (image[:, : size[0] // 2] > 0.5).float()
    image[:, :, size[1] // 3 :] *= 0.2
    image = functional.pad(image[None], (16,) * 4, mode="replicate")[0]  # beyond, it goes on so
    exact = blur(image.double(), sigma).float()
    off = (defocused(image.to(device), sigma, None).cpu() - exact).abs()
    assert off[:, 6:-6, 6:-6].max() < 2.5 * CODE
    assert off.max() < 14 * CODE, "held for half a sample at the very edge"
    assert off.mean() < 0.4 * CODE


def test_it_blurs_light_when_asked() -> None:
    image = torch.zeros(3, 60, 90)
    image[:, 30, 45] = 1
    light = from_linear(blur(to_linear(image, "bt709"), 6.0), "bt709")
    assert (defocused(image, 6.0, "bt709") - light).abs().max() < 2 * CODE
    assert defocused(image, 6.0, None).max() < light.max() / 4


@pytest.mark.parametrize("wired", [True, False])
@pytest.mark.parametrize("sigma", [2.0, 6.0, 20.0])
def test_nothing_of_the_subject_is_in_the_scene_behind_it(
    wired: bool, sigma: float, device: torch.device
) -> None:
    cover, scene = person(), room()
    subject = torch.cat([torch.where(cover > 0, red(), scene), cover]).to(device)
    shot = torch.lerp(scene, red(), cover).to(device)
    made = behind(subject, shot if wired else None, sigma, None).cpu()
    assert (made[:1] * (1 - cover)).max() < CODE
    assert blur(shot.cpu(), sigma)[0][(cover == 0)[0]].max() > 0.1, "a plain blur shows a halo"


@pytest.mark.parametrize("off", [-2, 2])
def test_a_matte_that_is_a_little_off_leaves_no_halo(off: int) -> None:
    cover, scene = person(), room()
    shot = torch.lerp(scene, red(), cover)
    other = torch.roll(cover, off, 2)
    made = behind(torch.cat([shot, other]), shot, 6.0, None)
    seen = made[0] * (1 - cover)[0]
    assert seen.max() < 0.04


def test_far_from_the_subject_it_is_the_plain_blur() -> None:
    cover, scene = person(), room()
    made = behind(torch.cat([scene, cover]), scene, 8.0, None)
    exact = blur(scene, 8.0)
    assert (made - exact)[:, :, :60].abs().max() < 4 * CODE
    assert (made - exact)[:, :, 260:].abs().max() < 4 * CODE


def test_what_shines_through_the_subject_is_taken_apart_again() -> None:
    scene = torch.tensor([0.0, 0.8, 0.2])[:, None, None].expand(3, 180, 320)
    veil = torch.full((1, 180, 320), 0.5)
    shot = torch.lerp(scene, red(), veil)
    made = behind(torch.cat([red(), veil]), shot, 8.0, None)
    assert (made - scene).abs().max() < 2 * CODE


def test_a_subject_that_hides_everything_leaves_a_finite_picture() -> None:
    image = torch.cat([room(), torch.ones(1, 180, 320)])
    made = behind(image, room(), 9.0, None)
    assert made.isfinite().all()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5)])
def test_any_size_works(size: tuple[int, int]) -> None:
    image = torch.rand(4, *size)
    for sigma in (0.1, 4.0, 90.0):
        assert behind(image, image[:3], sigma, "bt709").shape == (3, *size)
        assert defocused(image[:3], sigma, None).shape == (3, *size)


def test_a_scene_with_alpha_is_blurred_by_what_is_seen_of_it() -> None:
    image = torch.cat([torch.where(person() > 0, red(), 1 - red()), (person() > 0).float()])
    made = defocused(image, 5.0, None)
    seen = made[:, made[3] > 0.01]
    assert (seen[0] - 1).abs().max() < CODE


def test_spilt_light_fades_inwards() -> None:
    cover = torch.zeros(1, 60, 200)
    cover[:, :, 100:] = 1
    light = spilt(torch.ones(3, 60, 200), cover, 8.0, None)
    row = light[0, 30]
    assert row[100].item() == pytest.approx(0.5, abs=0.05)
    assert row[140] < 0.01
    assert row.diff().le(1e-6).all()
