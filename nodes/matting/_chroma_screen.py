"""Where the screen is, and how it looks at every place, also behind the subject."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx.nodes.matting._chroma_fill import filled
from streamfx.nodes.matting._light import Floats

MATRIX = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)
"""R'G'B' to luma and two colour differences (ITU-R BT.601)."""
HUES = {"auto": (-165.0, 20.0), "green": (-165.0, -75.0), "blue": (-85.0, 20.0)}
"""Degrees in the plane of B'-Y' and R'-Y' between which a screen is looked for."""

_CYAN = -80.0
"""Degrees at which it is called blue rather than green."""
_SLOPE = 0.577
"""How much a hue off the screen's counts against it: that of G - max(R, B) for pure green."""
_BINS = 72
"""Hues told apart."""
_NEAR = 0.3
"""Radians from the commonest hue that still are the screen's."""
_SHARE = 0.25
"""Least share of the picture's border that a screen takes."""
_PALEST, _FAINTEST = 0.1, 0.012
"""Least colour of a screen: as a share of its luma, and as it is."""
_ROUGHEST = 0.02
"""Local contrast at which it is no screen but leaves, or water."""
_SATURATED, _DARKEST = 0.65, 0.6
"""Least colour, and least luma, of what surely is screen, as a share of the commonest."""
_ROUNDS = 3
"""How often the screen grows into its shadows and folds."""
_OFF = 0.15
"""Difference from the screen around, as a share of its luma, by which it grows."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The colour of a screen."""

    luma: float
    """Its usual luma."""
    chroma: tuple[float, float]
    """Its usual B'-Y' and R'-Y', scaled as in :data:`MATRIX`."""

    @property
    def code(self) -> str:
        """Its R'G'B', as ``#rrggbb``."""
        rgb = np.linalg.solve(MATRIX.astype(np.float64), (self.luma, *self.chroma))
        return "#" + "".join(f"{round(255 * min(max(float(part), 0), 1)):02x}" for part in rgb)

    @property
    def name(self) -> str:
        """Green or blue."""
        angle = float(np.rad2deg(np.arctan2(self.chroma[1], self.chroma[0])))
        return "green" if HUES["green"][0] < angle < _CYAN else "blue"

    @property
    def hue(self) -> tuple[float, float]:
        """Direction of its colour differences, of length 1."""
        size = float(np.hypot(*self.chroma))
        return self.chroma[0] / size, self.chroma[1] / size

    def amount(self, colours: Floats) -> Floats:
        """Return how much of the screen's hue is in colours ``(h, w, 3)`` of :func:`seen`."""
        u, v = self.hue
        made: Floats = colours[..., 1] * u + colours[..., 2] * v
        made -= np.abs(colours[..., 1] * (_SLOPE * v) - colours[..., 2] * (_SLOPE * u))
        return made

    def amount_of(self, colours: torch.Tensor) -> torch.Tensor:
        """Return the same of colours ``(3, N)``."""
        u, v = self.hue
        off = colours[1] * v - colours[2] * u
        return (colours[1] * u + colours[2] * v).sub_(off.abs_(), alpha=_SLOPE)


def seen(image: Floats) -> Floats:
    """Return luma and colour differences ``(h, w, 3)`` of R'G'B' ``(3, h, w)``."""
    made: Floats = cv2.transform(cv2.merge(list(image)), MATRIX)
    return made


def picked(colour: tuple[float, float, float]) -> Screen:
    """Return the screen of an R'G'B' colour in [0, 1]."""
    y, u, v = (float(part) for part in MATRIX @ np.array(colour, np.float32))
    return Screen(y, (u, v))


def found(colours: Floats, hues: tuple[float, float]) -> Screen | None:
    """Return the screen that takes most of the border of a picture ``(h, w, 3)``; None: none.

    The lower edge does not count: there the subject stands. ``hues`` are bounds in degrees.
    """
    y, u, v = _border(colours).T
    rough = _border(np.abs(colours[..., 0] - cv2.blur(colours[..., 0], (5, 5)))[..., None])[:, 0]
    size, hue = np.hypot(u, v), np.arctan2(v, u)
    able = (size > _PALEST * y) & (size > _FAINTEST) & _between(hue, hues)
    if np.count_nonzero(able) < _SHARE * len(y):
        return None
    tally, _ = np.histogram(hue[able], _BINS, (-np.pi, np.pi), weights=size[able])
    soft = np.convolve(np.pad(tally, 2, mode="wrap"), (1, 2, 3, 2, 1), "valid")
    peak = (int(soft.argmax()) + 0.5) * 2 * np.pi / _BINS - np.pi
    near = able & (np.abs((hue - peak + np.pi) % (2 * np.pi) - np.pi) < _NEAR)
    near &= size > 0.3 * np.median(size[near])
    if np.count_nonzero(near) < _SHARE * len(y) or np.median(rough[near]) > _ROUGHEST:
        return None
    luma, *chroma = (float(np.median(part[near])) for part in (y, u, v))
    return Screen(luma, (chroma[0], chroma[1]))


def _border(colours: Floats) -> Floats:
    """Return the pixels ``(N, C)`` at the upper edge and at the sides of ``(h, w, C)``."""
    high, wide, count = colours.shape
    thick = max(1, min(high, wide) // 16)
    parts = colours[:thick], colours[thick:, :thick], colours[thick:, wide - thick :]
    return np.concatenate([part.reshape(-1, count) for part in parts])


def _between(hue: Floats, degrees: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = np.deg2rad(degrees)
    made: NDArray[np.bool_] = (hue > low) & (hue < high)
    return made


def plate(colours: Floats, screen: Screen, tolerance: float) -> tuple[Floats, Floats]:
    """Return the screen alone ``(h, w, 3)``, and how much of it each pixel shows ``(h, w)``.

    It is what surely is screen, spread behind the subject; then what is like that, as shadows and
    folds next to it are, ``tolerance`` being how much less of its colour they may have.
    """
    high, wide = colours.shape[:2]
    small = cv2.resize(
        colours, (max(1, wide // 2), max(1, high // 2)), interpolation=cv2.INTER_AREA
    )
    amount, planes = screen.amount(small), list(cv2.split(small))
    usual = float(screen.amount(np.array([[(screen.luma, *screen.chroma)]], np.float32))[0, 0])
    sure = amount > np.maximum(planes[0], 0.03) * (_SATURATED * usual / max(screen.luma, 0.03))
    sure &= planes[0] > _DARKEST * screen.luma
    sure = cv2.erode(sure.view(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    for _ in range(_ROUNDS):
        alone = filled(planes, sure, halved=False)
        behind = cv2.merge(alone)
        y, u, v = cv2.split(cv2.absdiff(small, behind))
        like = np.maximum(np.maximum(y, u), v) < _OFF * np.maximum(alone[0], 0.05)
        like &= amount > (1 - tolerance) * screen.amount(behind)
        sure = like.astype(np.float32)
    behind = cv2.resize(cv2.merge(filled(planes, sure, halved=False)), (wide, high))
    return behind, screen.amount(colours) / np.maximum(screen.amount(behind), 1e-3)
