import pytest
import torch
from torch import Tensor

from streamfx.nodes.matting._outline import choked, feathered


def box() -> Tensor:
    alpha = torch.zeros(60, 60)
    alpha[20:40, 20:40] = 1
    return alpha


@pytest.mark.parametrize("by", [1, 4, 7, -1, -5, -9])
def test_the_edge_moves_by_that_many_pixels(device: torch.device, by: int) -> None:
    made = choked(box().to(device), by).cpu()
    assert made[30].sum() == 20 - 2 * by
    assert made[:, 30].sum() == 20 - 2 * by


def test_a_slanting_edge_moves_about_as_far() -> None:
    y, x = torch.meshgrid(torch.arange(100), torch.arange(100), indexing="ij")
    alpha = (x + y > 100).float()
    moved = alpha - choked(alpha, 10)
    across = moved[20:80].sum(1).mean() / 2**0.5
    assert 8.5 < across < 11.5


def test_half_a_pixel_is_half_the_way() -> None:
    made = choked(box(), 2.5)
    assert made[30].sum() == pytest.approx(15)
    assert made[30, 22] == pytest.approx(0.5)


def test_a_soft_edge_stays_as_soft() -> None:
    alpha = ((torch.arange(60.0) - 20) / 10).clamp(0, 1).expand(30, 60).contiguous()
    assert torch.allclose(choked(alpha, 5)[:, 10:], alpha[:, 5:-5])


def test_the_edge_of_the_picture_does_not_move() -> None:
    assert choked(torch.ones(9, 9), 4).eq(1).all()
    assert choked(torch.zeros(9, 9), -4).eq(0).all()


def test_feather_fades_over_its_reach_and_keeps_the_middle(device: torch.device) -> None:
    alpha = torch.zeros(40, 80)
    alpha[:, 40:] = 1
    made = feathered(alpha.to(device), 12).cpu()
    assert made[20, :26].max() < 0.01
    assert made[20, 54:].min() > 0.99
    assert made[20, 39:41].mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 3)])
def test_any_size_works(size: tuple[int, int]) -> None:
    alpha = torch.rand(size, generator=torch.Generator().manual_seed(1))
    for made in (choked(alpha, 3.3), choked(alpha, -50), feathered(alpha, 40)):
        assert made.shape == size
        assert made.min() >= 0
        assert made.max() <= 1
