"""A network that tells composites from pictures as they were taken."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Judge(nn.Module):
    """Say of each patch of a picture whether it was taken or put together.

    A patch discriminator (Isola et al. 2017), trained by least squares (Mao et al. 2017), as in
    "Background Matting: The World Is Your Green Screen" (Sengupta et al. 2020).
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        steps = [(3, width), (width, 2 * width), (2 * width, 4 * width)]
        layers: list[nn.Module] = []
        for thin, wide in steps:
            made = nn.utils.parametrizations.spectral_norm(nn.Conv2d(thin, wide, 4, 2, 1))
            layers += [made, nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 4, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Return marks ``(N, 1, h, w)`` of ``image`` ``(N, 3, H, W)``: 1 is real, 0 is not."""
        made: Tensor = self.layers(image - 0.5)
        return made

    def fooled(self, image: Tensor) -> Tensor:
        """Return how far composites are from being taken for real."""
        marks: Tensor = self(image)
        return (marks - 1).square().mean()

    def mistakes(self, real: Tensor, made: Tensor) -> Tensor:
        """Return how wrong this is of both, composites being ``made``."""
        marks: Tensor = self(torch.cat([real, made.detach()]))
        right, wrong = marks[: len(real)], marks[len(real) :]
        return (right - 1).square().mean() / 2 + wrong.square().mean() / 2
