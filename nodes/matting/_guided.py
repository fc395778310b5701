"""A small alpha made large, its edges drawn where the large picture has them.

The fast guided filter (He and Sun, 2015; He, Sun and Tang, "Guided Image Filtering", 2010): around
each pixel of the small picture alpha is a linear function of colour; those functions, not alpha,
are enlarged, and looked up with the colours of the large picture. Outside the band where alpha is
neither 0 nor 1 nothing is computed.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, max_pool2d

from streamfx.resample import resize

_NONE = 1 / 512
"""Alpha, or what it lacks to 1, that counts as none: half a code value."""


def upsampled(
    alpha: Tensor,
    image: Tensor,
    radius: int = 1,
    eps: float = 3e-5,
    margin: int = 2,
    guide: Tensor | None = None,
) -> Tensor:
    """Return ``alpha`` ``(h, w)`` at the size of ``image`` ``(3 or 4, H, W)``, as ``(H, W)``.

    ``radius`` is that of the windows, in pixels of the small picture; ``eps`` a variance of colour:
    what varies less is no edge. The band reaches ``margin`` small pixels beyond soft alpha.
    ``guide`` ``(3, h, w)`` is the image made small, where somebody has it already.
    """
    high, wide = int(image.shape[1]), int(image.shape[2])
    guide = smaller(image, *alpha.shape) if guide is None else guide
    made = _linear(alpha, (high, wide))
    soft = ((alpha > _NONE) & (alpha < 1 - _NONE)).to(alpha.dtype)
    near = max_pool2d(soft[None], 2 * margin + 1, stride=1, padding=margin)[0]
    where = places_of(near > 0, (high, wide))
    if where.numel():
        colour = image.reshape(image.shape[0], -1)[:3].index_select(1, where)
        lines = looked_up(fitted(alpha, guide, radius, eps), where, (high, wide))
        fine = (lines[:3] * colour).sum(0).add_(lines[3]).clamp_(0, 1)
        made.view(-1).index_copy_(0, where, fine)
    return made


def fitted(alpha: Tensor, guide: Tensor, radius: int, eps: float) -> Tensor:
    """Return alpha as a linear function of colour around each pixel: slopes and offset.

    ``alpha`` is ``(h, w)``, ``guide`` ``(3, h, w)``; what comes out is ``(4, h, w)``.
    """
    red, green, blue = guide
    products = (red * red, red * green, red * blue, green * green, green * blue, blue * blue)
    stack = torch.cat([guide, alpha[None], guide * alpha, torch.stack(products)])
    mean = box_mean(stack, radius)
    centre, level = mean[:3], mean[3]
    common = mean[4:7] - centre * level
    slopes = _divided(mean[7:], centre, common, eps)
    return box_mean(torch.cat([slopes, (level - (slopes * centre).sum(0))[None]]), radius)


def _divided(products: Tensor, centre: Tensor, common: Tensor, eps: float) -> Tensor:
    """Return ``(3, h, w)``, the covariances with alpha divided by those of the colours."""
    red, green, blue = centre
    a, b, c = products[0] - red * red + eps, products[1] - red * green, products[2] - red * blue
    d, e, f = products[3] - green * green + eps, products[4] - green * blue, products[5] - blue**2
    f = f + eps
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    fourth, fifth, sixth = a * f - c * c, b * c - a * e, a * d - b * b
    whole = (a * first + b * second + c * third).clamp(min=eps**3)
    x, y, z = common / whole
    return torch.stack(
        [
            first * x + second * y + third * z,
            second * x + fourth * y + fifth * z,
            third * x + fifth * y + sixth * z,
        ]
    )


def box_mean(planes: Tensor, radius: int) -> Tensor:
    """Return the mean of ``planes`` ``(C, H, W)`` over squares; beyond the edge nothing counts."""
    side = 2 * radius + 1
    if planes.device.type == "cpu" and planes.dtype == torch.float32:
        return torch.from_numpy(_box_mean(planes.numpy(), side))
    made = planes[None]
    for kernel in ((1, side), (side, 1)):
        edge = kernel[0] // 2, kernel[1] // 2
        made = avg_pool2d(made, kernel, 1, edge, count_include_pad=False)
    return made[0]


def _box_mean(planes: NDArray[Any], side: int) -> NDArray[Any]:
    made = np.empty_like(planes)
    ones = np.ones_like(planes[0])
    count = cv2.boxFilter(ones, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    for plane, into in zip(planes, made, strict=True):
        cv2.boxFilter(
            np.ascontiguousarray(plane),
            -1,
            (side, side),
            dst=into,
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
    made /= count
    return made


def smaller(image: Tensor, high: int, wide: int) -> Tensor:
    """Return the colours ``(3, h, w)`` of an image, or one plane, each the mean of an area."""
    if tuple(image.shape[1:]) == (high, wide):
        return image[:3]
    if image.device.type != "cpu":
        count = min(3, image.shape[0])
        return resize(image[:3].expand(3, -1, -1), high, wide, "area")[:count]
    planes = image[:3].to(torch.float32).numpy()
    made = [cv2.resize(plane, (wide, high), interpolation=cv2.INTER_AREA) for plane in planes]
    return torch.from_numpy(np.stack(made))


def places_of(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return which pixels of a larger picture, line by line, lie in a small mask ``(h, w)``."""
    if mask.device.type != "cpu":
        near = interpolate(mask[None, None].to(torch.uint8), size=size, mode="nearest")
        return near.view(-1).nonzero()[:, 0]
    small = mask.to(torch.uint8).numpy()
    full = cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST)
    return torch.from_numpy(np.flatnonzero(full))


def looked_up(maps: Tensor, places: Tensor, size: tuple[int, int]) -> Tensor:
    """Return ``maps`` ``(C, h, w)`` at ``places`` ``(N,)`` of a larger picture: ``(C, N)``."""
    high, wide = size
    row = torch.div(places, wide, rounding_mode="floor")
    column = places - row * wide
    grid = torch.stack([(2 * column + 1) / wide - 1, (2 * row + 1) / high - 1], -1)
    grid = grid.to(maps.dtype)[None, None]
    made = grid_sample(maps[None], grid, padding_mode="border", align_corners=False)
    return made[0, :, 0]


def _linear(plane: Tensor, size: tuple[int, int]) -> Tensor:
    if plane.device.type == "cpu" and plane.dtype == torch.float32:
        return torch.from_numpy(cv2.resize(plane.numpy(), size[::-1])).clamp_(0, 1)
    return interpolate(plane[None, None], size=size, mode="bilinear")[0, 0].clamp_(0, 1)
