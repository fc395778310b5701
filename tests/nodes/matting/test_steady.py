from itertools import pairwise

import torch
from torch import Tensor

from streamfx.nodes.matting._steady import Steady, steadied


def noisy(image: Tensor, grain: float, seed: int) -> Tensor:
    maker = torch.Generator().manual_seed(seed)
    return (image + grain * torch.randn(image.shape, generator=maker)).clamp(0, 1)


def scene(left: int) -> tuple[Tensor, Tensor]:
    """Return a picture with a box, and its matte."""
    image, alpha = torch.full((3, 90, 160), 0.3), torch.zeros(90, 160)
    image[:, 30:60, left : left + 30] = 0.8
    alpha[30:60, left : left + 30] = 1
    return image, alpha


def flow(frames: list[tuple[Tensor, Tensor]], smooth: float) -> list[Tensor]:
    before: Steady | None = None
    made = []
    for image, alpha in frames:
        out, before = steadied(alpha, image, before, smooth)
        made.append(out)
    return made


def test_noise_of_the_matte_is_steadied_where_nothing_moves(device: torch.device) -> None:
    image, alpha = scene(40)
    frames = [
        (noisy(image, 0.02, i).to(device), noisy(alpha * 0.8 + 0.1, 0.1, 50 + i).to(device))
        for i in range(10)
    ]

    def restless(smooth: float) -> float:
        made = flow(frames, smooth)[2:]
        return sum(float((a - b).abs().mean()) for a, b in pairwise(made))

    assert restless(0.8) < 0.35 * restless(0.0)


def test_motion_is_followed_at_once() -> None:
    frames = [scene(40 + 6 * i) for i in range(6)]
    frames = [(noisy(image, 0.01, i), alpha) for i, (image, alpha) in enumerate(frames)]
    for (_, truth), made in zip(frames, flow(frames, 0.9), strict=True):
        assert (made - truth).abs().max() < 0.05


def test_a_moving_camera_leaves_no_trail() -> None:
    texture = torch.rand(3, 90, 400, generator=torch.Generator().manual_seed(1))
    _, alpha = scene(60)
    frames = [(texture[:, :, 8 * i : 8 * i + 160], alpha.roll(-8 * i, 1)) for i in range(5)]
    for (_, truth), made in zip(frames, flow(frames, 0.9), strict=True):
        assert (made - truth).abs().mean() < 0.005


def test_a_picture_of_another_size_starts_anew() -> None:
    image, alpha = scene(40)
    _, before = steadied(alpha, image, None, 0.9)
    other = torch.zeros(45, 80)
    made, _ = steadied(other, image[:, ::2, ::2], before, 0.9)
    assert made.equal(other)
