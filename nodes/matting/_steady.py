"""Hold a matte still where the picture stands still."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from streamfx.nodes.matting._guided import box_mean, smaller

_FINEST = 320
"""Columns, or lines, whichever are more, of the picture in which motion is looked for."""
_AROUND = 2
"""Its pixels around each that must stand still, too."""
_QUIET, _MOVING = 2.0, 4.0
"""Change against that of the noise, up to which nothing moves, and from which on it does."""
_LEAST, _MOST = 1 / 255, 6 / 255
"""Bounds of the change that noise makes; more is motion of the whole picture."""
_LUMA = (0.299, 0.587, 0.114)
"""Weights of R'G'B' (ITU-R BT.601)."""


@dataclass(frozen=True, slots=True, eq=False)
class Steady:
    """The frame before."""

    alpha: Tensor
    """``(H, W)``, as it came out."""
    luma: Tensor
    """``(1, h, w)``, small."""


def steadied(
    alpha: Tensor, image: Tensor, before: Steady | None, smooth: float
) -> tuple[Tensor, Steady]:
    """Return a matte ``(H, W)`` and what the next frame has to know.

    Where the ``image`` ``(3, H, W)`` has not changed by more than its noise, the share ``smooth``
    of the matte ``before`` is kept; where something moves there, none.
    """
    luma = _small(image)
    if before is not None and before.alpha.shape == alpha.shape:
        change = box_mean((luma - before.luma).abs_(), _AROUND)
        noise = change.median().clamp(_LEAST, _MOST)
        calm = ((_MOVING - change / noise) / (_MOVING - _QUIET)).clamp_(0, 1)
        keep = interpolate(calm[None], size=alpha.shape, mode="bilinear")[0, 0]
        alpha = torch.lerp(alpha, before.alpha, keep.mul_(smooth))
    return alpha, Steady(alpha, luma)


def _small(image: Tensor) -> Tensor:
    high, wide = image.shape[1:]
    by = ceil(max(high, wide) / _FINEST)
    small = smaller(image, max(1, high // by), max(1, wide // by))
    red, green, blue = _LUMA
    return (red * small[0] + green * small[1] + blue * small[2])[None]
