"""Shots before a plate, made up: composites as a shaken, noisy camera would take them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from streamfx.train.plate_pool import Pool
from streamfx.train.textures import Bytes, Floats, field


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture, its plate as aligned and relit, and the truth. All float32 in [0, 1]."""

    image: Floats
    """``(S, S, 3)``, what the camera took."""
    plate: Floats
    """``(S, S, 3)``, as well as it could be fitted to that."""
    alpha: Floats
    """``(S, S)``."""
    colour: Floats
    """``(S, S, 3)``, the subject's own."""
    before: Floats
    """``(S, S)``, what the matte of the frame before may have been; 0.5: none known."""


def shot(rng: Generator, pool: Pool, side: int) -> Shot:
    """Return a made-up shot, ``side`` pixels square."""
    back = _background(rng, pool, side)
    colour, alpha = _subject(rng, pool, side, back)
    lit = back * _shade(rng, alpha)[..., None]
    share = alpha[..., None]
    clean = colour * share + lit * (1 - share)
    plate = _aligned(rng, back)
    grain, press = 10 ** rng.uniform(-2.8, -1.4), rng.random() < 0.5
    quality = int(rng.integers(35, 97))
    soft = rng.uniform(0.3, 0.9) if rng.random() < 0.4 else 0.0
    image = captured(rng, clean, grain, soft, quality if press else None)
    calm = rng.choice([1.0, 0.4])
    plate = captured(rng, plate, grain * calm, soft, quality if press else None)
    before = _before(rng, alpha)
    return Shot(image, _relit(rng, plate), alpha, colour, before)


def captured(
    rng: Generator, image: Floats, grain: float, soft: float, quality: int | None
) -> Floats:
    """Return an image as a camera would record it: lens, sensor noise, compression with 4:2:0.

    Noise grows with the light (a Poisson and a Gaussian part), and some of it is in coarse grains
    of colour, as what in-camera denoising leaves.
    """
    made = cv2.GaussianBlur(image, (0, 0), soft) if soft else image.copy()
    level = grain * np.sqrt(0.3 + 0.7 * np.clip(made, 0, 1))
    noise = rng.standard_normal(made.shape, np.float32)
    if rng.random() < 0.4:
        noise = cv2.GaussianBlur(noise, (0, 0), 0.8) * 2.2
    made += noise * level
    made = np.clip(made, 0, 1)
    if quality is None:
        return made
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, packed = cv2.imencode(".jpg", (made[..., ::-1] * 255 + 0.5).astype(np.uint8), flags)
    read = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert read is not None
    return read[..., ::-1].astype(np.float32) / 255


def _background(rng: Generator, pool: Pool, side: int) -> Floats:
    """Return a crop of some scene, turned into its own mirror image or not."""
    picture = pool.scenes[rng.integers(len(pool.scenes))]
    high, wide = picture.shape[:2]
    reach = min(side * rng.uniform(0.5, 1.6), high - 1, wide - 1)
    y, x = rng.uniform(0, high - reach), rng.uniform(0, wide - reach)
    part = picture[int(y) : int(y + reach), int(x) : int(x + reach)]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    way = cv2.INTER_AREA if reach > side else cv2.INTER_CUBIC
    made = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=way)
    return _graded(rng, made.astype(np.float32) / 255, 0.35)


def _subject(rng: Generator, pool: Pool, side: int, back: Floats) -> tuple[Floats, Floats]:
    """Return colours and alpha of a subject, or of two, or of none."""
    alpha = np.zeros((side, side), np.float32)
    colour = np.zeros((side, side, 3), np.float32)
    if rng.random() < 0.05:
        return colour, alpha
    for _ in range(2 if rng.random() < 0.15 else 1):
        own, share = _placed(rng, pool, side)
        if rng.random() < 0.08:  # a subject in the colours of what is behind it
            turned = np.roll(back[::-1], int(rng.integers(side)), 1)
            own = own + rng.uniform(0.5, 1) * (turned - own)
        kept = alpha * (1 - share)
        whole = share + kept
        mix = (share / np.maximum(whole, 1e-4))[..., None]
        colour = np.where(whole[..., None] > 0, colour + mix * (own - colour), own)
        alpha = whole
    return colour, alpha


