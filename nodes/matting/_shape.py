"""The outline of a subject: a mask without specks, cracks and small holes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[Any]
"""Of uint8, each 0 or 1."""

_SPECK = 0.0015
"""Share of the picture below which a part of the mask, or twice that a hole in it, is dropped."""


def disc(side: int) -> Mask:
    """Return a round structuring element."""
    made: Mask = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return made


def cleaned(mask: Mask, sure: NDArray[np.bool_], busy: NDArray[np.bool_]) -> Mask:
    """Return a mask ``(H, W)`` of 0 and 1 as one would draw it.

    Cracks close, wide ones only where the plate is ``busy``, and thin lines go. Parts stay that are
    close to ``sure`` pixels and no specks; holes stay that are no pinholes.
    """
    closed: Mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc(7))
    wider: Mask = cv2.morphologyEx(closed, cv2.MORPH_CLOSE, disc(15))
    near: Mask = cv2.morphologyEx(sure.view(np.uint8), cv2.MORPH_OPEN, disc(3))
    closed |= wider & busy
    made: Mask = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc(5))
    made = made & cv2.dilate(near, disc(13))
    least = made.size * _SPECK
    _, parts, facts, _ = cv2.connectedComponentsWithStats(made, connectivity=8)
    keep = facts[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False  # what is outside
    made = keep[parts]
    outside = (~made).view(np.uint8)
    _, parts, facts, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    fill = facts[:, cv2.CC_STAT_AREA] < 2 * least
    fill[0] = False  # the mask
    made |= fill[parts]
    return made.view(np.uint8)
