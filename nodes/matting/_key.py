"""A difference key: how unlike its clean plate each pixel of a small picture is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfx.nodes.matting._light import Floats, Light, luma

_LEAST_NOISE = 0.006
"""Smallest standard deviation of noise that is believed: one and a half codes of 8 bits."""
_FIRST_NOISE = 0.012
"""What noise is taken for before it was measured."""
_MISSED = 0.22
"""Share of a plate's local contrast that counts as noise: edges never lie quite the same."""
_DEEPEST = 0.25
"""Least brightness, as a share of the plate's, that a shadow leaves."""
_WINDOW = (7, 7)
"""Where texture is judged, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A clean plate and what follows from it alone."""

    image: Floats
    """``(3, H, W)`` R'G'B'."""
    luma: Floats
    """``(H, W)``."""
    contrast: Floats
    """``(H, W)``, how much close neighbours differ."""
    mean: Floats
    """``(H, W)``, of luma in a window."""
    variance: Floats
    """``(H, W)``, of luma in a window."""

    @classmethod
    def of(cls, image: Floats) -> Plate:
        """Return what is known of a plate ``(3, H, W)``."""
        y = luma(image)
        square = np.ones((3, 3), np.uint8)
        spread = cv2.dilate(y, square) - cv2.erode(y, square)
        return cls(image, y, cv2.blur(spread, (3, 3)), *_spread(y))


class Noise:
    """How far a picture is from its plate where only the plate shows, measured as it goes on."""

    def __init__(self) -> None:
        self.luma = _FIRST_NOISE
        """Standard deviation of luma."""
        self.chroma = _FIRST_NOISE
        """Standard deviation of each colour difference."""

    def learn(self, rest: Floats, empty: NDArray[np.bool_]) -> None:
        """Look at what :func:`key` left over, ``(3, H, W)``, where ``empty`` ``(H, W)`` is true."""
        seen = rest[:, ::3, ::3][:, empty[::3, ::3]]
        if seen.shape[1] < 25:
            return
        y, u, v = np.median(np.abs(seen), axis=1) * 1.48  # of a normal distribution
        self.luma += 0.2 * (max(float(y), _LEAST_NOISE) - self.luma)
        self.chroma += 0.2 * (max(float(u + v) / 2, _LEAST_NOISE) - self.chroma)


def key(
    image: Floats, plate: Plate, light: Light, shadows: float, noise: Noise
) -> tuple[Floats, Floats]:
    """Return how many times the noise each pixel is off ``(H, W)``, and by how much ``(3, H, W)``.

    The latter is luma, B'-Y' and R'-Y'. A pixel that is darker than the plate by a share of
    ``shadows``, of the same hue, counts as the plate; where the plate has texture and the picture
    has it too, one that is a good deal darker.
    """
    scene = light.on(plate.image)
    share = _dot(image, scene) / (_dot(scene, scene) + 1e-4)
    rest = _left(image, scene, np.clip(share, 1 - shadows, 1 + shadows / 3))
    missed = (plate.contrast * _MISSED) ** 2
    off = _distance(rest, missed + noise.luma**2, missed / 2 + noise.chroma**2)
    if shadows > 0:
        dark = np.clip(share, _DEEPEST, 1.05)
        missed += ((1 - dark) * luma(scene) * 0.25) ** 2
        deep = _left(image, scene, dark)
        far = _distance(deep, missed + noise.luma**2, missed + noise.chroma**2)
        off += (np.minimum(far, off) - off) * _same_texture(luma(image), plate)
    return off, rest


def _dot(a: Floats, b: Floats) -> Floats:
    made: Floats = a[0] * b[0]
    made += a[1] * b[1]
    made += a[2] * b[2]
    return made


def _left(image: Floats, scene: Floats, share: Floats) -> Floats:
    """Return what a scene of some brightness does not explain: luma, B'-Y' and R'-Y'."""
    off = scene * share
    np.subtract(image, off, out=off)
    for part in off:
        cv2.GaussianBlur(part, (3, 3), 0.8, dst=part)
    y = luma(off)
    return np.stack([y, off[2] - y, off[0] - y])


def _distance(rest: Floats, luma: Floats, chroma: Floats) -> Floats:
    """Return how many standard deviations; ``luma`` and ``chroma`` are variances."""
    y, u, v = rest * rest
    y /= luma
    u += v
    u /= chroma
    y += u
    made: Floats = np.sqrt(y, out=y)
    return made


def _same_texture(y: Floats, plate: Plate) -> Floats:
    """Return where a picture has the plate's own texture: 0 to 1."""
    mean, variance = _spread(y)
    common = np.maximum(_mean(y * plate.luma) - mean * plate.mean, 0)
    alike = common * common / (variance * plate.variance + 1e-9)
    textured = np.clip((plate.variance - 0.0002) / 0.0006, 0, 1)
    made: Floats = textured * np.clip((alike - 0.5) / 0.3, 0, 1)
    return made


def _spread(y: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of a plane in a window around each sample."""
    mean = _mean(y)
    return mean, np.maximum(_mean(y * y) - mean * mean, 0)


def _mean(y: Floats) -> Floats:
    made: Floats = cv2.blur(y, _WINDOW, borderType=cv2.BORDER_REFLECT)
    return made
