"""What laying one picture over another takes: fitting, feathering, mixing."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from streamfx.resample import blur, covering, resize


def fitted(
    image: Tensor, height: int, width: int, fit: Literal["fill", "fit", "stretch"]
) -> Tensor:
    """Return ``image`` ``(C, H, W)`` at another size; bars, where there are any, are black."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    if fit == "stretch" or wide * height == high * width:
        return resize(image, height, width)
    if fit == "fill" and (wide == width or high == height) and wide >= width and high >= height:
        top, left = (high - height) // 2, (wide - width) // 2
        return image[:, top : top + height, left : left + width]
    if fit == "fill":
        return resize(image, height, width, window=covering(high, wide, width / height))
    by = min(height / high, width / wide)
    inner = resize(image, max(1, round(high * by)), max(1, round(wide * by)))
    page = image.new_zeros((image.shape[0], height, width))
    page[3:] = 1
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


def laid(image: Tensor, scene: Tensor, opacity: float) -> Tensor:
    """Return ``image`` over ``scene``, both ``(3 or 4, H, W)``; alpha where ``scene`` has it.

    Where alpha is 0 the scene comes out exactly, where it is 1 the image.
    """
    if image.shape[0] == scene.shape[0] == 3:
        return torch.lerp(scene, image, opacity)
    cover = image[3:] if image.shape[0] == 4 else image.new_ones((1, *image.shape[1:]))
    if opacity < 1:
        cover = cover * opacity
    if scene.shape[0] == 3:
        return torch.lerp(scene, image[:3], cover)
    alpha = cover + scene[3:] * (1 - cover)
    share = torch.where(alpha > 0, cover / alpha.clamp(min=1e-6), cover).clamp_(0, 1)
    return torch.cat([torch.lerp(scene[:3], image[:3], share), alpha])
