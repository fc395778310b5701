"""How wrong an alpha, its change in time, colours and pictures are."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

_LEVELS = 4
_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def alpha_loss(found: Tensor, truth: Tensor) -> Tensor:
    """Return the mean error of alphas ``(N, 1, H, W)``: of values and of every scale of detail.

    L1, and L1 of a Laplacian pyramid whose coarser levels weigh more (Hou & Liu 2019), as Robust
    Video Matting (Lin et al. 2022) has it.
    """
    loss = (found - truth).abs().mean()
    for level, (a, b) in enumerate(zip(_pyramid(found), _pyramid(truth), strict=True)):
        loss = loss + (2**level / 5) * (a - b).abs().mean()
    return loss


def laplacian(found: Tensor, truth: Tensor) -> Tensor:
    """Return the L1 error of every level of a Laplacian pyramid of pictures ``(N, C, H, W)``.

    Coarser levels weigh more (Niklaus & Liu 2018).
    """
    size = found.shape[2:]
    pairs = zip(
        _pyramid(found.reshape(-1, 1, *size)), _pyramid(truth.reshape(-1, 1, *size)), strict=True
    )
    terms = [2**level * (a - b).abs().mean() for level, (a, b) in enumerate(pairs)]
    return torch.stack(terms).sum()


def change_loss(found: list[Tensor], truth: list[Tensor]) -> Tensor:
    """Return how differently from the truth alphas change from frame to frame (Sun et al. 2021)."""
    if len(found) < 2:
        return found[0].new_zeros(())
    changes = zip(pairwise(found), pairwise(truth), strict=True)
    return torch.stack([((b - a) - (d - c)).square().mean() for (a, b), (c, d) in changes]).mean()


def colour_loss(found: Tensor, truth: Tensor, alpha: Tensor) -> Tensor:
    """Return the L1 error of colours ``(N, 3, H, W)`` where there is any foreground."""
    there = (alpha > 0.02).to(found.dtype)
    return ((found - truth).abs() * there).sum() / (3 * there.sum() + 1)


def _pyramid(x: Tensor) -> list[Tensor]:
    """Return what each level of a Laplacian pyramid adds (Burt & Adelson 1983)."""
    kernel = torch.tensor(_BINOMIAL, dtype=x.dtype, device=x.device)
    made = []
    for _ in range(_LEVELS):
        smaller = _blurred(x, kernel)[:, :, ::2, ::2]
        wider = functional.interpolate(smaller, size=x.shape[2:], mode="bilinear")
        made.append(x - wider)
        x = smaller
    return made


def _blurred(x: Tensor, kernel: Tensor) -> Tensor:
    x = functional.pad(x, (2, 2, 2, 2), mode="replicate")
    x = functional.conv2d(x, kernel[None, None, None])
    return functional.conv2d(x, kernel[None, None, :, None])
