"""Interpolation by flow: better than fading, and where something is covered, whole."""

from __future__ import annotations

import torch
from torch import Tensor

from streamfx.nodes.interpolate import Blend, Flow
from streamfx.nodes.interpolate._dense import Dense, finest
from streamfx.nodes.interpolate._lucas import both, grey
from streamfx.nodes.interpolate._weighed_torch import TorchWays, weighed_torch
from streamfx.testing import context, run
from tests.nodes.interpolate.scenes import frame, pan, psnr, shifted, texture

SIZE = 144, 192


def stage(at: float) -> Tensor:
    """Return a square that moves right over a background that moves left."""
    image = shifted(texture(), -4 * at, 0, SIZE)
    card = texture(seed=5)
    left = 60 + 12 * at
    over = shifted(card, left, 0, SIZE)
    across = torch.arange(SIZE[1])[None, :].expand(*SIZE)
    down = torch.arange(SIZE[0])[:, None].expand(*SIZE)
    inside = ((across - left).clamp(0, 1) * (left + 50 - across).clamp(0, 1)) * (
        (down >= 40) & (down < 100)
    )
    return torch.lerp(image, over, inside.float())


def test_a_card_before_a_background_is_far_better_than_faded() -> None:
    frames = [frame(stage(i), i) for i in range(2)]
    truth = stage(0.5)
    made = run(Flow(factor=2), frame=frames)[1].image
    faded = run(Blend(factor=2), frame=frames)[1].image
    assert psnr(made, truth) > psnr(faded, truth) + 5


def test_flow_of_a_pan_is_the_pan() -> None:
    first, second = (f.image for f in pan(2, (7, -3)))
    codes = [(grey(x[None])[0, 0] * 255).to(torch.uint8).numpy() for x in (first, second)]
    forth, back = (torch.from_numpy(x) for x in Dense(*SIZE).both(*codes))
    inner = (slice(20, -20), slice(20, -20))
    assert (forth[inner] - torch.tensor([7.0, -3.0])).abs().mean() < 0.15
    assert (back[inner] + torch.tensor([7.0, -3.0])).abs().mean() < 0.15


def test_flow_by_torch_alone_is_the_pan_too(device: torch.device) -> None:
    first, second = (grey(f.image[None].to(device)) for f in pan(2, (7, -3)))
    forth, back = (x.cpu()[0, :, 20:-20, 20:-20] for x in both(first, second))
    truth = torch.tensor([7.0, -3.0])[:, None, None]
    assert (forth - truth).abs().mean() < 0.3
    assert (back + truth).abs().mean() < 0.3


def test_a_gpu_makes_the_same_pictures_as_a_cpu(device: torch.device) -> None:
    first, second = (f.image[None].to(device) for f in pan(2, (7, -3)))
    ways = TorchWays.of(first, second, finest(*SIZE))
    made = weighed_torch(ways, 0.5)[0]
    assert psnr(made, shifted(texture(), 3.5, -1.5, SIZE)) > 33


def test_pictures_smaller_than_a_patch_are_interpolated(device: torch.device) -> None:
    for size in ((1, 1), (2, 3), (5, 40), (17, 9)):
        frames = [frame(torch.full((3, *size), level), i) for i, level in enumerate((0.2, 0.3))]
        out = run(Flow(factor=2, cut=0.0), context(), frame=frames)
        assert out[1].image.shape == (3, *size)
        assert out[1].image.min() >= 0.19 and out[1].image.max() <= 0.31
