"""Made-up subjects with exact soft alphas: hair, fur, leaves, nets, glass, toys, blurred motion.

Hand-made mattes are never exact along hair. These are, because the coverage is known: a subject
is drawn at several times its size without anti-aliasing, and alpha is the share of covered samples.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from streamfx.train.textures import Bytes, Floats, colour, field, texture

_OVER = 3
"""Samples for each pixel along either side."""
_SHADES = 60
"""Shades of the strands of one growth of hair."""


class Canvas:
    """A subject in the making: colours and where they are, at ``_OVER`` times the size."""

    def __init__(self, rng: Generator, size: int) -> None:
        self.rng = rng
        self.size = size
        """Side of what comes out, in pixels."""
        self.side = size * _OVER
        """Side of the canvas, in samples."""
        self.colours: Bytes = np.zeros((self.side, self.side, 3), np.uint8)
        self.cover: Bytes = np.zeros((self.side, self.side), np.uint8)

    def skin(self) -> Bytes:
        """Return a texture as large as the canvas, made at a third of the size: it is cheap."""
        small = texture(self.rng, self.size, self.size)
        return cv2.resize(small, (self.side, self.side), interpolation=cv2.INTER_LINEAR)

    def paint(self, mask: Bytes, skin: Bytes) -> None:
        """Lay a textured shape on what is there; ``mask`` is 255 where it is."""
        cv2.copyTo(skin, mask, self.colours)
        np.maximum(self.cover, mask, out=self.cover)

    def lines(self, points: Floats, tint: Floats, width: int) -> None:
        """Draw strands through ``points`` ``(count, N, 2)``, ``width`` samples wide."""
        paths = list(np.round(points).astype(np.int32))
        cv2.polylines(self.colours, paths, False, tint.tolist(), width)
        cv2.polylines(self.cover, paths, False, 255, width)

    def finished(self) -> tuple[Bytes, Bytes]:
        """Return colours ``(size, size, 3)``, straight, and alpha ``(size, size)``, of uint8."""
        cover = self.cover[..., None] > 0
        made = np.where(cover, self.colours, 0)
        size = (self.size, self.size)
        summed = cv2.resize(made.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(cover.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return straightened(summed / 255, alpha)


def foreground(rng: Generator, size: int) -> tuple[Bytes, Bytes]:
    """Return a made-up subject: colours ``(size, size, 3)`` and alpha ``(size, size)``, of uint8.

    Colour is straight, and goes on under alpha 0, so both may be scaled and turned as they are.
    """
    canvas = Canvas(rng, size)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        _KINDS[rng.choice(len(_KINDS), p=_ODDS)](canvas)
    colours, alpha = canvas.finished()
    if rng.random() < 0.15:
        alpha = _glass(rng, alpha)
    if rng.random() < 0.25:
        colours, alpha = _smeared(rng, colours, alpha)
    return colours, alpha


def straightened(summed: Floats, alpha: Floats) -> tuple[Bytes, Bytes]:
    """Return straight colours and alpha of uint8, of premultiplied ones in [0, 1].

    Colour is filled in where nothing is, from what is near: pulled up a pyramid and pushed down
    again (Gortler et al. 1996, "The Lumigraph").
    """
    known = np.concatenate([summed, alpha[..., None]], -1)
    filled = _pushed(known)
    colours = np.where(alpha[..., None] > 0.02, known[..., :3], filled[..., :3])
    weight = np.where(alpha[..., None] > 0.02, known[..., 3:], filled[..., 3:])
    straight = np.clip(colours / np.maximum(weight, 1e-4), 0, 1)
    return (straight * 255 + 0.5).astype(np.uint8), (alpha * 255 + 0.5).astype(np.uint8)


def _pushed(known: Floats) -> Floats:
    high, wide = known.shape[:2]
    if max(high, wide) == 1:
        return known + np.array([1e-6, 1e-6, 1e-6, 2e-6], np.float32)
    half = ((wide + 1) // 2, (high + 1) // 2)
    below = _pushed(cv2.resize(known, half, interpolation=cv2.INTER_AREA))
    below = cv2.resize(below, (wide, high), interpolation=cv2.INTER_LINEAR)
    open_ = 1 - np.clip(known[..., 3:], 0, 1)
    made: Floats = known + open_ * below / np.maximum(below[..., 3:], 1e-6)
    return made


def _blob(canvas: Canvas, reach: float = 1.0) -> Bytes:
    """Return the mask of a round thing with a wavy outline, somewhere on the canvas."""
    rng, side = canvas.rng, canvas.side
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(1, rng.integers(2, 8)):
        radius += rng.normal(0, 0.22 / wave) * np.cos(wave * angle + rng.uniform(0, 6.3))
    middle = rng.uniform(0.25, 0.75, 2) * side
    scale = rng.uniform(0.12, 0.45, 2) * side * reach
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None] * scale + middle
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255)
    return mask


def _toy(canvas: Canvas) -> None:
    """Put together a few hard shapes, with holes: toys, tools, bags."""
    rng, side = canvas.rng, canvas.side
    for _ in range(rng.integers(1, 6)):
        mask = _blob(canvas, rng.uniform(0.3, 1))
        if rng.random() < 0.4:
            mask[:] = 0
            box = rng.uniform(0.25, 0.75, 2) * side, rng.uniform(0.05, 0.5, 2) * side
            corners = cv2.boxPoints((*box, float(rng.uniform(0, 180))))  # type: ignore[arg-type]
            cv2.fillPoly(mask, [corners.astype(np.int32)], 255)
        if rng.random() < 0.3:
            mask[_blob(canvas, rng.uniform(0.1, 0.5)) > 0] = 0
        canvas.paint(mask, canvas.skin())
    if rng.random() < 0.2:
        canvas.cover[_blob(canvas, rng.uniform(0.1, 0.4)) > 0] = 0


def _hairy(canvas: Canvas) -> None:
    """Draw a body and the hair or fur that stands out from it, in tufts or all around."""
    rng = canvas.rng
    body = _blob(canvas)
    skin = canvas.skin()
    canvas.paint(body, skin)
    rim, _ = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    own = skin.reshape(-1, 3)[rng.integers(0, skin.size // 3)]
    tint = own.astype(np.float32) if rng.random() < 0.5 else colour(rng) * 255
    _grow(canvas, rim[0][:, 0].astype(np.float32), tint, 10 ** rng.uniform(1.8, 3.7), 0.35)


def _wild(canvas: Canvas) -> None:
    """Draw a head of long, thin, loose hair: thousands of strands with the scene between them."""
    rng, side = canvas.rng, canvas.side
    body = _blob(canvas, rng.uniform(0.4, 0.8))
    canvas.paint(body, canvas.skin())
    rim, _ = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    places = rim[0][:, 0].astype(np.float32)
    start, share = rng.integers(len(places)), rng.uniform(0.2, 1)
    places = np.roll(places, start, 0)[: max(8, int(share * len(places)))]
    for _ in range(rng.integers(1, 4)):
        tint = colour(rng) * 255
        _grow(canvas, places, tint, 10 ** rng.uniform(2.8, 3.5), 0.2, side * rng.uniform(0.1, 0.45))


def _grow(
    canvas: Canvas, places: Floats, tint: Floats, count: float, spread: float, length: float = 0
) -> None:
    """Let about ``count`` strands stand out from ``places`` ``(N, 2)``, samples long."""
    rng, side = canvas.rng, canvas.side
    length = length or side * 10 ** rng.uniform(-1.7, -0.5)
    curl, lean, thick = rng.uniform(0, 1.2), rng.uniform(-0.8, 0.8), int(rng.integers(2, 5))
    roots = places[rng.integers(0, len(places), int(count))]
    away = roots - places.mean(0)
    angle = np.arctan2(away[:, 1], away[:, 0]) + lean + rng.normal(0, spread, len(roots))
    column, row = np.clip(roots / side * 63, 0, 63).astype(int).T
    reach = (
        length * rng.uniform(0.3, 1.2, len(roots)) * (0.3 + field(rng, 64, 64, 4, 2)[row, column])
    )
    strands = _strands(rng, roots, angle, reach, curl)
    for part in np.array_split(strands, min(_SHADES, len(strands))):
        shade = np.clip(tint * rng.normal(1, 0.18), 0, 255)
        canvas.lines(part, shade, int(rng.integers(1, thick)))


def _strands(rng: Generator, roots: Floats, angle: Floats, reach: Floats, curl: float) -> Floats:
    """Return points ``(count, N, 2)`` of bent hairs, one from each root ``(count, 2)``."""
    count, joints = len(roots), 12
    bends = rng.normal(0, curl * 0.25, (count, joints)) + rng.normal(0, curl * 0.12, (count, 1))
    turns = angle[:, None] + np.cumsum(bends, 1)
    steps = np.stack([np.cos(turns), np.sin(turns)], -1) * (reach / joints)[:, None, None]
    made: Floats = np.concatenate([roots[:, None], roots[:, None] + np.cumsum(steps, 1)], 1)
    return made


def _plant(canvas: Canvas) -> None:
    """Grow stalks with leaves on them."""
    rng, side = canvas.rng, canvas.side
    skin, tint = canvas.skin(), colour(rng) * 255
    slim = rng.uniform(0.1, 0.6)
    for _ in range(rng.integers(2, 16)):
        root = np.array([rng.uniform(0.2, 0.8), rng.uniform(0.5, 1.0)]) * side
        angle, reach = rng.normal(-1.57, 0.7, 1), rng.uniform(0.2, 0.8, 1) * side
        (stalk,) = _strands(rng, root[None], angle, reach, 0.8)
        canvas.lines(stalk[None], tint, int(rng.integers(1, 8)))
        mask = np.zeros((side, side), np.uint8)
        for joint in stalk[rng.integers(0, 3) :: rng.integers(1, 4)]:
            long = side * rng.uniform(0.01, 0.08)
            turn = rng.uniform(0, 360)
            axes = (int(long) + 1, int(long * slim) + 1)
            middle = (int(joint[0]), int(joint[1]))
            cv2.ellipse(mask, middle, axes, turn, 0, 360, 255, -1)
        canvas.paint(mask, np.roll(skin, int(rng.integers(0, side)), 0))


def _net(canvas: Canvas) -> None:
    """Draw a bent mesh of threads: nets, lace, fences, baskets; within a shape or all over."""
    rng, side = canvas.rng, canvas.side
    step = rng.uniform(0.012, 0.09) * side
    bend = (np.stack([field(rng, 65, 65, 3, 2) for _ in range(2)], -1) - 0.5) * 6 * step
    width, tint = int(rng.integers(1, 3 + int(step / 8))), colour(rng) * 255
    along = np.linspace(0, side - 1, 65, dtype=np.float32)
    index = np.arange(65)
    for place in np.arange(0, side, step):
        row = min(64, int(place / side * 64))
        shade = np.clip(tint * rng.normal(1, 0.1), 0, 255)
        across = np.full_like(along, place)
        for line, bent in (
            ([along, across], bend[row, index]),
            ([across, along], bend[index, row]),
        ):
            canvas.lines((np.stack(line, 1) + bent)[None], shade, width)
    if rng.random() < 0.8:
        canvas.cover[_blob(canvas, 1.2) == 0] = 0


def _glass(rng: Generator, alpha: Bytes) -> Bytes:
    """Make a subject see-through, here more and there less: glass, veil, smoke."""
    high, wide = alpha.shape[:2]
    thin = rng.uniform(0.1, 0.7) + rng.uniform(0, 0.6) * field(rng, high, wide, 3, 3)
    if rng.random() < 0.6:
        part = field(rng, high, wide, 2, 2)
        thin = np.maximum(thin, np.clip((part - 0.5) * 20, 0, 1))
    return (alpha * np.clip(thin, 0, 1)).astype(np.uint8)


def _smeared(rng: Generator, colours: Bytes, alpha: Bytes) -> tuple[Bytes, Bytes]:
    """Blur a subject by motion or by focus, colours weighted by alpha."""
    share = alpha.astype(np.float32)[..., None] / 255
    both = np.concatenate([colours.astype(np.float32) / 255 * share, share], -1)
    if rng.random() < 0.5:
        both = cv2.GaussianBlur(both, (0, 0), float(rng.uniform(0.5, 5)))
    else:
        long = int(rng.integers(3, 31)) | 1
        kernel: Floats = np.zeros((long, long), np.float32)
        turn = cv2.getRotationMatrix2D((long // 2, long // 2), float(rng.uniform(0, 180)), 1)
        kernel[long // 2] = 1
        kernel = cv2.warpAffine(kernel, turn, (long, long))
        both = cv2.filter2D(both, -1, kernel / kernel.sum())
    return straightened(both[..., :3], both[..., 3])


_KINDS: tuple[Callable[[Canvas], None], ...] = (_toy, _hairy, _wild, _plant, _net)
_ODDS = (0.22, 0.2, 0.33, 0.15, 0.1)
