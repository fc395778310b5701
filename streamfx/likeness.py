"""How like two successive pictures are: another shot, motion, or the same drawing again."""

from __future__ import annotations

from math import sqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

Thumbnail = NDArray[Any]
"""``(h, w, 3)`` of float32, R'G'B'."""

CUT = 0.33
"""Change from which on it is another shot."""

_COLUMNS = 160
"""Pixels along the longer side of a thumbnail."""
_BINS = 6
"""Of a histogram, for each of R', G' and B'."""
_SMALLEST = 16
"""Pixels along the shorter side below which no motion is looked for."""
_OFF = 0.08
"""Change of R'G'B' that motion has left, from which on a pixel is not explained."""
_LEAST_GAIN, _MOST_GAIN = 0.6, 1.6
"""How far contrast may change by light alone."""
_BLOCK = 8
"""Pixels along the side of a block in which a repeat may not have changed."""
_NOISE = 3.0 / 255
"""Mean change of a block that coding makes where a picture is repeated."""


def thumbnail(image: Tensor) -> Thumbnail:
    """Return a picture ``(3 or 4, H, W)`` made small, each pixel the mean of an area."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    by = min(1.0, _COLUMNS / max(high, wide))
    size = max(1, round(high * by)), max(1, round(wide * by))
    colours = image[:3].detach().float()
    if image.device.type == "cpu":
        planes = [cv2.resize(p, size[::-1], interpolation=cv2.INTER_AREA) for p in colours.numpy()]
        made: Thumbnail = np.dstack(planes)
    else:
        made = interpolate(colours[None], size, mode="area")[0].permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(np.clip(made, 0, 1))


def change(before: Thumbnail, after: Thumbnail) -> float:
    """Return the share of the picture, 0 to 1, that motion and light do not explain.

    Flow is found in both directions, and each picture put together from the other; what is still
    unlike counts. Something that only comes, or only goes, is unlike in one direction: the lesser
    share counts. Explosions and whips of the camera leave much unexplained, too, but the colours
    stay: where the histograms agree, the share is lowered, to its geometric mean with their
    distance.
    """
    if before.shape != after.shape:
        return 1.0
    if min(before.shape[:2]) < _SMALLEST:
        return float((np.abs(before - after).mean(2) > _OFF).mean())
    one, two = _grey(before), _grey(after)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(1)
    forth = search.calc(one, two, None)  # type: ignore[call-overload]  # stubs want a first guess
    back = search.calc(two, one, None)  # type: ignore[call-overload]
    share = min(_unlike(before, after, forth), _unlike(after, before, back))
    return min(share, sqrt(share * _apart(before, after)))


def repeated(before: Thumbnail, after: Thumbnail) -> bool:
    """Return whether two pictures show the same drawing, but for what coding leaves.

    Each block counts: where one of them has changed by more than such noise, something has moved.
    """
    if before.shape != after.shape:
        return False
    off = np.abs(before - after).mean(2)
    high, wide = (max(1, side // _BLOCK) for side in off.shape)
    blocks = cv2.resize(off, (wide, high), interpolation=cv2.INTER_AREA)
    return float(blocks.max()) < _NOISE


def _grey(picture: Thumbnail) -> NDArray[Any]:
    return cv2.convertScaleAbs(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), alpha=255)


def _apart(before: Thumbnail, after: Thumbnail) -> float:
    """Return the share of the pixels, 0 to 1, whose colours the other picture does not have."""
    bins, reach = [_BINS] * 3, [0.0, 1.001] * 3
    one, two = (
        cv2.calcHist([x], [0, 1, 2], None, bins, reach) / x[..., 0].size for x in (before, after)
    )
    return float(np.abs(one - two).sum() / 2)


def _unlike(own: Thumbnail, other: Thumbnail, flow: NDArray[Any]) -> float:
    """Return the share of one picture that another, moved and lit like it, is not like."""
    high, wide = flow.shape[:2]
    places = flow.copy()
    places[..., 0] += np.arange(wide, dtype=np.float32)
    places[..., 1] += np.arange(high, dtype=np.float32)[:, None]
    edge = cv2.BORDER_REPLICATE
    seen = cv2.remap(other, places, None, cv2.INTER_LINEAR, borderMode=edge)  # type: ignore[call-overload]  # one map
    mean, level = own.mean((0, 1)), seen.mean((0, 1))
    gain = np.clip((own.std() + 0.02) / (seen.std() + 0.02), _LEAST_GAIN, _MOST_GAIN)
    lit = (seen - level) * np.float32(gain) + mean
    off = np.minimum(np.abs(own - lit).mean(2), np.abs(own - seen).mean(2))
    return float((off > _OFF).mean())
