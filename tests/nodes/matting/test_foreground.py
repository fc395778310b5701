import pytest
import torch
from torch import Tensor

from streamfx.nodes.matting._foreground import foreground, layers

RED = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
BLUE = torch.tensor([0.1, 0.3, 0.8])[:, None, None]


def disc(high: int, wide: int, softness: float = 6.0) -> Tensor:
    """Return the alpha of a soft disc."""
    y, x = torch.meshgrid(torch.arange(high), torch.arange(wide), indexing="ij")
    far = torch.hypot(y - high / 2, x - wide / 2)
    return ((min(high, wide) / 3 - far) / softness + 0.5).clamp(0, 1)


def composite(alpha: Tensor, front: Tensor = RED, back: Tensor = BLUE) -> Tensor:
    return front * alpha + back * (1 - alpha)


def band(alpha: Tensor) -> Tensor:
    return (alpha > 0.02) & (alpha < 0.98)


def rough(high: int, wide: int, seed: int, base: Tensor) -> Tensor:
    """Return a colour with soft shades."""
    grid = torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(seed))
    soft = torch.nn.functional.interpolate(grid, (high, wide), mode="bicubic")[0]
    return (base + 0.2 * (soft - 0.5)).clamp(0, 1)


@pytest.mark.parametrize("size", [None, 40, 1000])
def test_flat_colours_are_found_exactly(device: torch.device, size: int | None) -> None:
    alpha = disc(67, 91).to(device)
    made = foreground(composite(alpha, RED.to(device), BLUE.to(device)), alpha, size)
    assert made.device.type == device.type
    assert (made - RED.to(device))[:, band(alpha)].abs().max() < 0.01


@pytest.mark.parametrize("size", [None, 48])
def test_most_of_the_background_is_gone_from_shaded_colours(size: int | None) -> None:
    alpha = disc(120, 160, softness=14)
    front, back = rough(120, 160, 1, RED), rough(120, 160, 2, BLUE)
    image = composite(alpha, front, back)
    weight = alpha * band(alpha)
    before = ((image - front).abs() * weight).sum()
    after = ((foreground(image, alpha, size) - front).abs() * weight).sum()
    assert after < before / 5


def test_the_detail_of_the_full_picture_is_kept_at_a_small_size() -> None:
    alpha = disc(128, 128, softness=20)
    grain = 0.1 * (torch.rand(1, 128, 128, generator=torch.Generator().manual_seed(3)) - 0.5)
    front = RED.expand(3, 128, 128) * 0.8 + 0.05 + grain
    made = foreground(composite(alpha, front), alpha, 32)
    solid = (alpha > 0.8) & (alpha < 0.98)
    assert (made - front)[:, solid].abs().mean() < 0.3 * grain.abs().mean()


def test_both_layers_make_up_the_picture() -> None:
    alpha = disc(70, 50)
    image = composite(alpha, rough(70, 50, 4, RED), rough(70, 50, 5, BLUE))
    front, back = layers(image, alpha)
    off = (composite(alpha, front, back) - image).abs()
    assert off.mean() < 0.001
    assert off.max() < 0.02
    assert front.min() >= 0
    assert front.max() <= 1


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_picture_without_an_edge_stays_as_it_is(level: float) -> None:
    image = torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(6))
    assert foreground(image, torch.full((9, 7), level)).equal(image)


def test_pure_pixels_keep_their_own_colours_and_nothing_is_written_into() -> None:
    alpha = disc(50, 60)
    image = composite(alpha)
    given = image.clone()
    made = foreground(image, alpha, 30)
    pure = (alpha == 0) | (alpha == 1)
    assert made[:, pure].equal(image[:, pure])
    assert image.equal(given)


def test_colours_go_on_outside_where_more_is_to_be_shown() -> None:
    alpha = disc(60, 60)
    wider = torch.where(disc(60, 60, softness=30) > 0, 1.0, 0.0)
    made = foreground(composite(alpha), alpha, None, wider)
    ring = (alpha == 0) & (wider > 0)
    assert ring.any()
    assert (made - RED)[:, ring].abs().max() < 0.05


@pytest.mark.parametrize("high", [1, 2, 3, 7])
@pytest.mark.parametrize("wide", [1, 2, 5])
@pytest.mark.parametrize("size", [None, 2])
def test_any_size_gives_colours_in_range(high: int, wide: int, size: int | None) -> None:
    maker = torch.Generator().manual_seed(7)
    image, alpha = (
        torch.rand(3, high, wide, generator=maker),
        torch.rand(high, wide, generator=maker),
    )
    made = foreground(image, alpha, size)
    assert made.shape == image.shape
    assert made.isfinite().all()
    assert made.min() >= 0
    assert made.max() <= 1
