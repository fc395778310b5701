"""Another size, fast enough for pictures that move: the same by OpenCV and by torch.

Shrinking averages whole blocks first, softens by what the rest of the way needs, and ends like
enlarging with a cubic (Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981).
"""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from streamfx.alpha import premultiply, straighten

_SOFTEST = 0.35
"""Standard deviation, in pixels, below which softening changes nothing that can be seen."""


def on_cpu(image: Tensor) -> bool:
    """Return whether OpenCV can work on a tensor."""
    return image.device.type == "cpu" and image.dtype == torch.float32


def sampled(image: Tensor, height: int, width: int) -> Tensor:
    """Return ``image`` ``(C, H, W)`` at another size, in [0, 1]; itself where it has that size.

    Colour is weighted by alpha.
    """
    if image.shape[1:] == (height, width):
        return image
    made = premultiply(image)
    down, across = (max(1, int(made.shape[i]) // size) for i, size in ((1, height), (2, width)))
    if down > 1 or across > 1:
        made = averaged(_trimmed(made, down, across), down, across)
    high, wide = int(made.shape[1]), int(made.shape[2])
    made = _softened(made, _needed(high / height), _needed(wide / width))
    if on_cpu(made):
        page = made.new_empty((made.shape[0], height, width))
        for plane, into in zip(made.detach().numpy(), page.numpy(), strict=True):
            cv2.resize(plane, (width, height), dst=into, interpolation=cv2.INTER_CUBIC)
            np.clip(into, 0, 1, out=into)
    else:
        page = functional.interpolate(made[None], (height, width), mode="bicubic")[0].clamp_(0, 1)
    return straighten(page)


def averaged(image: Tensor, down: int, across: int) -> Tensor:
    """Return the means of blocks ``down`` x ``across`` of an image that consists of whole ones."""
    if not on_cpu(image):
        return functional.avg_pool2d(image[None], (down, across))[0]
    size = int(image.shape[2]) // across, int(image.shape[1]) // down
    out = image.new_empty((image.shape[0], size[1], size[0]))
    for plane, into in zip(image.detach().numpy(), out.numpy(), strict=True):
        cv2.resize(plane, size, dst=into, interpolation=cv2.INTER_AREA)
    return out


def enlarged(image: Tensor, by: int, height: int, width: int) -> Tensor:
    """Return a soft ``image`` ``(C, h, w)`` ``by`` times as large, cut to ``(C, H, W)``."""
    high, wide = by * int(image.shape[1]), by * int(image.shape[2])
    if by == 1:
        made = image.clone()
    elif on_cpu(image):
        made = image.new_empty((image.shape[0], high, wide))
        for plane, into in zip(image.detach().numpy(), made.numpy(), strict=True):
            cv2.resize(plane, (wide, high), dst=into, interpolation=cv2.INTER_LINEAR)
    else:
        made = functional.interpolate(image[None], scale_factor=by, mode="bilinear")[0]
    return made[:, :height, :width].contiguous()


def reduced(image: Tensor, by: int) -> Tensor:
    """Return the means of blocks ``by`` x ``by``; the edge goes on to fill the last ones."""
    if by == 1:
        return image
    below, beside = -int(image.shape[1]) % by, -int(image.shape[2]) % by
    if below or beside:
        image = functional.pad(image[None], (0, beside, 0, below), mode="replicate")[0]
    return averaged(image, by, by)


def _trimmed(image: Tensor, down: int, across: int) -> Tensor:
    """Cut off what is less than one block, at both ends alike."""
    high, wide = int(image.shape[1]) // down * down, int(image.shape[2]) // across * across
    top, left = (int(image.shape[1]) - high) // 2, (int(image.shape[2]) - wide) // 2
    return image[:, top : top + high, left : left + wide]


def _needed(ratio: float) -> float:
    """Return how much to soften, in pixels, before shrinking by ``ratio``."""
    return 0.5 * sqrt(max(ratio**2 - 1, 0))


def _softened(image: Tensor, down: float, across: float) -> Tensor:
    """Return an image blurred by small Gaussians along both axes."""
    columns, rows = (_taps(sigma) for sigma in (down, across))
    if columns.size == rows.size == 1:
        return image
    if on_cpu(image):
        out = torch.empty_like(image)
        for plane, into in zip(image.detach().numpy(), out.numpy(), strict=True):
            edge = cv2.BORDER_REPLICATE
            cv2.sepFilter2D(plane, cv2.CV_32F, rows, columns, dst=into, borderType=edge)
        return out
    high, wide = columns.size // 2, rows.size // 2
    padded = functional.pad(image[:, None], (wide, wide, high, high), mode="replicate")
    for taps, shape in ((columns, (1, 1, -1, 1)), (rows, (1, 1, 1, -1))):
        kernel = torch.from_numpy(taps).to(image).view(shape)
        padded = functional.conv2d(padded, kernel)
    return padded[:, 0]


def _taps(sigma: float) -> NDArray[np.float32]:
    if sigma < _SOFTEST:
        return np.ones(1, np.float32)
    weights = np.exp(-0.5 * (np.arange(-2, 3) / sigma) ** 2)
    made: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return made
