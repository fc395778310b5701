"""Straight and premultiplied alpha: frames carry the one, filters need the other."""

from __future__ import annotations

import torch


def premultiply(image: torch.Tensor) -> torch.Tensor:
    """Return ``(C, H, W)`` with colour weighted by alpha; an opaque image as it is.

    Whatever mixes neighbouring pixels or instants mixes these, or else the colour hidden under
    transparent pixels shows as a fringe.
    """
    if image.shape[0] == 3:
        return image
    return torch.cat([image[:3] * image[3:], image[3:]])


def straighten(image: torch.Tensor) -> torch.Tensor:
    """Return straight alpha from premultiplied, all of it in [0, 1]; an opaque image as it is.

    Colour is black where nothing can be seen.
    """
    if image.shape[0] == 3:
        return image
    alpha = image[3:].clamp(0, 1)
    return torch.cat([(image[:3] / alpha.clamp(min=1e-6)).clamp_(0, 1), alpha])
