"""The subject's own colours, and the background's, given its alpha.

Germer, Uelwer, Conrad and Harmeling, "Fast Multi-Level Foreground Estimation", 2020: find colours F
and B with C = F·alpha + B·(1 - alpha) in every pixel that change little from one pixel to the next,
most of all where alpha changes. From a picture of one pixel to the full one, each level starts with
the colours of the one before. Here a level has half the size of the next, and all of its pixels
are computed at once.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from streamfx.nodes.matting._guided import looked_up, smaller

_EVEN = 1e-5
"""How strongly neighbours of the same alpha are tied, against what a pixel's own colour says."""
_SMALL = 32
"""Lines and columns up to which a level is small."""
_ROUNDS = 4, 3
"""How often each pixel looks at its neighbours, on a small level and on another."""
_SURE = 0.9
"""Alpha from which on a pixel shows the subject alone."""
_NONE = 1 / 512
"""Alpha, or what it lacks to 1, that counts as none: half a code value."""

Layers = tuple[Tensor, Tensor]


def foreground(
    image: Tensor, alpha: Tensor, size: int | None = None, shown: Tensor | None = None
) -> Tensor:
    """Return the subject's colours ``(3, H, W)`` of an ``image`` ``(3, H, W)``.

    ``alpha`` is ``(H, W)``. Where it is 0 or 1 the picture's own colours come out; but with
    ``shown`` ``(H, W)``, the alpha to be used in the end, the subject's go on wherever that is not
    0. Where the picture is longer than ``size`` pixels, smooth colours are found at that size, and
    the detail of the full one is added, so that both layers together make up the picture.
    """
    image = image[:3]
    high, wide = alpha.shape
    where = _mixed(alpha, alpha if shown is None else shown)
    if not where.numel():
        return image
    by = 1.0 if size is None else min(1.0, size / max(high, wide))
    shape = max(1, round(high * by)), max(1, round(wide * by))
    pair = torch.cat(layers(smaller(image, *shape), smaller(alpha[None], *shape)[0]))
    here = image.reshape(3, -1).index_select(1, where)
    share = alpha.reshape(-1).index_select(0, where)
    if by < 1:
        there = looked_up(pair, where, (high, wide))
    else:
        there = pair.view(6, -1).index_select(1, where)
    front, _ = _fitting(here, share, there[:3], there[3:])
    made = image.clone(memory_format=torch.contiguous_format)
    made.view(3, -1).index_copy_(1, where, front.clamp_(0, 1))
    return made


def layers(image: Tensor, alpha: Tensor) -> Layers:
    """Return foreground and background, each ``(3, H, W)``, everywhere, in [0, 1]."""
    pyramid = [torch.cat([image, alpha[None]])]
    while max(pyramid[-1].shape[1:]) > 1:
        last = pyramid[-1][None]
        pyramid.append(avg_pool2d(last, 2, ceil_mode=True, count_include_pad=False)[0])
    pair = _typical(image, alpha)
    for level in reversed(pyramid):
        high, wide = level.shape[1:]
        pair = interpolate(pair, scale_factor=2, mode="nearest")[..., :high, :wide]
        pair = _settled(level[:3], level[3], pair, _ROUNDS[max(high, wide) > _SMALL])
    front, back = pair
    return front, back


def _settled(image: Tensor, alpha: Tensor, pair: Tensor, rounds: int) -> Tensor:
    """Return both layers ``(2, 3, H, W)`` after rounds in which each pixel hears its neighbours.

    A pixel minimises (C - F·alpha - B·(1 - alpha))² and its distance from each neighbour, weighed.
    """
    ties = torch.cat([part[0] for part in _around(alpha[None, None])]).sub_(alpha).abs_()
    whole = ties.add_(_EVEN).sum(0)
    first, *others = ties / whole
    other = 1 - alpha
    share = torch.stack([alpha, other])[:, None]
    gain = 1 / (alpha * alpha + other * other + whole)
    for _ in range(rounds):
        one, *parts = _around(pair)
        mean = one * first
        for part, tie in zip(parts, others, strict=True):
            mean.addcmul_(part, tie)
        rest = torch.addcmul(image, mean[0], alpha, value=-1)
        rest = rest.addcmul_(mean[1], other, value=-1).mul_(gain)
        pair = mean.addcmul_(share, rest).clamp_(0, 1)
    return pair


def _fitting(image: Tensor, alpha: Tensor, front: Tensor, back: Tensor) -> Layers:
    """Return the layers nearest to two smooth ones that make up the picture exactly."""
    other = 1 - alpha
    rest = (image - alpha * front - other * back) / (alpha * alpha + other * other)
    return front + alpha * rest, back + other * rest


def _typical(image: Tensor, alpha: Tensor) -> Tensor:
    """Return ``(2, 3, 1, 1)``, the mean pure colours of subject and background."""
    means = []
    for cover in (alpha, 1 - alpha):
        pure = (cover > _SURE).to(image.dtype)
        weight = torch.where(pure.any(), pure, torch.ones_like(pure))
        means.append((image * weight).sum((1, 2)) / weight.sum())
    return torch.stack(means)[..., None, None]


def _around(planes: Tensor) -> tuple[Tensor, ...]:
    """Return the four neighbours of every pixel of ``planes`` ``(N, C, H, W)``.

    Beyond the edge the picture goes on as at the edge.
    """
    page = pad(planes, (1, 1, 1, 1), mode="replicate")
    upright, across = page[..., 1:-1], page[..., 1:-1, :]
    return upright[..., :-2, :], upright[..., 2:, :], across[..., :-2], across[..., 2:]


def _mixed(alpha: Tensor, shown: Tensor) -> Tensor:
    """Return which pixels, line by line, are to be shown and not the subject's alone."""
    mask = (shown > _NONE) & (alpha < 1 - _NONE)
    if mask.device.type == "cpu":  # several times as fast
        return torch.from_numpy(np.flatnonzero(mask.numpy()))
    return mask.view(-1).nonzero()[:, 0]
