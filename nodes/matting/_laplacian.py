"""Alpha from an image, where some is known: the closed-form matting Laplacian, level by level.

Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting", 2008. Within every
window of 3x3 pixels alpha is taken for a linear function of colour; what does not fit is the cost.
The matrix is kept as 12 planes of weights, one for each neighbour that a pixel shares a window with
(the other 12 are the same ones, seen from there), so that a product with it is 24 shifted sums.
Conjugate gradients start from the solution of the picture at half its size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

_NEIGHBOURS = tuple((y, x) for y in range(3) for x in range(-2, 3) if (y, x) > (0, 0))
"""Offsets of half of the pixels that share a window with one; the others mirror them."""
_PLACES = tuple((y, x) for y in range(3) for x in range(3))
"""Offsets of the pixels of a window from its first."""
_SMALLEST = 16
"""Lines, or columns, below which a picture is not halved again."""
_ENOUGH = 1e-6
"""Share of the squared residual at which a solution is good enough."""
_LEAST = 1e-6
"""Smallest weight of a pixel: one in no window of its own keeps what it starts with."""

Span = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Matting:
    """What is asked of an alpha, all ``(H, W)``."""

    image: Tensor
    """``(3, H, W)``."""
    start: Tensor
    """A first guess where alpha is free; what it is everywhere else."""
    trust: Tensor
    """How strongly the guess holds, against the cost of what does not fit the colours."""
    free: Tensor
    """1 where alpha is wanted, else 0."""

    def halved(self) -> Matting:
        """Return the same of the picture at half its size."""
        free = max_pool2d(self.free[None], 2, ceil_mode=True)[0]
        trust = 4 * _halved(self.trust)  # each pixel stands for four
        return Matting(_halved(self.image), _halved(self.start), trust, free)


def solved(asked: Matting, eps: float, iterations: int) -> Tensor:
    """Return alpha ``(H, W)``, not held in [0, 1].

    ``eps`` is how far colours in a window may stray from a line, as a variance. Each level gets the
    number of ``iterations``, smaller ones twice those of the next.
    """
    high, wide = asked.free.shape
    if min(high, wide) < 3:
        beyond = (0, max(0, 3 - wide), 0, max(0, 3 - high))
        parts = (asked.image, asked.start, asked.trust, asked.free)
        image, start, trust, free = (
            pad(part.reshape(1, -1, high, wide), beyond, mode="replicate")[0] for part in parts
        )
        return solved(Matting(image, start[0], trust[0], free[0]), eps, iterations)[:high, :wide]
    start = asked.start
    if min(high, wide) >= 2 * _SMALLEST:
        half = asked.halved()
        change = solved(half, eps, 2 * iterations) - half.start
        grown = interpolate(change[None, None], scale_factor=2, mode="bilinear")[0, 0]
        start = start + grown[:high, :wide] * asked.free
    return _descended(Laplacian(asked.image, eps), asked, start, iterations)


class Laplacian:
    """The matting Laplacian of an image ``(3, H, W)`` with H and W at least 3."""

    def __init__(self, image: Tensor, eps: float) -> None:
        self._weights = _weights(image, eps)
        self.diagonal = self._around(torch.ones_like(image[0]))
        """``(H, W)``."""

    def __call__(self, plane: Tensor) -> Tensor:
        """Return the product with a plane ``(H, W)``."""
        return self.diagonal * plane - self._around(plane)

    def _around(self, plane: Tensor) -> Tensor:
        """Return the weighted sum of each pixel's neighbours."""
        made = torch.zeros_like(plane)
        for offset, weights in self._weights.items():
            here, there = _pair(offset, *plane.shape)
            made[here].addcmul_(weights[here], plane[there])
            made[there].addcmul_(weights[here], plane[here])
        return made


def _descended(matrix: Laplacian, asked: Matting, start: Tensor, iterations: int) -> Tensor:
    """Minimise by conjugate gradients, each unknown scaled by its own weight."""
    free, trust = asked.free, asked.trust * asked.free
    scale = free / (matrix.diagonal + trust).clamp(min=_LEAST)
    alpha = start.clone()
    rest = (trust * (asked.start - alpha) - matrix(alpha)) * free
    step = scale * rest
    size = (rest * step).sum()
    enough = size * _ENOUGH
    for _ in range(iterations):
        bent = (matrix(step) + trust * step) * free
        bend = (step * bent).sum()
        if size <= enough or bend <= 0:  # or else rounding would lead it astray
            break
        length = size / bend
        alpha += length * step
        rest -= length * bent
        scaled = scale * rest
        before, size = size, (rest * scaled).sum()
        step = scaled + (size / before) * step
    return alpha


def _weights(image: Tensor, eps: float) -> dict[tuple[int, int], Tensor]:
    """Return how strongly each pixel is tied to a neighbour, for every offset of one."""
    high, wide = (int(size) - 2 for size in image.shape[1:])
    parts = [image[:, y : y + high, x : x + wide] for y, x in _PLACES]
    mean = torch.stack(parts).mean(0)
    parts = [part - mean for part in parts]
    a, b, c, d, e, f = _inverse(parts, eps)
    ninth = torch.full_like(mean[0], 1 / 9)
    made = {offset: torch.zeros_like(image[0]) for offset in _NEIGHBOURS}
    for here, part in zip(_PLACES, parts, strict=True):
        red, green, blue = part
        turned = (
            a * red + b * green + c * blue,
            b * red + d * green + e * blue,
            c * red + e * green + f * blue,
        )
        for there, other in zip(_PLACES, parts, strict=True):
            offset = there[0] - here[0], there[1] - here[1]
            if offset in made:
                tie = sum((x * y for x, y in zip(turned, other, strict=True)), start=ninth)
                made[offset][here[0] : here[0] + high, here[1] : here[1] + wide] += tie
    return made


def _inverse(parts: list[Tensor], eps: float) -> list[Tensor]:
    """Return the inverse of each window's covariance of colours, over 9; its upper half.

    In float64: a window of one colour leaves the matrix all but singular.
    """
    exact = torch.stack(parts).double()
    a, b, c, d, e, f = (
        (exact[:, i] * exact[:, j]).sum(0)
        for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    )
    a, d, f = a + eps, d + eps, f + eps
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    whole = a * first + b * second + c * third
    rest = (a * f - c * c, b * c - a * e, a * d - b * b)
    return [(part / whole).to(parts[0].dtype) for part in (first, second, third, *rest)]


def _pair(offset: tuple[int, int], high: int, wide: int) -> tuple[Span, Span]:
    """Return where pixels are that have a neighbour at an offset, and where those are."""
    down, right = offset
    left = max(0, -right)
    here = slice(0, high - down), slice(left, wide - max(0, right))
    there = slice(down, high), slice(left + right, wide - max(0, right) + right)
    return here, there


def _halved(part: Tensor) -> Tensor:
    stack = part.reshape(1, -1, *part.shape[-2:])
    made = avg_pool2d(stack, 2, ceil_mode=True, count_include_pad=False)[0]
    return made if part.ndim == 3 else made[0]
