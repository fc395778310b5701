"""Another size, or a softer picture: separable filters, the same on every device.

Each axis is one multiplication by a banded matrix, done block by block. On a CPU that beats a
filter of many taps by convolution, and it needs no limit on the taps. A blur on the CPU is faster
still by :mod:`streamfx.pyramid`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from streamfx.alpha import premultiply, straighten
from streamfx.pyramid import blurred

Filter = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]
"""How pixels are weighed: the nearest one; tent; Catmull-Rom; Lanczos of 3 lobes; shared area."""

Array = npt.NDArray[np.floating[Any]]
Kernel = Callable[[Array], Array]

_BLOCK = 64
"""Output samples per block: small enough to waste little, large enough to multiply fast."""
_GAUSS_REACH = 4.0
"""Standard deviations at which a Gaussian is cut off (6e-5 of its weight lies beyond)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, in pixels; its edges may lie inside pixels."""

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """A block of output samples, the input samples they are made of, and with which weights."""

    out: slice
    taken: slice
    weights: torch.Tensor


def covering(height: int, width: int, aspect: float) -> Window:
    """Return the largest window of ``aspect`` (width over height, in pixels) at the centre."""
    wide = min(float(width), height * aspect)
    high = min(float(height), width / aspect)
    return Window((height - high) / 2, (width - wide) / 2, high, wide)


def resize(
    image: torch.Tensor,
    height: int,
    width: int,
    filter: Filter = "lanczos",
    window: Window | None = None,
) -> torch.Tensor:
    """Return ``image`` ``(C, H, W)``, or the ``window`` of it, at another size, in [0, 1].

    Shrinking is antialiased but by ``nearest``. Colour is weighted by alpha. An image that has the
    size already is returned itself.
    """
    high, wide = int(image.shape[1]), int(image.shape[2])
    whole = Window(0, 0, high, wide)
    window = window or whole
    if window == whole and (high, wide) == (height, width):
        return image
    if filter == "nearest":
        rows = _nearest(height, window.top, window.height, high).to(image.device)
        columns = _nearest(width, window.left, window.width, wide).to(image.device)
        return image.index_select(1, rows).index_select(2, columns)
    across = _resizing(wide, width, window.left, window.width, filter, image.dtype, image.device)
    down = _resizing(high, height, window.top, window.height, filter, image.dtype, image.device)
    axes = [(1, height, down), (2, width, across)]
    if width * high < height * wide:  # first the axis that leaves less for the other to do
        axes.reverse()
    made = premultiply(image)
    for axis, size, bands in axes:
        made = _apply(made, axis, size, bands)
    return made.clamp_(0, 1) if made.shape[0] == 3 else straighten(made)


def blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return ``image`` ``(C, H, W)`` blurred by a Gaussian of ``sigma`` pixels.

    Beyond its edges the picture goes on as at the edge. Colour is weighted by alpha. Where
    ``sigma`` is large only every n-th sample is computed and the others interpolated, to within
    half a code value of 8 bits.
    """
    if sigma <= 0:
        return image
    made = premultiply(image)
    if made.device.type == "cpu" and made.dtype == torch.float32:
        return straighten(torch.from_numpy(blurred(made.detach().numpy(), sigma)))
    return straighten(_soft(made, sigma))


def _soft(made: torch.Tensor, sigma: float) -> torch.Tensor:
    step = 1 if sigma < 4 else 2 ** floor(np.log2(sigma / 2))
    high, wide = int(made.shape[1]), int(made.shape[2])
    for axis, size in ((2, wide), (1, high)):
        coarse = _coarse(size, step)
        bands = _softening(size, sigma, step, made.dtype, made.device)
        made = _apply(made, axis, len(coarse), bands)
    if step > 1:
        for axis, size in ((1, high), (2, wide)):
            made = _apply(made, axis, size, _filling(size, step, made.dtype, made.device))
    return made


def _apply(image: torch.Tensor, axis: int, size: int, bands: tuple[_Band, ...]) -> torch.Tensor:
    shape = list(image.shape)
    shape[axis] = size
    out = image.new_empty(shape)
    if axis == 2:
        rows, made = image.reshape(-1, image.shape[2]), out.view(-1, size)
        for band in bands:
            torch.mm(rows[:, band.taken], band.weights.t(), out=made[:, band.out])
        return out
    for band in bands:
        torch.matmul(band.weights, image[:, band.taken], out=out[:, band.out])
    return out


