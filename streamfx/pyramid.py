"""A Gaussian on the CPU by OpenCV; a wide one is made at a fraction of the size.

Halving and doubling by the binomial filter 1 4 6 4 1 (Burt and Adelson, "The Laplacian Pyramid as a
Compact Image Code", 1983) blur by a known variance; the rest of it is done at the smallest size.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""Of float32."""

_REACH = 4.0
"""Standard deviations at which a Gaussian is cut off (6e-5 of its weight lies beyond)."""
_LEAST = 1.5
"""Standard deviation to leave at the smallest size: less would show how coarse it is."""
_MARGIN = 4
"""Samples added beyond each edge before a halving: its outermost results show the edge alone."""


def blurred(planes: Floats, sigma: float) -> Floats:
    """Return planes ``(C, H, W)`` blurred by a Gaussian of ``sigma`` > 0 samples.

    Beyond its edges a plane goes on as at the edge. The result is within half a code value of 8
    bits of the true Gaussian for planes in [0, 1]. It may be a view of something larger.
    """
    halvings = _halvings(sigma)
    left = sqrt(sigma**2 - _variance(halvings)) / 2**halvings
    count, high, wide = planes.shape
    if halvings == 0:
        out = np.empty_like(planes)
        for plane, into in zip(planes, out, strict=True):
            _gauss(plane, left, into)
        return out
    out = np.empty((count, 2 * _doubled(high), 2 * _doubled(wide)), np.float32)
    wider = np.empty((high + 2 * _MARGIN, wide + 2 * _MARGIN), np.float32)
    for plane, into in zip(planes, out, strict=True):
        _blur(plane, left, halvings, into, wider)
    return out[:, 2 : high + 2, 2 : wide + 2]


def _blur(
    plane: Floats,
    sigma: float,
    halvings: int,
    into: Floats | None = None,
    wider: Floats | None = None,
) -> Floats:
    """Return a plane halved, blurred by ``sigma`` of the smallest size's samples, and doubled.

    ``into`` and ``wider`` are room for the result and for the plane with its margins.
    """
    if halvings == 0:
        return _gauss(plane, sigma)
    high, wide = plane.shape
    beyond = (_MARGIN,) * 4
    page = cv2.copyMakeBorder(plane, *beyond, cv2.BORDER_REPLICATE, dst=wider)
    small = cv2.pyrDown(page, borderType=cv2.BORDER_REPLICATE)
    small = _blur(small, sigma, halvings - 1)
    # One sample beyond the first edge and one behind the last: OpenCV mirrors what it doubles.
    small = small[1 : 1 + _doubled(high), 1 : 1 + _doubled(wide)]
    made: Floats = cv2.pyrUp(small, dst=into)
    return made[2 : high + 2, 2 : wide + 2]


def _doubled(size: int) -> int:
    """Return how many samples are doubled to get ``size`` of which no mirrored one is a part."""
    return (size + 5) // 2


def _gauss(plane: Floats, sigma: float, into: Floats | None = None) -> Floats:
    side = 2 * ceil(_REACH * sigma) + 1
    made: Floats = cv2.GaussianBlur(
        plane, (side, side), sigma, dst=into, borderType=cv2.BORDER_REPLICATE
    )
    return made


def _variance(halvings: int) -> float:
    """Return the variance, in samples of the original, of so many halvings and doublings."""
    return 2 * (4.0**halvings - 1) / 3


def _halvings(sigma: float) -> int:
    """Return how often to halve: as often as leaves enough to do for the Gaussian."""
    count = 0
    while sigma**2 - _variance(count + 1) >= (_LEAST * 2 ** (count + 1)) ** 2:
        count += 1
    return count
