"""Light of a scene that spills around the edge of a subject, as it does into a lens."""

from __future__ import annotations

import torch
from torch import Tensor

from streamfx.colour import from_linear, to_linear
from streamfx.nodes.compose._backdrop import spilt


def wrapped(
    image: Tensor, scene: Tensor, amount: float, width: float, linear: str | None
) -> Tensor:
    """Return a subject ``(4, H, W)`` with light of ``scene`` ``(3 or 4, H, W)`` on its edge.

    The light is that of what the subject leaves free, out of focus by ``width`` pixels: it fades
    inwards. It is added to the subject's own, or, in code values, laid over it as slides on one
    screen are, so that nothing gets brighter than white.
    """
    light = spilt(scene, image[3:], width / 2, linear).mul_(amount)
    if linear is None:
        made = image[:3] + light * (1 - image[:3].clamp(0, 1))
        return torch.cat([made, image[3:]])
    reached = (image[3:] > 0) & (light.amax(0, keepdim=True) > 1e-4)
    where = reached.flatten().nonzero()[:, 0]
    flat = image[:3].reshape(3, -1)
    own, more = (part.reshape(3, -1).index_select(1, where) for part in (flat, light))
    lit = from_linear(to_linear(own, linear) + more, linear).clamp_(0, 1)
    return torch.cat([flat.index_copy(1, where, lit).view_as(image[:3]), image[3:]])
