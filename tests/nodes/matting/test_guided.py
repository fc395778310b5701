import pytest
import torch
from torch import Tensor

from streamfx.nodes.matting._guided import (
    box_mean,
    fitted,
    looked_up,
    places_of,
    smaller,
    upsampled,
)


def tilted(high: int, wide: int) -> Tensor:
    """Return a mask with a slanting edge."""
    y, x = torch.meshgrid(torch.arange(high), torch.arange(wide), indexing="ij")
    return (x + 0.4 * y > 0.6 * wide).float()


def picture(mask: Tensor) -> Tensor:
    front, back = torch.tensor([0.8, 0.5, 0.2]), torch.tensor([0.1, 0.3, 0.6])
    return torch.lerp(back[:, None, None].expand(3, *mask.shape), front[:, None, None], mask)


def test_an_edge_is_drawn_where_the_picture_has_it(device: torch.device) -> None:
    mask = tilted(160, 240)
    image = picture(mask).to(device)
    small = smaller(mask[None], 20, 30)[0].to(device)
    made = upsampled(small, image).cpu()
    plain = torch.nn.functional.interpolate(small.cpu()[None, None], (160, 240), mode="bilinear")
    assert made.shape == mask.shape
    assert (made - mask).abs().mean() < 0.3 * (plain[0, 0] - mask).abs().mean()
    assert (made - mask).abs().mean() < 0.01


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_constant_stays_what_it_is(level: float) -> None:
    image = torch.rand(3, 45, 37, generator=torch.Generator().manual_seed(1))
    made = upsampled(torch.full((11, 9), level), image)
    assert (made - level).abs().max() < 1e-3


def test_pictures_without_soft_alpha_are_only_enlarged() -> None:
    image = torch.rand(4, 40, 40, generator=torch.Generator().manual_seed(2))
    assert upsampled(torch.zeros(10, 10), image).eq(0).all()
    assert upsampled(torch.ones(10, 10), image).eq(1).all()


@pytest.mark.parametrize("small", [(1, 1), (2, 3), (5, 4)])
@pytest.mark.parametrize("large", [(1, 1), (2, 2), (7, 5), (13, 31)])
def test_any_size_gives_alpha_in_range(small: tuple[int, int], large: tuple[int, int]) -> None:
    maker = torch.Generator().manual_seed(3)
    image, alpha = torch.rand(3, *large, generator=maker), torch.rand(small, generator=maker)
    made = upsampled(alpha, image)
    assert made.shape == large
    assert made.isfinite().all()
    assert made.min() >= 0
    assert made.max() <= 1


def test_a_linear_function_of_colour_is_found() -> None:
    guide = torch.rand(3, 30, 30, generator=torch.Generator().manual_seed(4))
    alpha = 0.3 * guide[0] + 0.2 * guide[1] - 0.1 * guide[2] + 0.25
    lines = fitted(alpha, guide, 3, 1e-7)
    assert ((lines[:3] * guide).sum(0) + lines[3] - alpha).abs().max() < 1e-3


@pytest.mark.parametrize("radius", [1, 4, 20])
def test_a_mean_counts_only_what_is_there(device: torch.device, radius: int) -> None:
    planes = torch.rand(2, 9, 14, generator=torch.Generator().manual_seed(5))
    made = box_mean(planes.to(device), radius).cpu()
    here = planes[:, : 1 + radius, : 1 + radius].mean((1, 2))
    assert torch.allclose(made[:, 0, 0], here, atol=1e-5)
    assert torch.allclose(box_mean(torch.ones(1, 9, 14), radius), torch.ones(1, 9, 14))


def test_places_are_those_of_the_large_picture(device: torch.device) -> None:
    mask = torch.tensor([[True, False], [False, False]], device=device)
    assert places_of(mask, (4, 4)).tolist() == [0, 1, 4, 5]
    maps = torch.tensor([[[0.0, 1.0]]], device=device)
    assert looked_up(maps, torch.arange(4, device=device), (1, 4))[0].tolist() == pytest.approx(
        [0, 0.25, 0.75, 1], abs=1e-5
    )
