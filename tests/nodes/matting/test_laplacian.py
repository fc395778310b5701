import pytest
import torch
from torch import Tensor

from streamfx.nodes.matting._laplacian import Laplacian, Matting, solved

EPS = 1e-7


def noisy(high: int, wide: int) -> Tensor:
    return torch.rand(3, high, wide, generator=torch.Generator().manual_seed(1))


def written_out(image: Tensor, eps: float) -> Tensor:
    """Return the matrix as the paper gives it, window by window, in float64."""
    high, wide = image.shape[1:]
    made = torch.zeros(high * wide, high * wide, dtype=torch.float64)
    number = torch.arange(high * wide).view(high, wide)
    for y in range(high - 2):
        for x in range(wide - 2):
            where = number[y : y + 3, x : x + 3].reshape(-1)
            colour = image[:, y : y + 3, x : x + 3].reshape(3, 9).double()
            colour = colour - colour.mean(1, keepdim=True)
            inner = colour @ colour.T / 9 + eps / 9 * torch.eye(3, dtype=torch.float64)
            tie = (1 + colour.T @ torch.linalg.inv(inner) @ colour) / 9
            made[where[:, None], where[None]] += torch.eye(9, dtype=torch.float64) - tie
    return made


def test_the_product_is_that_with_the_matrix_of_the_paper(device: torch.device) -> None:
    image, plane = noisy(7, 9), noisy(7, 9)[0]
    wanted = (written_out(image, 1e-4) @ plane.double().view(-1)).view(7, 9)
    made = Laplacian(image.to(device), 1e-4)(plane.to(device)).cpu()
    assert (made - wanted).abs().max() < 1e-4


def test_what_is_linear_in_colour_costs_nothing() -> None:
    image = noisy(12, 11)
    assert Laplacian(image, EPS)(image[1] * 0.5 + 0.2).abs().max() < 1e-3


def test_a_mixture_of_two_colours_is_taken_apart(device: torch.device) -> None:
    ramp = torch.linspace(0, 1, 60).expand(48, 60).contiguous()
    front, back = torch.tensor([0.8, 0.3, 0.1]), torch.tensor([0.1, 0.5, 0.7])
    image = torch.lerp(
        back[:, None, None].expand(3, 48, 60), front[:, None, None], ramp.clamp(0.2, 0.8)
    )
    free = torch.zeros(48, 60)
    free[:, 4:56] = 1
    truth = (ramp.clamp(0.2, 0.8) - 0.2) / 0.6
    start = torch.where(free > 0, 0.5, truth)
    asked = Matting(*(part.to(device) for part in (image, start, torch.zeros(48, 60), free)))
    made = solved(asked, EPS, 60).cpu()
    assert (made - truth).abs().max() < 0.03
    assert made[free == 0].equal(truth[free == 0])


def test_trust_holds_to_the_guess() -> None:
    image = noisy(40, 40)
    start = torch.rand(40, 40, generator=torch.Generator().manual_seed(2))
    asked = Matting(image, start, torch.full((40, 40), 1e4), torch.ones(40, 40))
    assert (solved(asked, EPS, 20) - start).abs().max() < 0.01


def test_many_steps_on_a_picture_of_flat_colours_do_not_run_away() -> None:
    image = torch.full((3, 50, 50), 0.4)
    start = torch.rand(50, 50, generator=torch.Generator().manual_seed(3))
    free = torch.zeros(50, 50)
    free[10:40, 10:40] = 1
    made = solved(Matting(image, start, torch.full((50, 50), 1e-3), free), EPS, 300)
    assert made.isfinite().all()
    assert made.min() > -0.1
    assert made.max() < 1.1


@pytest.mark.parametrize("high", [1, 2, 3, 5])
@pytest.mark.parametrize("wide", [1, 2, 4])
def test_pictures_smaller_than_a_window_work(high: int, wide: int) -> None:
    image, start = noisy(high, wide), noisy(high, wide)[0]
    trust = torch.full((high, wide), 0.1)
    made = solved(Matting(image, start, trust, torch.ones(high, wide)), EPS, 10)
    assert made.shape == (high, wide)
    assert made.isfinite().all()
