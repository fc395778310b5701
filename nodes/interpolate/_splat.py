"""Flow between two frames carried forward to an instant, where several pixels may land on one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


_PICKY = 20.0
"""How fast the weight of a pixel falls with what its flow gets wrong, R'G'B' in [0, 1]."""


def carried(first: Floats, second: Floats, forth: Floats, back: Floats, share: float) -> Floats:
    """Return the flow from the first frame to the second, as the picture at ``share`` has it.

    Both flows are splatted forwards, to where their pixels are at that instant; each weighs as
    much as the colours at its ends agree, which also says what covers what ("Softmax Splatting",
    Niklaus & Liu 2020). What nothing lands on takes the flow around it. Frames are ``(h, w, 3)``
    in [0, 1], flows ``(h, w, 2)``, in pixels.
    """
    total = np.zeros((*forth.shape[:2], 3), np.float32)
    for own, other, way, sign, by in (
        (first, second, forth, 1, share),
        (second, first, back, -1, 1 - share),
    ):
        off = cv2.absdiff(own, moved(other, way)).mean(2)
        values = np.dstack([np.float32(sign) * way, np.ones_like(off)])
        total += _splatted(values, way * np.float32(by), np.exp(-_PICKY * off))
    return _filled(total)


def shrunk(picture: Floats, by: int) -> Floats:
    """Return a picture ``by`` times smaller, each pixel the mean of an area."""
    high, wide = picture.shape[:2]
    size = max(1, wide // by), max(1, high // by)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def moved(picture: Floats, flow: Floats) -> Floats:
    """Return ``(H, W, C)`` looked up where ``flow`` ``(H, W, 2)`` points; the edge goes on."""
    places = flow + _grid(*flow.shape[:2])
    return looked_up(picture, places)


def looked_up(picture: Floats, places: Floats) -> Floats:
    """Return a picture ``(H, W, C)`` at ``places`` ``(h, w, 2)``, in pixels; the edge goes on."""
    edge = cv2.BORDER_REPLICATE
    made: Floats = cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=edge)  # type: ignore[call-overload]  # one map
    return made


def _grid(high: int, wide: int) -> Floats:
    made = np.empty((high, wide, 2), np.float32)
    made[..., 0] = np.arange(wide, dtype=np.float32)
    made[..., 1] = np.arange(high, dtype=np.float32)[:, None]
    return made


def _splatted(values: Floats, flow: Floats, weight: Floats) -> Floats:
    """Return weighted sums of ``values`` ``(h, w, C)`` where ``flow`` takes them."""
    high, wide, count = values.shape
    places = flow + _grid(high, wide)
    corner = np.floor(places).astype(np.int32)
    part = places - corner
    made = np.zeros((count, high * wide), np.float32)
    for down in (0, 1):
        for across in (0, 1):
            column, row = corner[..., 0] + across, corner[..., 1] + down
            share = np.abs(1 - across - part[..., 0]) * np.abs(1 - down - part[..., 1]) * weight
            inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
            index = (row * wide + column)[inside]
            for channel in range(count):
                each = (values[..., channel] * share)[inside]
                made[channel] += np.bincount(index, each, high * wide).astype(np.float32)
    return np.ascontiguousarray(made.reshape(count, high, wide).transpose(1, 2, 0))


def _filled(sums: Floats) -> Floats:
    """Return sums ``(h, w, C + 1)`` over their weights; what has none takes what is around.

    Pulled up a pyramid and pushed down again ("The Lumigraph", Gortler et al. 1996).
    """
    values, weight = sums[..., :-1], sums[..., -1:]
    high, wide = weight.shape[:2]
    own = values / np.maximum(weight, 1e-6)
    if max(high, wide) <= 2:
        return np.ascontiguousarray(own)
    below = cv2.resize(sums, ((wide + 1) // 2, (high + 1) // 2), interpolation=cv2.INTER_AREA)
    around = cv2.resize(_filled(below), (wide, high), interpolation=cv2.INTER_LINEAR)
    made: Floats = around + np.minimum(weight, 1) * (own - around)
    return made
