"""Move the edge of a matte, or make it softer."""

from __future__ import annotations

from math import floor

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from streamfx.pyramid import blurred
from streamfx.resample import blur

_SQUARE = 0.414
"""Share of a square in an octagon; the rest of it is a diamond."""


def choked(alpha: Tensor, by: float) -> Tensor:
    """Return a matte ``(H, W)`` whose edge lies ``by`` pixels further inwards; below 0, outwards.

    Soft edges stay as soft as they are. The edge of the picture is no edge of the subject.
    """
    if by == 0:
        return alpha
    turned = alpha if by < 0 else 1 - alpha
    whole = floor(abs(by))
    made = _grown(turned, whole)
    if abs(by) > whole:
        made = torch.lerp(made, _grown(made, 1), abs(by) - whole)
    return made if by < 0 else 1 - made


def feathered(alpha: Tensor, reach: float) -> Tensor:
    """Return a matte ``(H, W)`` that fades over ``reach`` pixels to either side of its edge."""
    if reach == 0:
        return alpha
    if alpha.device.type == "cpu" and alpha.dtype == torch.float32:
        soft = np.ascontiguousarray(blurred(alpha[None].numpy(), reach / 3)[0])
        return torch.from_numpy(soft).clamp_(0, 1)
    return blur(alpha.expand(3, -1, -1), reach / 3)[0].clamp_(0, 1)


def _grown(plane: Tensor, by: int) -> Tensor:
    """Return the largest value around each pixel, within an octagon ``by`` pixels wide."""
    if by == 0:
        return plane
    square = round(_SQUARE * by)
    if plane.device.type == "cpu" and plane.dtype == torch.float32:
        made = plane.numpy()
        if square:
            made = cv2.dilate(made, np.ones((2 * square + 1,) * 2, np.uint8))
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        return torch.from_numpy(cv2.dilate(made, cross, iterations=by - square))
    spread = plane[None]
    for kernel in ((1, 2 * square + 1), (2 * square + 1, 1)):
        spread = max_pool2d(spread, kernel, 1, (kernel[0] // 2, kernel[1] // 2))
    for _ in range(by - square):
        page = pad(spread, (1, 1, 1, 1), value=0.0)
        across = torch.maximum(page[:, 1:-1, :-2], page[:, 1:-1, 2:])
        down = torch.maximum(page[:, :-2, 1:-1], page[:, 2:, 1:-1])
        spread = torch.maximum(spread, torch.maximum(across, down))
    return spread[0]
