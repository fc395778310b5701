"""Alpha from an image and a trimap: which parts are subject, which are not, and which are unknown.

Samples of known colours give each unknown pixel a first alpha (:mod:`._samples`); the closed-form
matting Laplacian makes it fit the picture (:mod:`._laplacian`).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from streamfx.nodes.matting._guided import smaller, upsampled
from streamfx.nodes.matting._laplacian import Matting, solved
from streamfx.nodes.matting._samples import guessed

_SURE = 0.9
"""Grey of a trimap from which on it says foreground; as far from black, background."""
_WHOLE = 0.999
"""Share of an area that counts as all of it."""
_EPS = 1e-7
"""Variance of colour, in windows of 3x3, that does not count as texture."""
_TRUST = 2e-3
"""How strongly a perfect sample holds, against the windows that a pixel is in."""
_COST = 5.0
"""Cost of a sample at which it holds a third as strongly."""


def alpha_from_trimap(
    image: Tensor,
    trimap: Tensor,
    *,
    size: int | None = None,
    iterations: int = 30,
    samples: float = 1.0,
) -> Tensor:
    """Return alpha ``(H, W)`` in [0, 1] of an ``image`` ``(3, H, W)``, R'G'B' in [0, 1].

    ``trimap`` ``(H, W)`` is 0 in the background, 1 in the foreground, and between them unknown;
    what is known comes out as it is. Where the picture is longer than ``size`` pixels, alpha is
    found at that size and drawn in full along the edges of the picture. ``samples`` is how strongly
    colours of known pixels hold; at 0 only the picture's smoothness counts.
    """
    high, wide = trimap.shape
    by = 1.0 if size is None else size / max(high, wide)
    small, known = image[:3].to(torch.float32), trimap.to(torch.float32)
    if by < 1:
        shape = max(1, round(high * by)), max(1, round(wide * by))
        small, known = smaller(small, *shape), _shrunk(known, *shape)
    alpha = _alpha(small, known, iterations, samples)
    if by < 1:
        alpha = upsampled(alpha, image)
    alpha = torch.where(trimap >= _SURE, 1.0, alpha)
    return torch.where(trimap <= 1 - _SURE, 0.0, alpha).to(image.dtype)


def trimap_of(alpha: Tensor, band: int) -> Tensor:
    """Return the trimap ``(H, W)`` of an alpha: unknown within ``band`` pixels of its edge."""
    side = 2 * band + 1

    def spread(mask: Tensor) -> Tensor:
        made = mask.to(alpha.dtype)[None]
        for kernel in ((1, side), (side, 1)):
            made = max_pool2d(made, kernel, 1, (kernel[0] // 2, kernel[1] // 2))
        return made[0] > 0

    front, back = ~spread(alpha < _SURE), ~spread(alpha > 1 - _SURE)
    return torch.where(front, 1.0, torch.where(back, 0.0, 0.5))


def _alpha(image: Tensor, trimap: Tensor, iterations: int, samples: float) -> Tensor:
    """Return alpha at the size of the trimap."""
    front, back = trimap >= _SURE, trimap <= 1 - _SURE
    alpha = torch.where(front, 1.0, torch.where(back, 0.0, 0.5))
    free = ~(front | back)
    if not free.any():
        return alpha
    if not front.any() or not back.any():  # nothing to mix: the one that is there, or no telling
        return torch.where(free, 0.0 if back.any() else 1.0 if front.any() else 0.5, alpha)
    codes = torch.where(front, 255, torch.where(back, 0, 128)).to(torch.uint8)
    guess = guessed(image, codes.cpu().numpy())
    trust = torch.zeros_like(alpha)
    alpha[free] = guess.alpha
    trust[free] = torch.exp(guess.cost / -_COST) * (samples * _TRUST)
    asked = Matting(image, alpha, trust, free.to(alpha.dtype))
    return solved(asked, _EPS, iterations).clamp_(0, 1)


def _shrunk(trimap: Tensor, high: int, wide: int) -> Tensor:
    """Return a smaller trimap, known only where all of an area is known and the same."""
    kinds = torch.stack([trimap >= _SURE, trimap <= 1 - _SURE]).to(trimap.dtype)
    front, back = interpolate(kinds[None], size=(high, wide), mode="area")[0] > _WHOLE
    return torch.where(front, 1.0, torch.where(back, 0.0, 0.5))
