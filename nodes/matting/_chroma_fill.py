"""What is known at some pixels, spread smoothly to all others: push and pull along a pyramid.

After Gortler et al., "The Lumigraph" (1996), section 3.3.
"""

from __future__ import annotations

import cv2
import numpy as np

from streamfx.nodes.matting._light import Floats

_FAR = 0.02
"""Weight of what lies further off, beside that of what is close, which is at most 1."""


def filled(planes: list[Floats], weight: Floats, halved: bool = True) -> list[Floats]:
    """Return each plane ``(h, w)``, the mean of what is close where ``weight`` ``(h, w)`` is 0.

    The weight, from 0 to 1, says how well the planes are known. Where nothing is, all are 0.
    ``halved`` computes at half the size, for what is smooth.
    """
    high, wide = weight.shape
    known = [*(plane * weight for plane in planes), weight]
    if halved:
        half = max(1, wide // 2), max(1, high // 2)
        known = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in known]
    made = _pulled(known)
    return [cv2.resize(plane, (wide, high)) for plane in made] if halved else made


def _pulled(known: list[Floats]) -> list[Floats]:
    """Return weighted planes, of which the last is the weight, divided by it."""
    *planes, weight = known
    if min(weight.shape) <= 2:
        total = max(float(weight.mean()), 1e-9)
        return [np.full_like(plane, float(plane.mean()) / total) for plane in planes]
    size = weight.shape[1], weight.shape[0]
    less = [cv2.pyrDown(plane, borderType=cv2.BORDER_REPLICATE) for plane in known]
    scale = 1 / (weight + _FAR)
    made = []
    for plane, far in zip(planes, _pulled(less), strict=True):
        near: Floats = cv2.resize(far, size)
        near *= _FAR
        near += plane
        near *= scale
        made.append(near)
    return made
