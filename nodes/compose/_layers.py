"""What laying one picture over another takes: fitting, feathering, mixing."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from streamfx.colour import from_linear, to_linear
from streamfx.nodes.compose._sampling import sampled
from streamfx.resample import blur

Fit = Literal["fill", "fit", "stretch"]


def fitted(
    image: Tensor,
    height: int,
    width: int,
    fit: Fit,
    bars: tuple[float, float, float] = (0, 0, 0),
    aspect: float = 1.0,
) -> Tensor:
    """Return ``image`` ``(C, H, W)`` at another size.

    ``bars`` is the R'G'B' of bars, ``aspect`` the width of the image's pixels over that of those
    that come out.
    """
    high, wide = int(image.shape[1]), int(image.shape[2]) * aspect
    if fit == "stretch" or wide * height == high * width:
        return sampled(image, height, width)
    if fit == "fill":
        return sampled(_cropped(image, width / height / aspect), height, width)
    by = min(height / high, width / wide)
    inner = sampled(image, max(1, round(high * by)), max(1, round(wide * by)))
    page = image.new_tensor([*bars, 1.0])[: image.shape[0], None, None]
    page = page.expand(-1, height, width).clone()
    top, left = (height - inner.shape[1]) // 2, (width - inner.shape[2]) // 2
    page[:, top : top + inner.shape[1], left : left + inner.shape[2]] = inner
    return page


def feathered(image: Tensor, radius: int) -> Tensor:
    """Return ``image`` with the edge of its alpha faded over ``radius`` pixels to either side.

    Outside the edge the subject's own colours go on. The edge of the picture itself does not fade.
    """
    if radius == 0 or image.shape[0] == 3:
        return image
    around = blur(image, radius / 3)
    colour = torch.where(image[3:] > 0, image[:3], around[:3])
    return torch.cat([colour, around[3:]])


def laid(
    image: Tensor,
    scene: Tensor,
    opacity: float = 1.0,
    linear: str | None = None,
    *,
    spare: bool = False,
) -> Tensor:
    """Return ``image`` over ``scene``, both ``(3 or 4, H, W)``; alpha where ``scene`` has it.

    Where alpha is 0 the scene comes out exactly, where it is 1 the image. ``linear`` names the
    transfer, to mix light instead of code values. ``spare`` gives an opaque ``scene`` away: what
    comes out may lie in it.
    """
    cover = image[3:] if image.shape[0] == 4 else image.new_ones((1, *image.shape[1:]))
    if opacity < 1:
        cover = cover * opacity
    if scene.shape[0] == 4:
        alpha = cover + scene[3:] * (1 - cover)
        share = torch.where(alpha > 0, cover / alpha.clamp(min=1e-6), cover).clamp_(0, 1)
        return torch.cat([_mixed(image[:3], scene[:3], share, linear, spare=False), alpha])
    return _mixed(image[:3], scene, cover, linear, spare=spare)


def _mixed(
    image: Tensor, scene: Tensor, cover: Tensor, linear: str | None, *, spare: bool
) -> Tensor:
    """Return ``image`` over ``scene``, both ``(3, H, W)``, by ``cover`` ``(1, H, W)``."""
    if linear is None:
        return torch.lerp(scene, image, cover, out=scene if spare else None)
    where = ((cover > 0) & (cover < 1)).flatten().nonzero()[:, 0]  # elsewhere nothing mixes
    below, above, share = (
        part.reshape(part.shape[0], -1).index_select(1, where) for part in (scene, image, cover)
    )
    light = torch.lerp(to_linear(below, linear), to_linear(above, linear), share)
    made = torch.lerp(scene, image, cover)
    made.view(3, -1).index_copy_(1, where, from_linear(light, linear).clamp_(0, 1))
    return made


def _cropped(image: Tensor, aspect: float) -> Tensor:
    """Return the largest part of ``aspect`` (width over height) at the centre, whole pixels."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    width = min(wide, max(1, round(high * aspect)))
    height = min(high, max(1, round(wide / aspect)))
    top, left = (high - height) // 2, (wide - width) // 2
    return image[:, top : top + height, left : left + width]
