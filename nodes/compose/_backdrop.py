"""Out of focus: a scene, or what lies behind a subject, with nothing of the subject in it."""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from streamfx.colour import from_linear, to_linear
from streamfx.nodes.compose._sampling import enlarged, on_cpu, reduced
from streamfx.pyramid import blurred
from streamfx.resample import blur

Planes = Any
"""``(C, H, W)``: an array on the CPU, where that is faster for what is small, else a tensor."""

_SAMPLES = 3.1
"""Samples that a standard deviation of the blur has at least, once the picture is shrunk: what
is drawn straight between them is then within three code values of 8 bits."""
_SPREAD = 1 / 12 + 1 / 6
"""Variance, in samples, that the means of blocks and the straight lines between them add."""
_LARGEST = 16
"""Pixels of the picture, along either side, that become one at the most."""
_UNSURE = 0.008
"""Share of the width around a subject in which its colours may lie outside of its matte."""
_RATHER = 1e-3, 1e-7
"""Weight of what is that close to the subject, where nothing else is near: with a shot, without."""
_ANY = 0.05
"""Share of the subject at which a pixel's colour is the subject's, where there is no shot."""
_FAR = 4.0, 0.01
"""How many times wider, and with which weight, to look where nothing else is near."""
_THINNEST = 0.05
"""Share of the background below which its colour is not told any better."""


def defocused(scene: Tensor, sigma: float, linear: str | None) -> Tensor:
    """Return a ``scene`` ``(3 or 4, H, W)`` blurred by a Gaussian of ``sigma`` pixels, anew.

    ``linear`` names the transfer, to blur light instead of code values.
    """
    if scene.shape[0] == 4:
        light = torch.cat([_entered(scene[:3].clamp(0, 1), linear), scene[3:]])
        made = blur(light, sigma)
        return made if linear is None else torch.cat([from_linear(made[:3], linear), made[3:]])
    by = _step(sigma, scene)
    small = _planes(_entered(reduced(scene, by).clamp_(0, 1), linear))
    return _enlarged(_blurred(small, _left(sigma, by)), scene, by, linear)


def behind(image: Tensor, shot: Tensor | None, sigma: float, linear: str | None) -> Tensor:
    """Return what lies behind a subject ``(4, H, W)``, out of focus, as ``(3, H, W)``, anew.

    Only the background counts, as much of each pixel as the subject leaves free: the colours of
    the one never run into the other. ``shot`` ``(3, H, W)`` is the picture that the subject was cut
    out of; without it the subject's own colours, where it is transparent, are the background.
    """
    by = _step(sigma, image)
    open_ = 1 - _planes(reduced(image[3:], by))
    colour = _planes(reduced(image[:3] if shot is None else shot, by))
    if shot is not None:  # C = F a + B (1 - a), solved for B
        own = _planes(_picked(image[:3], by))
        colour = (colour - own * (1 - open_)) / open_.clip(_THINNEST)
    colour = _planes(_entered(_tensor(colour).clamp_(0, 1), linear))
    sure = open_ if shot is not None else (1 - (1 - open_) / _ANY).clip(0, 1)
    unsure = ceil(min(_UNSURE * int(image.shape[2]), sigma) / by)
    free = _shrunk(sure, unsure) + _RATHER[shot is None] * open_
    seen = colour * free
    near, far = _left(sigma, by), _FAR[0] * sigma / by
    light = _blurred(seen, near) + _FAR[1] * _blurred(seen, far)
    light += (1e-6 * seen.mean((1, 2)) / max(float(free.mean()), 1e-12))[:, None, None]
    weight = _blurred(free, near) + _FAR[1] * _blurred(free, far) + 1e-6
    return _enlarged(light / weight, image, by, linear)


def spilt(scene: Tensor, cover: Tensor, sigma: float, linear: str | None) -> Tensor:
    """Return the light ``(3, H, W)`` that a scene sends to where ``cover`` ``(1, H, W)`` hides it.

    It is blurred by a Gaussian of ``sigma`` pixels; code values, unless ``linear`` names the
    transfer.
    """
    by = _step(sigma, scene)
    small = _entered(reduced(scene[:3], by).clamp_(0, 1), linear)
    free = 1 - reduced(cover, by)
    if scene.shape[0] == 4:
        free = free * reduced(scene[3:], by)
    return _enlarged(_blurred(_planes(small * free), _left(sigma, by)), scene, by, None)


def _step(sigma: float, image: Tensor) -> int:
    """Return how many pixels become one; where it can be, so many that nothing is left over."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    most = min(max(1, int(sigma / _SAMPLES)), _LARGEST, high, wide)
    whole = (by for by in range(most, most // 2, -1) if high % by == wide % by == 0)
    return next(whole, most)


def _left(sigma: float, by: int) -> float:
    """Return the standard deviation, in samples, that is left to do once a picture is shrunk."""
    return sqrt((sigma / by) ** 2 - _SPREAD) if by > 1 else sigma


def _planes(image: Tensor) -> Planes:
    return image.detach().numpy() if on_cpu(image) else image


def _tensor(planes: Planes) -> Tensor:
    return torch.from_numpy(planes) if isinstance(planes, np.ndarray) else planes


def _entered(colour: Tensor, linear: str | None) -> Tensor:
    return colour if linear is None else to_linear(colour, linear)


def _enlarged(small: Planes, like: Tensor, by: int, linear: str | None) -> Tensor:
    made = _tensor(small)
    if linear is not None:
        made = from_linear(made, linear)
    return enlarged(made.clamp(0, 1), by, int(like.shape[1]), int(like.shape[2]))


def _blurred(planes: Planes, sigma: float) -> Planes:
    """Return planes ``(1 or 3, H, W)`` blurred by a Gaussian."""
    if isinstance(planes, np.ndarray):
        return blurred(planes, sigma)
    return blur(planes.expand(3, -1, -1), sigma)[: planes.shape[0]]


def _shrunk(free: Planes, by: int) -> Planes:
    """Return the least of ``free`` ``(1, H, W)`` up to ``by`` pixels away."""
    side = 2 * by + 1
    if isinstance(free, np.ndarray):
        return cv2.erode(free[0], np.ones((side, side), np.uint8))[None]
    return -functional.max_pool2d(-free[None], side, stride=1, padding=by)[0]


def _picked(image: Tensor, by: int) -> Tensor:
    """Return the pixel at the middle of each block; the edge goes on to fill the last ones."""
    high, wide = (-(-int(size) // by) for size in image.shape[1:])
    made = image[:, by // 2 :: by, by // 2 :: by]
    below, beside = high - int(made.shape[1]), wide - int(made.shape[2])
    if below or beside:
        made = functional.pad(made[None], (0, beside, 0, below), mode="replicate")[0]
    return made