def _placed(rng: Generator, pool: Pool, side: int) -> tuple[Floats, Floats]:
    """Return one subject, scaled, turned and moved."""
    kinds = pool.people if pool.people and rng.random() < 0.4 else pool.subjects
    own, share = kinds[rng.integers(len(kinds))]
    high, wide = share.shape
    scale = side / max(high, wide) * 2 ** rng.uniform(-0.5, 1.2)
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), float(rng.normal(0, 15)), scale)
    if rng.random() < 0.5:
        own, share = own[:, ::-1], share[:, ::-1]
    aim = _aim(rng, share)
    moved = turn[:, :2] @ aim + turn[:, 2]
    turn[:, 2] += rng.uniform(0.2, 0.8, 2) * side - moved
    size, way = (side, side), cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    own, share = (np.ascontiguousarray(x) for x in (own, share))
    if scale < 0.6:  # warping alone would alias
        half = turn.copy()
        half[:, :2] *= 2
        own, share = (
            cv2.resize(x, (wide // 2, high // 2), interpolation=way) for x in (own, share)
        )
        turn = half
    colour = cv2.warpAffine(own, turn, size, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(share, turn, size)
    graded = _graded(rng, colour.astype(np.float32) / 255, 0.6)
    return graded, alpha.astype(np.float32) / 255


def _aim(rng: Generator, share: Bytes) -> Floats:
    """Return a place ``(x, y)`` in a subject; most often one on its edge."""
    places = np.argwhere((share[::4, ::4] > 20) & (share[::4, ::4] < 235))
    if len(places) < 10 or rng.random() < 0.25:
        return np.array([share.shape[1] / 2, share.shape[0] / 2], np.float32)
    y, x = places[rng.integers(len(places))] * 4
    return np.array([x, y], np.float32)


def _graded(rng: Generator, image: Floats, strength: float) -> Floats:
    """Return an image in another exposure, tone and colour."""
    if rng.random() > strength:
        return image
    gain = 2 ** (rng.normal(0, 0.35) + rng.normal(0, 0.1, 3)).astype(np.float32)
    tone = np.float32(2 ** rng.normal(0, 0.3))
    made: Floats = np.clip(np.power(image, tone, dtype=np.float32) * gain, 0, 1)
    return made


def _shade(rng: Generator, alpha: Floats) -> Floats:
    """Return how much of the light is left behind a subject: it casts a shadow, lamps change."""
    side = len(alpha)
    left = np.ones_like(alpha)
    if rng.random() < 0.55:
        x, y = rng.normal(0, 0.1, 2) * side
        move = np.array([[1, 0, x], [0, 1, y]])
        cast = cv2.warpAffine(alpha, move, (side, side), borderMode=cv2.BORDER_REPLICATE)
        small = cv2.resize(cast, (side // 4, side // 4), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.5, 10)))
        left -= rng.uniform(0.05, 0.5) * cv2.resize(small, (side, side))
    if rng.random() < 0.4:
        left *= 1 + rng.uniform(0, 0.12) * (field(rng, side, side, 2, 2) - 0.5)
    return left


def _aligned(rng: Generator, plate: Floats) -> Floats:
    """Return a plate that was aligned, but never quite: off by some tenths of a pixel, or more."""
    side = len(plate)
    reach = rng.choice([0.0, 0.2, 0.5, 1.2], p=[0.15, 0.35, 0.35, 0.15])
    corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    moved = corners + rng.normal(0, reach, 2) + rng.normal(0, reach / 3, (4, 2))
    way = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    made: Floats = cv2.warpPerspective(
        plate, way, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return made


def _relit(rng: Generator, plate: Floats) -> Floats:
    """Return a plate whose light was fitted to the picture's, but never quite."""
    off = rng.choice([0.0, 0.008, 0.02, 0.05], p=[0.2, 0.4, 0.3, 0.1])
    gain = 1 + rng.normal(0, off) + rng.normal(0, off / 2, 3)
    lift = rng.normal(0, off / 3, 3)
    made: Floats = plate * gain.astype(np.float32) + lift.astype(np.float32)
    np.clip(made, 0, 1, out=made)
    return made


def _before(rng: Generator, alpha: Floats) -> Floats:
    """Return what the matte before may have been: none, or this one moved, holed and blurred."""
    if rng.random() < 0.5:
        return np.full_like(alpha, 0.5)
    side = len(alpha)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.normal(0, 3)), 1)
    turn[:, 2] = turn[:, 2] + rng.normal(0, rng.choice([1, 4, 15]), 2)
    made = cv2.warpAffine(alpha, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.4:
        wrong = np.clip((field(rng, side, side, 4, 2) - rng.uniform(0.55, 0.9)) * 20, 0, 1)
        made = np.abs(made - wrong) if rng.random() < 0.5 else made * (1 - wrong)
    if rng.random() < 0.5:
        made = cv2.GaussianBlur(made, (0, 0), float(rng.uniform(0.5, 5)))
    return np.ascontiguousarray(made, np.float32)
