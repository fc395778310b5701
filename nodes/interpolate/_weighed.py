"""The same picture by several flows, each weighed by how well it brings both frames together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfx.nodes.interpolate._splat import carried, looked_up, moved, shrunk

Floats = NDArray[Any]

SMALLER = 4
"""Pixels, along either side, that become one where flows are weighed."""

_PICKY = 10.0
"""How fast the weight of a flow falls with how far the frames that it moves disagree."""
_AROUND = 3
"""Pixels of the small picture, along each side, over which they are compared."""
_LEAST = np.float32(1e-6)
_SAME = 1.5
"""Pixels by which flows differ that bring the same picture: their mean brings it at once."""
_ROW = 16384
"""Pixels that are looked up one by one in one row."""
_MEAN = np.full((1, 3), 1 / 3, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame as the CPU takes it, ``(H, W, C)`` in [0, 1], colours first; and made small."""

    picture: Floats
    small: Floats
    """``(h, w, 3)``."""

    @classmethod
    def of(cls, picture: Floats, by: int) -> Seen:
        """Look at a picture, and at one ``by`` times smaller."""
        return cls(picture, shrunk(picture[..., :3], by))


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Two frames and how each pixel moves, from one to the other and back, ``(H, W, 2)``."""

    first: Seen
    second: Seen
    forth: Floats
    back: Floats


def weighed(ways: Ways, share: float) -> Floats:
    """Return the picture ``(H, W, C)`` at a share of the way between two.

    Three flows compete: forth, back, and both splatted forwards to the instant. Where one of the
    frames is covered they agree less, and others count.
    """
    high, wide = ways.forth.shape[:2]
    rows, columns = ways.first.small.shape[:2]
    scale = np.array([columns / wide, rows / high], np.float32)
    forth, back = (cv2.resize(x, (columns, rows)) * scale for x in (ways.forth, ways.back))
    third = carried(ways.first.small, ways.second.small, forth, back, share)
    flows = np.stack([forth, -back, third])
    weights = _weights(ways, flows, share)
    mean = (flows * weights[..., None]).sum(0)
    apart = (np.abs(flows - mean) > _SAME * scale).any((0, 3)).astype(np.uint8)
    way = cv2.resize(mean / scale, (wide, high))
    made = _faded(ways, way, share)
    where = np.flatnonzero(cv2.resize(apart, (wide, high), interpolation=cv2.INTER_NEAREST))
    if where.size:
        large = [ways.forth, -ways.back, cv2.resize(third / scale, (wide, high))]
        _mix(made, ways, large, weights, share, where)
    return made


def _weights(ways: Ways, flows: Floats, share: float) -> Floats:
    """Return how much each of small flows counts, ``(flows, h, w)``; their sum is 1."""
    made = []
    for flow in flows:
        before = moved(ways.first.small, flow * np.float32(-share))
        after = moved(ways.second.small, flow * np.float32(1 - share))
        off = cv2.transform(cv2.absdiff(before, after), _MEAN)
        made.append(np.exp(-_PICKY * cv2.blur(off, (_AROUND, _AROUND))) + _LEAST)
    weights: Floats = np.stack(made)
    weights /= weights.sum(0)
    return weights


def _faded(ways: Ways, flow: Floats, share: float) -> Floats:
    before = moved(ways.first.picture, flow * np.float32(-share))
    after = moved(ways.second.picture, flow * np.float32(1 - share))
    made: Floats = cv2.addWeighted(before, 1 - share, after, share, 0, dst=before)
    return made


def _mix(
    made: Floats,
    ways: Ways,
    flows: Sequence[Floats],
    weights: Floats,
    share: float,
    where: NDArray[Any],
) -> None:
    """Put in the weighted mean of what each flow brings, pixel by pixel of ``where``."""
    high, wide, channels = made.shape
    spots = np.resize(where, -(-where.size // _ROW) * _ROW).reshape(-1, _ROW)
    at = np.stack([spots % wide, spots // wide], -1).astype(np.float32)
    picture = np.zeros((*spots.shape, channels), np.float32)
    for flow, weight in zip(flows, weights, strict=True):
        way = flow.reshape(-1, 2)[spots]
        before = looked_up(ways.first.picture, at - np.float32(share) * way)
        after = looked_up(ways.second.picture, at + np.float32(1 - share) * way)
        part = cv2.resize(weight, (wide, high)).reshape(-1)[spots]
        picture += part[..., None] * cv2.addWeighted(before, 1 - share, after, share, 0)
    made.reshape(-1, channels)[where] = picture.reshape(-1, channels)[: where.size]
