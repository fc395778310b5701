"""From the size at which a network works to that of the picture, and to the subject's colours."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

from streamfx.nodes.matting._foreground import foreground
from streamfx.nodes.matting._guided import upsampled
from streamfx.nodes.matting._session import Cut

_COLOUR_SIDE = 512
"""Pixels of the longer side at which colours are told apart."""


def enlarged(alpha: Tensor, image: Tensor) -> Tensor:
    """Return ``alpha`` ``(1, h, w)`` at the size of ``image``, its edges those of the picture."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    if tuple(alpha.shape[1:]) == (high, wide):
        return alpha
    if alpha.shape[1] < high and alpha.shape[2] < wide:
        return upsampled(alpha[0], image)[None]
    made = interpolate(alpha[None], (high, wide), mode="bilinear", antialias=True)
    return made[0].clamp_(0, 1)


def coloured(cut: Cut, image: Tensor, alpha: Tensor) -> Tensor:
    """Return the subject's colours ``(3, H, W)``: the network's, or as its alpha tells them.

    ``alpha`` is ``(1, H, W)``, of the size of ``image``.
    """
    if cut.foreground is not None and cut.foreground.shape[1:] == image.shape[1:]:
        return cut.foreground
    return foreground(image, alpha[0], _COLOUR_SIDE)
