"""Dense flow by torch alone, for devices that OpenCV does not reach."""

from __future__ import annotations

from math import log2

import torch
from torch import Tensor
from torch.nn import functional

from streamfx.nodes.interpolate._warp import warped

_COARSEST = 24
"""Shorter side, in pixels, at which the search begins."""
_ROUNDS = 6
"""Steps of the search at each size."""
_WINDOW = 4
"""Pixels around each, along either side, that move alike."""
_STIFF = 1e-4
"""Added to the squared gradients: where there are none, nothing moves further."""
_STEP = 2.0
"""Pixels that a step may go, at the most."""
_WEIGHTS = (0.299, 0.587, 0.114)
"""Of R'G'B' (ITU-R BT.601)."""


def grey(image: Tensor) -> Tensor:
    """Return the luma ``(N, 1, H, W)`` of pictures ``(N, 3 or 4, H, W)``."""
    weights = image.new_tensor(_WEIGHTS)[:, None, None]
    return (image[:, :3] * weights).sum(1, keepdim=True)


def both(first: Tensor, second: Tensor, finest: int = 0) -> tuple[Tensor, Tensor]:
    """Return flow ``(N, 2, H, W)`` from the first to the second, and back, in pixels.

    Frames are ``(N, 1, H, W)``; both directions are found at once. Iterated Lucas-Kanade on a
    pyramid (Bouguet 2001), dense: the second frame is warped by what is known so far, and in a
    window around each pixel the step is found that explains best what is left. The picture is not
    looked at below 1/2^``finest`` of its size.
    """
    high, wide = int(first.shape[2]), int(first.shape[3])
    levels = max(finest, int(log2(max(1.0, min(high, wide) / _COARSEST))))
    here, there = torch.cat([first, second]), torch.cat([second, first])
    flow: Tensor | None = None
    for level in range(levels, finest - 1, -1):
        size = max(1, high >> level), max(1, wide >> level)
        own, other = _sized(here, size), _sized(there, size)
        flow = here.new_zeros(len(here), 2, *size) if flow is None else _grown(flow, size)
        for _ in range(_ROUNDS):
            flow = _stepped(own, other, flow)
    assert flow is not None
    made = _grown(flow, (high, wide))
    half = len(first)
    return made[:half], made[half:]


def _stepped(own: Tensor, other: Tensor, flow: Tensor) -> Tensor:
    seen = warped(other, flow)
    mean = (own + seen) / 2
    across, down = _gradients(mean)
    off = own - seen
    products = torch.cat([across * across, across * down, down * down, across * off, down * off], 1)
    a, b, c, d, e = _windowed(products).unbind(1)
    a, c = a + _STIFF, c + _STIFF
    whole = a * c - b * b
    step = torch.stack([(c * d - b * e) / whole, (a * e - b * d) / whole], 1)
    return _smoothed(flow + step.clamp(-_STEP, _STEP))


def _windowed(x: Tensor) -> Tensor:
    side = 2 * _WINDOW + 1
    for _ in range(2):
        x = functional.avg_pool2d(x, side, 1, _WINDOW, count_include_pad=False)
    return x


def _smoothed(flow: Tensor) -> Tensor:
    """Return the median of flow over 3 x 3 pixels; outliers do not move it (Sun et al. 2010)."""
    count, _, high, wide = flow.shape
    padded = functional.pad(flow, (1, 1, 1, 1), mode="replicate")
    around = functional.unfold(padded, 3).view(count, 2, 9, high, wide)
    return around.median(2).values


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return across, down


def _sized(x: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(x.shape[2:]) == size:
        return x
    return functional.interpolate(x, size, mode="area")


def _grown(flow: Tensor, size: tuple[int, int]) -> Tensor:
    high, wide = flow.shape[2:]
    if (high, wide) == size:
        return flow
    by = flow.new_tensor([size[1] / wide, size[0] / high])[:, None, None]
    return functional.interpolate(flow, size, mode="bilinear") * by
