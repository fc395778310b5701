"""How good a matte is: the measures of the papers on matting, in their customary units.

An alpha is ``(H, W)``, or several ``(..., H, W)`` of which the mean is returned, in [0, 1]; arrays
and tensors alike. What is made comes first, the truth second. 0 is perfect but for :func:`iou`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

Alpha: TypeAlias = "NDArray[Any] | torch.Tensor"
"""``(..., H, W)``, floats in [0, 1], or booleans."""
Floats = NDArray[np.float32]

SIGMA = 1.4
"""Standard deviation in pixels of the Gaussian whose derivative is the gradient."""
STEP = 0.1
"""Between the thresholds at which connectivity is looked at."""
LOOSE = 0.15
"""How far alpha must be above the level at which a pixel is connected to count as loose."""
THOUSANDS = 1000.0
"""SAD, gradient and connectivity are sums over pixels, told in thousands."""


def iou(made: Alpha, truth: Alpha, threshold: float = 0.5) -> float:
    """Return intersection over union of what is at least ``threshold``; 1 where both are empty."""
    return _mean(lambda a, b: _overlap(a >= threshold, b >= threshold), made, truth)


def mad(made: Alpha, truth: Alpha) -> float:
    """Return the mean absolute difference, as a share of the range (times 1000 in RVM's tables)."""
    return _mean(lambda a, b: float(np.abs(a - b).mean(dtype=np.float64)), made, truth)


def mse(made: Alpha, truth: Alpha) -> float:
    """Return the mean squared difference, as a share of the range (times 1000 in RVM's tables)."""
    return _mean(lambda a, b: float(np.square(a - b).mean(dtype=np.float64)), made, truth)


def sad(made: Alpha, truth: Alpha) -> float:
    """Return the sum of absolute differences, in thousands."""
    return _mean(lambda a, b: float(np.abs(a - b).sum(dtype=np.float64)) / THOUSANDS, made, truth)


def gradient(made: Alpha, truth: Alpha) -> float:
    """Return the gradient error, in thousands: the squared difference of the slopes, summed.

    Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", 2009: the slope
    is the magnitude of what two derivatives of a Gaussian, each of unit energy, make of an alpha.
    """

    def error(a: Floats, b: Floats) -> float:
        return float(np.square(_slope(a) - _slope(b)).sum(dtype=np.float64)) / THOUSANDS

    return _mean(error, made, truth)


def connectivity(made: Alpha, truth: Alpha) -> float:
    """Return the connectivity error, in thousands (Rhemann et al. 2009, with p = 1).

    A pixel is connected up to the highest level at which the largest region that both alphas share
    still holds it; how far an alpha is above that level makes it loose.
    """

    def error(a: Floats, b: Floats) -> float:
        level = _connected(a, b)
        loose = [np.where(x - level >= LOOSE, x - level, 0) for x in (a, b)]
        return float(np.abs(loose[0] - loose[1]).sum(dtype=np.float64)) / THOUSANDS

    return _mean(error, made, truth)


def dtssd(made: Alpha, truth: Alpha) -> float:
    """Return how differently two clips ``(T, H, W)`` change, times 100: flicker.

    Erofeev et al., "Perceptually Motivated Benchmark for Video Matting", 2015: of each frame and
    the one before, the root of the mean squared difference between the two changes of alpha.
    """
    a, b = _pair(made, truth)
    if len(a) < 2:
        raise ValueError("dtSSD wants at least 2 frames, got 1")
    roots = []
    for i in range(1, len(a)):
        off = (a[i] - a[i - 1]) - (b[i] - b[i - 1])
        roots.append(np.sqrt(np.square(off).mean(dtype=np.float64)))
    return float(np.mean(roots)) * 100


def edge(made: Alpha, truth: Alpha, behind: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> float:
    """Return the mean absolute error of colour at the edge, as a share of the range.

    Both are ``(4, H, W)`` of straight alpha and laid over the colour ``behind``; looked at is where
    the true alpha is soft (0.02 to 0.98), and 0 is returned where it is nowhere. Foreground colours
    alone are judged by giving both the same alpha.
    """
    a, b = _plain(made), _plain(truth)
    if a.shape != b.shape or a.ndim != 3 or a.shape[0] != 4:
        raise ValueError(f"edge wants two (4, H, W) of one size, got {a.shape} and {b.shape}")
    soft = (b[3] > 0.02) & (b[3] < 0.98)
    if not soft.any():
        return 0.0
    wall = np.array(behind, np.float32)[:, None]
    over = [x[:3, soft] * x[3, soft] + wall * (1 - x[3, soft]) for x in (a, b)]
    return float(np.abs(over[0] - over[1]).mean(dtype=np.float64))


SOFT: dict[str, Callable[[Alpha, Alpha], float]] = {
    "MAD": mad,
    "MSE": mse,
    "SAD": sad,
    "Grad": gradient,
    "Conn": connectivity,
}
"""The measures of a soft alpha, by the names of the papers' tables."""


def scores(made: Alpha, truth: Alpha) -> dict[str, float]:
    """Return every measure of soft alphas; dtSSD, too, where there are frames to compare."""
    told = {name: measure(made, truth) for name, measure in SOFT.items()}
    if made.ndim == 3 and made.shape[0] > 1:
        told["dtSSD"] = dtssd(made, truth)
    return told


def _mean(error: Callable[[Floats, Floats], float], made: Alpha, truth: Alpha) -> float:
    a, b = _pair(made, truth)
    return float(np.mean([error(x, y) for x, y in zip(a, b, strict=True)]))


def _pair(made: Alpha, truth: Alpha) -> tuple[Floats, Floats]:
    """Return both as ``(N, H, W)``."""
    a, b = _plain(made), _plain(truth)
    if a.shape != b.shape or a.ndim < 2 or not a.size:
        raise ValueError(f"alphas must be (..., H, W) of one size, got {a.shape} and {b.shape}")
    return a.reshape(-1, *a.shape[-2:]), b.reshape(-1, *b.shape[-2:])


def _plain(alpha: Alpha) -> Floats:
    held = alpha.detach().cpu().numpy() if isinstance(alpha, torch.Tensor) else alpha
    if held.dtype.kind not in "fb":
        raise ValueError(f"alphas must be floats in [0, 1] or booleans, got {held.dtype}")
    return np.ascontiguousarray(held, np.float32)


def _overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0


def _slope(alpha: Floats) -> Floats:
    across, along = (
        cv2.filter2D(alpha, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
        for kernel in (_derivative(), _derivative().T)
    )
    made: Floats = np.hypot(across, along)
    return made


@lru_cache(maxsize=1)
def _derivative() -> Floats:
    """Return the derivative of a Gaussian across columns, cut off where it is below 0.01."""
    reach = int(np.ceil(SIGMA * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * SIGMA * 0.01))))
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    bell = np.exp(-np.square(at) / (2 * SIGMA**2))
    kernel = np.outer(bell, at * bell)
    made: Floats = (kernel / np.sqrt(np.square(kernel).sum())).astype(np.float32)
    return made


def _connected(a: Floats, b: Floats) -> Floats:
    """Return ``(H, W)``: the level up to which each pixel is connected."""
    level = np.zeros_like(a)
    held = np.ones(a.shape, bool)
    for i in range(1, round(1 / STEP) + 1):
        both = ((a >= i * STEP) & (b >= i * STEP)).view(np.uint8)
        count, parts, facts, _ = cv2.connectedComponentsWithStats(both, connectivity=4)
        if count < 2:
            break
        held &= parts == 1 + np.argmax(facts[1:, cv2.CC_STAT_AREA])
        level[held] = i * STEP
    return level