def _nearest(size: int, start: float, span: float, there: int) -> torch.Tensor:
    index = torch.arange(size, dtype=torch.float64).add_(0.5).mul_(span / size).add_(start)
    return index.floor_().clamp_(0, there - 1).to(torch.int64)


@lru_cache(maxsize=64)
def _resizing(
    there: int,
    size: int,
    start: float,
    span: float,
    filter: Filter,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[_Band, ...]:
    scale = span / size
    centres = (np.arange(size) + 0.5) * scale + start - 0.5
    if filter == "area":
        return _bands(centres, scale / 2 + 1, _share(scale), there, False, dtype, device)
    reach, kernel = _KERNELS[filter]
    wider = max(scale, 1.0)
    return _bands(centres, reach * wider, lambda d: kernel(d / wider), there, False, dtype, device)


@lru_cache(maxsize=64)
def _softening(
    there: int, sigma: float, step: int, dtype: torch.dtype, device: torch.device
) -> tuple[_Band, ...]:
    def gauss(distance: Array) -> Array:
        made: Array = np.exp(-0.5 * (distance / sigma) ** 2)
        return made

    centres = _coarse(there, step)
    return _bands(centres, _GAUSS_REACH * sigma, gauss, there, True, dtype, device)


@lru_cache(maxsize=64)
def _filling(size: int, step: int, dtype: torch.dtype, device: torch.device) -> tuple[_Band, ...]:
    """Interpolate between the samples of :func:`_coarse`, which go on beyond both edges."""
    coarse = _coarse(size, step)
    centres = (np.arange(size) - coarse[0]) / step
    return _bands(centres, 2.0, _catmull_rom, len(coarse), False, dtype, device)


def _coarse(size: int, step: int) -> Array:
    """Return where the samples are that a blur computes: every one, or each ``step`` apart."""
    if step == 1:
        return np.arange(size, dtype=np.float64)
    return np.arange(-1, ceil((size - 1) / step) + 3, dtype=np.float64) * step - step / 2


def _bands(
    centres: Array,
    reach: float,
    kernel: Kernel,
    there: int,
    repeat: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[_Band, ...]:
    """Weigh ``there`` input samples for each output sample, in blocks; weights add up to 1.

    Samples beyond the edge repeat the edge (``repeat``), or do not count.
    """
    made = []
    for first in range(0, len(centres), _BLOCK):
        block = centres[first : first + _BLOCK]
        start = min(floor(block[0] - reach), there - 1)
        taps = np.arange(start, max(ceil(block[-1] + reach), 0) + 1)
        distance = taps[None] - block[:, None]
        weights = np.where(np.abs(distance) <= reach, kernel(distance), 0.0)
        low, high = max(start, 0), min(int(taps[-1]) + 1, there)
        inside = weights[:, low - start : high - start]
        if repeat:
            inside[:, 0] += weights[:, : low - start].sum(axis=1)
            inside[:, -1] += weights[:, high - start :].sum(axis=1)
        inside = inside / inside.sum(axis=1, keepdims=True)
        tensor = torch.from_numpy(inside).to(dtype=dtype, device=device)
        made.append(_Band(slice(first, first + len(block)), slice(low, high), tensor))
    return tuple(made)


def _tent(d: Array) -> Array:
    made: Array = np.clip(1 - np.abs(d), 0, None)
    return made


def _catmull_rom(d: Array) -> Array:
    d = np.abs(d)
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def _lanczos(d: Array) -> Array:
    made: Array = np.where(np.abs(d) < 3, np.sinc(d) * np.sinc(d / 3), 0.0)
    return made


def _share(span: float) -> Kernel:
    """Return how much of a pixel at some distance lies in an output pixel ``span`` wide."""

    def share(d: Array) -> Array:
        common = np.minimum(d + 0.5, span / 2) - np.maximum(d - 0.5, -span / 2)
        made: Array = np.clip(common, 0, None)
        return made

    return share


_KERNELS: dict[str, tuple[float, Kernel]] = {
    "bilinear": (1.0, _tent),
    "bicubic": (2.0, _catmull_rom),
    "lanczos": (3.0, _lanczos),
}
assert {"nearest", "area", *_KERNELS} == set(get_args(Filter))
