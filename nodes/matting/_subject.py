"""The cut-out picture: the subject's own colours along the edge, and its alpha."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from streamfx.nodes.matting._guided import looked_up

_NONE = 1 / 512
"""Alpha, or what it lacks to 1, that counts as none."""


def coloured(image: Tensor, alpha: Tensor, change: Tensor | None) -> Tensor:
    """Return ``image`` ``(3 or 4, H, W)`` with an alpha ``(H, W)``, as ``(4, H, W)``.

    ``change`` ``(3, h, w)``, of a smaller picture, is what must be added to a colour so that it is
    the subject's alone; it counts where alpha is soft. An alpha that the image has stays, as the
    most there may be.
    """
    high, wide = alpha.shape
    out = image.new_empty((4, high, wide))
    out[:3] = image[:3]
    if change is not None:
        where = _soft(alpha)
        if where.numel():
            flat = out[:3].view(3, -1)
            own = flat.index_select(1, where) + looked_up(change, where, (high, wide))
            flat.index_copy_(1, where, own.clamp_(0, 1))
    if image.shape[0] == 4:
        torch.mul(alpha, image[3], out=out[3])
    else:
        out[3] = alpha
    return out


def _soft(alpha: Tensor) -> Tensor:
    """Return which pixels, line by line, are neither all subject nor all background."""
    if alpha.device.type != "cpu":
        return ((alpha > _NONE) & (alpha < 1 - _NONE)).view(-1).nonzero()[:, 0]
    plane = alpha.numpy()
    return torch.from_numpy(np.flatnonzero((plane > _NONE) & (plane < 1 - _NONE)))
