"""What nobody has seen, taken from around it: smooth, and smoother the wider the gap."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_LEAST = 1e-6
"""Share of what is known below which there is none."""


def filled(image: Tensor, known: Tensor) -> Tensor:
    """Return ``image`` ``(C, H, W)`` with what is not ``known`` ``(H, W)``, 0 to 1, filled in.

    Pull-push, after Gortler et al., "The Lumigraph" (1996): down a pyramid the mean of what is
    known spreads, and up it fills the gaps.
    """
    if bool((known >= 1).all()):
        return image
    pulled = [torch.cat([image * known, known[None]])]
    while max(pulled[-1].shape[1:]) > 1:
        finer = pulled[-1][None]
        half = functional.avg_pool2d(finer, 2, ceil_mode=True, count_include_pad=False)[0]
        share = half[-1:].clamp(min=_LEAST)
        pulled.append(half * ((share * 4).clamp(max=1) / share))
    made = pulled[-1][:-1] / pulled[-1][-1:].clamp(min=_LEAST)
    for level in reversed(pulled[:-1]):
        size = (int(level.shape[1]), int(level.shape[2]))
        made = functional.interpolate(made[None], size=size, mode="bilinear")[0]
        made = level[:-1] + made * (1 - level[-1:])
    return made
