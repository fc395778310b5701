import numpy as np
import torch
from torch import Tensor

from streamfx.nodes.matting._samples import guessed

RED = torch.tensor([0.9, 0.2, 0.1])
BLUE = torch.tensor([0.1, 0.3, 0.8])


def ramp() -> Tensor:
    return ((torch.arange(64.0) - 16) / 31).clamp(0, 1).expand(40, 64).contiguous()


def mixture(alpha: Tensor) -> Tensor:
    return torch.lerp(BLUE[:, None, None].expand(3, *alpha.shape), RED[:, None, None], alpha)


def known(alpha: Tensor) -> np.ndarray:
    codes = torch.where(alpha >= 1, 255, torch.where(alpha <= 0, 0, 128))
    made: np.ndarray = codes.to(torch.uint8).numpy()
    return made


def test_a_mixture_of_known_colours_is_taken_apart(device: torch.device) -> None:
    alpha = ramp()
    guess = guessed(mixture(alpha).to(device), known(alpha))
    unknown = (alpha > 0) & (alpha < 1)
    assert (guess.alpha.cpu() - alpha[unknown]).abs().max() < 0.01
    assert guess.alpha.device.type == device.type


def test_the_right_one_of_two_background_colours_is_found() -> None:
    alpha = ramp()
    image = mixture(alpha)
    green = torch.tensor([0.2, 0.8, 0.2])[:, None]
    image[:, 20:] = torch.lerp(green[..., None].expand(3, 20, 64), RED[:, None, None], alpha[20:])
    guess = guessed(image, known(alpha))
    unknown = (alpha > 0) & (alpha < 1)
    assert (guess.alpha - alpha[unknown]).abs().mean() < 0.01


def test_what_no_samples_explain_costs_more() -> None:
    alpha = ramp()
    image = mixture(alpha)
    plain = guessed(image, known(alpha)).cost
    image[:, :, 30:34] = torch.tensor([0.1, 0.9, 0.1])[:, None, None]
    unknown = (alpha > 0) & (alpha < 1)
    odd = torch.zeros_like(unknown)
    odd[:, 30:34] = True
    cost = guessed(image, known(alpha)).cost
    assert cost[odd[unknown]].min() > 5 * plain.max()


def test_it_guesses_twice_the_same() -> None:
    image = torch.rand(3, 40, 64, generator=torch.Generator().manual_seed(1))
    first, second = guessed(image, known(ramp())), guessed(image, known(ramp()))
    assert first.alpha.equal(second.alpha)
    assert first.cost.equal(second.cost)


def test_one_pixel_of_each_kind_is_enough() -> None:
    image = torch.stack([BLUE, (RED + BLUE) / 2, RED], 1)[:, None]
    guess = guessed(image, np.array([[0, 128, 255]], np.uint8))
    assert guess.alpha.tolist() == [0.5] or abs(float(guess.alpha) - 0.5) < 1e-3
