"""Chroma resampling by pairs that undo each other: halving what was doubled gives it back exactly.

Co-sited samples lie on the even luma samples of their axis: doubled by linear interpolation, halved
by the low-pass of the CDF 5/3 wavelet (LeGall and Tabatabai, 1988). Centred samples lie midway
between two: doubled by linear interpolation with weights 1/4 and 3/4, halved by the low-pass of the
CDF 3/1 wavelet (Cohen, Daubechies and Feauveau, 1992). Borders are mirrored, about the last sample
or beyond it, as each filter is symmetric about a sample or between two; that keeps the pairs exact
at borders and odd sizes too.

The same filters are written twice: for arrays with OpenCV, for tensors on any device with torch.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx.colour import Siting

Array = NDArray[Any]

SITED_TAPS = (-1 / 8, 1 / 4, 3 / 4, 1 / 4, -1 / 8)
"""Of CDF 5/3, about an even sample."""
CENTRED_TAPS = (-1 / 4, 3 / 4, 3 / 4, -1 / 4)
"""Of CDF 3/1, about the middle of an even sample and the next."""


def sited(siting: Siting, axis: int) -> bool:
    """Tell whether chroma is co-sited along an axis: 0 down a column, 1 along a line."""
    return siting == "topleft" or (siting == "left" and axis == 1)


def size_halved(size: int, times: int) -> int:
    """Return how many samples are left of ``size`` after halving."""
    return -(-size >> times)


def double_array(plane: Array, axis: int, cosited: bool, size: int) -> Array:
    """Return float32 ``plane`` with ``size`` samples along an axis, at most twice as many."""
    height, width = plane.shape
    if axis == 1:
        if cosited:
            between = np.empty_like(plane)
            cv2.addWeighted(plane[:, :-1], 0.5, plane[:, 1:], 0.5, 0, dst=between[:, :-1])
            between[:, -1] = plane[:, -1]
            return cv2.merge([plane, between]).reshape(height, 2 * width)[:, :size]
        return cv2.resize(plane, (2 * width, height), interpolation=cv2.INTER_LINEAR)[:, :size]
    if cosited:
        out = np.empty((2 * height, width), np.float32)
        out[0::2] = plane
        cv2.addWeighted(plane[:-1], 0.5, plane[1:], 0.5, 0, dst=out[1:-1:2])
        out[-1] = plane[-1]
        return out[:size]
    return cv2.resize(plane, (width, 2 * height), interpolation=cv2.INTER_LINEAR)[:size]


def halve_array(plane: Array, axis: int, cosited: bool) -> Array:
    """Return float32 ``plane`` with half the samples along an axis, rounded up."""
    taps = np.array(SITED_TAPS if cosited else CENTRED_TAPS, np.float32)
    border = cv2.BORDER_REFLECT_101 if cosited else cv2.BORDER_REFLECT
    before = 2 if cosited else 1
    size = plane.shape[axis]
    if size == 1:
        return plane
    if axis == 1:
        full = cv2.sepFilter2D(
            plane, -1, taps, np.ones(1, np.float32), anchor=(before, 0), borderType=border
        )
        return np.ascontiguousarray(full[:, ::2])
    count = size_halved(size, 1)
    wide = cv2.copyMakeBorder(plane, before, 3, 0, 0, border)
    rows = [wide[tap : tap + 2 * count - 1 : 2] for tap in range(len(taps))]
    inner = cv2.addWeighted(rows[1], taps[1], rows[-2], taps[1], 0)
    outer = cv2.addWeighted(rows[0], taps[0], rows[-1], taps[0], 0)
    out = cv2.add(inner, outer, dst=inner)
    return cv2.scaleAdd(rows[2], float(taps[2]), out) if cosited else out


def double_tensor(plane: torch.Tensor, axis: int, cosited: bool, size: int) -> torch.Tensor:
    """Do for a tensor what :func:`double_array` does."""
    last = plane.shape[axis] - 1
    where = torch.arange(size, device=plane.device)
    odd = where % 2
    near = (where // 2).clamp(max=last)
    far = near + odd if cosited else near + 2 * odd - 1
    a = plane.index_select(axis, near)
    b = plane.index_select(axis, far.clamp(0, last))
    return torch.lerp(a, b, 0.5 if cosited else 0.25)


def halve_tensor(plane: torch.Tensor, axis: int, cosited: bool) -> torch.Tensor:
    """Do for a tensor what :func:`halve_array` does."""
    taps, before = (SITED_TAPS, 2) if cosited else (CENTRED_TAPS, 1)
    size = plane.shape[axis]
    if size == 1:
        return plane
    middle = 2 * torch.arange(size_halved(size, 1), device=plane.device)
    out: torch.Tensor | None = None
    for tap, weight in enumerate(taps):
        part = plane.index_select(axis, _mirrored(middle + tap - before, size, cosited)) * weight
        out = part if out is None else out + part
    assert out is not None
    return out


def _mirrored(where: torch.Tensor, size: int, about_sample: bool) -> torch.Tensor:
    """Bring places outside 0 … size - 1 back inside, as OpenCV's two kinds of reflection do."""
    period = 2 * (size - 1) if about_sample else 2 * size
    where = where % period
    over = period - where if about_sample else period - 1 - where
    return torch.where(where < size, where, over)
