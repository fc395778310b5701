"""Pictures of no place: textures made by rule, as backgrounds and as skins of made-up subjects."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Bytes = NDArray[Any]
"""Of uint8."""
Floats = NDArray[Any]
"""Of float32."""


def field(rng: Generator, high: int, wide: int, cells: float, octaves: int = 4) -> Floats:
    """Return smooth noise ``(high, wide)`` in [0, 1], about ``cells`` bumps along the longer side.

    Octaves of value noise (Perlin 1985, in its cheapest form), each twice as fine and half as
    strong; the lowest value becomes 0 and the highest 1.
    """
    made = np.zeros((high, wide), np.float32)
    for octave in range(octaves):
        fine = cells * 2**octave / max(high, wide)
        size = max(2, round(high * fine)), max(2, round(wide * fine))
        if min(size) > min(high, wide):
            break
        rough = rng.random(size, np.float32)
        made += cv2.resize(rough, (wide, high), interpolation=cv2.INTER_CUBIC) / 2**octave
    low, top = float(made.min()), float(made.max())
    made -= low
    made /= max(top - low, 1e-6)
    return made


def colour(rng: Generator) -> Floats:
    """Return one R'G'B' ``(3,)`` in [0, 1]: often dull, sometimes vivid, as things are."""
    grey = rng.beta(1.3, 1.5)
    vivid = rng.beta(1.0, 2.2)
    made: Floats = np.clip(grey + vivid * rng.uniform(-0.7, 0.7, 3), 0, 1).astype(np.float32)
    return made


def texture(rng: Generator, high: int, wide: int) -> Bytes:
    """Return one texture ``(high, wide, 3)`` of uint8."""
    kinds = (_mottled, _striped, _checked, _shaded, _grainy, _written)
    made = kinds[rng.integers(len(kinds))](rng, high, wide)
    shade = 0.6 + 0.6 * field(rng, high, wide, rng.uniform(0.5, 2), 2)
    if rng.random() < 0.6:
        made = made * shade[..., None]
    whole: Bytes = np.ascontiguousarray(np.clip(made, 0, 1) * 255 + 0.5, np.uint8)
    return whole


def scene(rng: Generator, high: int, wide: int) -> Bytes:
    """Return a cluttered background ``(high, wide, 3)``: textures in patches before one another."""
    made = np.ascontiguousarray(texture(rng, high, wide))
    for _ in range(rng.integers(0, 14)):
        y, x = rng.integers(0, high), rng.integers(0, wide)
        h, w = (int(side * rng.uniform(0.05, 0.5)) + 8 for side in (high, wide))
        part = made[y : y + h, x : x + w]
        if rng.random() < 0.5:
            part[:] = texture(rng, h, w)[: part.shape[0], : part.shape[1]]
        else:
            middle = int(part.shape[1] / 2), int(part.shape[0] / 2)
            tint = (colour(rng) * 255).tolist()
            cv2.ellipse(made, (int(x) + middle[0], int(y) + middle[1]), middle, 0, 0, 360, tint, -1)
    if rng.random() < 0.5:
        made = cv2.GaussianBlur(made, (0, 0), float(rng.uniform(0.5, 4)))
    return made


def _mottled(rng: Generator, high: int, wide: int) -> Floats:
    """Return two to four colours that run into one another."""
    made: Floats = np.broadcast_to(colour(rng), (high, wide, 3)).astype(np.float32)
    for _ in range(rng.integers(1, 4)):
        share = field(rng, high, wide, 2 ** rng.uniform(0, 6))
        if rng.random() < 0.4:
            share = np.clip((share - 0.5) * rng.uniform(3, 20) + 0.5, 0, 1)
        made = made + share[..., None] * (colour(rng) - made)
    return made


def _striped(rng: Generator, high: int, wide: int) -> Floats:
    """Return two colours in bent stripes: cloth, blinds, wood."""
    angle = rng.uniform(0, np.pi)
    y, x = _places(high, wide)
    along = x * np.cos(angle) + y * np.sin(angle)
    bend = field(rng, high, wide, 3, 2) * rng.uniform(0, 40)
    wave = np.sin((along + bend) * (2 * np.pi / rng.uniform(3, 60)))
    share = np.clip(wave * rng.uniform(0.5, 6) + 0.5, 0, 1)[..., None]
    one, other = colour(rng), colour(rng)
    made: Floats = one + share * (other - one)
    return made


def _checked(rng: Generator, high: int, wide: int) -> Floats:
    """Return tiles or bricks with joints, each of a colour near the same."""
    side = rng.integers(6, 60)
    long = int(side * rng.uniform(1, 3))
    rows, columns = high // side + 2, wide // long + 2
    tiles = np.clip(colour(rng) + rng.normal(0, 0.08, (rows, columns, 3)), 0, 1)
    made = np.repeat(np.repeat(tiles, side, 0), long, 1)[:high, :wide].astype(np.float32)
    joint = colour(rng)
    made[::side] = joint
    made[:, ::long] = joint
    return made


def _shaded(rng: Generator, high: int, wide: int) -> Floats:
    """Return a plain wall: one colour in a light that changes across it."""
    y, x = _places(high, wide)
    slope = x * rng.uniform(-1, 1) / wide + y * rng.uniform(-1, 1) / high
    made: Floats = np.clip(colour(rng) + 0.4 * slope[..., None], 0, 1)
    return made


def _grainy(rng: Generator, high: int, wide: int) -> Floats:
    """Return gravel, carpet, leaves: fine grains in the colours of a few."""
    grains: Floats = rng.random((high, wide, 3), np.float32)
    grains = cv2.GaussianBlur(grains, (0, 0), float(rng.uniform(0.6, 2.5)))
    grains = (grains - grains.mean()) / (grains.std() + 1e-6)
    grains = grains.mean(-1, keepdims=True) * 0.8 + grains * 0.2
    made: Floats = _mottled(rng, high, wide) * (1 + rng.uniform(0.05, 0.4) * grains)
    return made


def _places(high: int, wide: int) -> Floats:
    """Return the row and the column of each pixel, ``(2, high, wide)``."""
    made: Floats = np.mgrid[0:high, 0:wide].astype(np.float32)
    return made


def _written(rng: Generator, high: int, wide: int) -> Floats:
    """Return lines and letters on a plain ground: posters, shelves, print."""
    made = (_shaded(rng, high, wide) * 255).astype(np.uint8)
    for _ in range(rng.integers(5, 40)):
        tint = (colour(rng) * 255).tolist()
        a, b = ((int(rng.integers(0, wide)), int(rng.integers(0, high))) for _ in range(2))
        if rng.random() < 0.5:
            word = "".join(chr(c) for c in rng.integers(65, 91, rng.integers(2, 8)))
            size = float(rng.uniform(0.4, 3))
            cv2.putText(made, word, a, cv2.FONT_HERSHEY_DUPLEX, size, tint, 2, cv2.LINE_AA)
        else:
            cv2.line(made, a, b, tint, int(rng.integers(1, 8)), cv2.LINE_AA)
    floats: Floats = made.astype(np.float32) / 255
    return floats
