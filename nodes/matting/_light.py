"""A clean plate in the light of today: exposure, tone curve and soft shadows may have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""Of float32."""

_FIELD = 8
"""Pixels for each sample of the light field, along either axis."""
_BRIGHTEST, _DARKEST = 1.18, 0.85
"""Bounds of the light field: what goes beyond is a thing, not light."""
_FITS = 3, 2
"""How often a tone curve is fitted without what is off the one before: at first, and later."""
_LEAST = 50
"""Fewest pixels that a tone curve is fitted to."""
_ROWS = 36
"""Lines, or columns, whichever are fewer, of the pixels that it is fitted to."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """How a plate looks in the light of another picture."""

    curve: Floats
    """``(3, 3)``: for each channel what 1, the value and its square are multiplied by."""
    field: Floats
    """``(h, w)``, what that is multiplied by at each place; smooth, so it is small."""

    def on(self, image: Floats) -> Floats:
        """Return a plate ``(3, H, W)`` in this light, held in [0, 1]."""
        made = toned(image, self.curve)
        made *= cv2.resize(self.field, (image.shape[2], image.shape[1]))
        np.clip(made, 0, 1, out=made)
        return made


def luma(image: Floats) -> Floats:
    """Return ``(H, W)`` from ``(3, H, W)`` R'G'B' (ITU-R BT.601)."""
    made: Floats = image[0] * np.float32(0.299)
    made += image[1] * np.float32(0.587)
    made += image[2] * np.float32(0.114)
    return made


def toned(image: Floats, curve: Floats) -> Floats:
    """Return an image ``(3, H, W)`` put through a curve of :class:`Light`."""
    none, once, twice = curve.T[..., None, None]
    made: Floats = image * twice
    made += once
    made *= image
    made += none
    return made


def lit(image: Floats, plate: Floats, empty: Floats | None, last: Light | None) -> Light:
    """Return the light of ``image`` ``(3, H, W)``, as seen where its ``plate`` shows.

    ``empty`` ``(H, W)`` is 1 where it is thought to show; None: not known yet. ``last`` is the
    light of the frame before, from which to start.
    """
    curve = _curve(image, plate, empty, None if last is None else last.curve)
    high, wide = image.shape[1:]
    half = max(1, wide // 2), max(1, high // 2)
    image, plate = _smaller(image, half), _smaller(plate, half)
    if empty is not None:
        empty = cv2.resize(empty, half, interpolation=cv2.INTER_AREA)
    size = max(1, wide // _FIELD), max(1, high // _FIELD)
    return Light(curve, _field(image, toned(plate, curve), empty, size))


def _smaller(image: Floats, size: tuple[int, int]) -> Floats:
    return np.stack([cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in image])


def _curve(image: Floats, plate: Floats, empty: Floats | None, last: Floats | None) -> Floats:
    """Fit a quadratic to each channel, robustly: least squares, weighted again and again."""
    step = max(1, min(image.shape[1:]) // _ROWS)
    f, p = (x[:, ::step, ::step].reshape(3, -1) for x in (image, plate))
    usable = f.max(0) < 0.98
    if empty is not None:
        there = usable & (empty[::step, ::step].reshape(-1) > 0.5)
        usable = there if np.count_nonzero(there) > there.size // 20 else usable
    f, p = f[:, usable], p[:, usable]
    known = _gains(f, p) if last is None else last
    if f.shape[1] < _LEAST:
        return known
    powers = np.stack([np.ones_like(p), p, p * p], 1)
    for _ in range(_FITS[last is not None]):
        off = np.abs(f - toned(p[..., None], known)[..., 0]).max(0)
        scale = min(max(1.5 * float(np.median(off)), 0.01), 0.06)
        weighted = powers / (1 + (off / scale) ** 2) ** 2
        square = (weighted @ powers.transpose(0, 2, 1)).astype(np.float64)
        # Held to a plain gain as far as the plate's own colours leave the rest open.
        square += np.diag([0.002, 1e-6, 0.002]) * weighted[0, 0].sum()
        sums = (weighted @ f[..., None]).astype(np.float64)
        known = np.linalg.solve(square, sums)[..., 0].astype(np.float32)
    return known


def _gains(f: Floats, p: Floats) -> Floats:
    """Return the curve of one gain for each channel: the middle one of those that are not far."""
    made = np.zeros((3, 3), np.float32)
    for channel in range(3):
        seen = p[channel] > 0.1
        ratio = f[channel, seen] / p[channel, seen]
        near = ratio[np.abs(ratio - 1) < 0.35]
        made[channel, 1] = np.median(near) if near.size >= _LEAST else 1.0
    return made


def _field(image: Floats, plate: Floats, empty: Floats | None, size: tuple[int, int]) -> Floats:
    """Return how much brighter the surroundings of each pixel are than the plate there."""
    ratio = (luma(image) + 0.02) / (luma(plate) + 0.02)
    np.clip(ratio, 0.7, 1.4, out=ratio)
    off = np.abs(image - plate * ratio).max(0)
    trust: Floats = np.exp(-((off / 0.03) ** 2) - ((ratio - 1) / 0.12) ** 2)
    if empty is not None:
        trust *= empty + 0.02
    brighter, known = (
        cv2.GaussianBlur(
            cv2.resize(part, size, interpolation=cv2.INTER_AREA),
            (13, 13),
            2.0,
            borderType=cv2.BORDER_REPLICATE,
        )
        for part in (trust * (ratio - 1), trust)
    )
    made: Floats = np.clip(1 + brighter / (known + 0.05), _DARKEST, _BRIGHTEST)
    return made
