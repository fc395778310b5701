"""Short clips of people before other scenes, with their true alpha, as a camera brings them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from streamfx.train.people_pool import People, Subject
from streamfx.train.textures import Bytes, Floats

KINDS = ("filmed", "photographed", "taken", "empty")
"""Keyed people and people off photos before another scene; photos as taken; nobody."""
_SHARES = (0.34, 0.16, 0.36, 0.14)
_SUBFRAMES = 3
"""Instants that a picture blurred by motion is the mean of."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip of T square pictures, all of uint8."""

    images: Bytes
    """``(T, S, S, 3)``, what the camera saw."""
    alphas: Bytes
    """``(T, S, S)``, the truth."""
    colours: Bytes
    """``(T, S, S, 3)``, the person's own colours; the picture where they are not known."""


@dataclass(slots=True)
class _View:
    """A square window onto a picture that moves with time."""

    centre: Floats
    side: float
    turn: float
    flip: bool
    drift: Floats
    zoom: float
    roll: float

    def at(self, instant: float, size: int) -> Floats:
        """Return the affine map ``(2, 3)`` from the picture to ``size`` pixels a side."""
        scale = size / (self.side * (1 + self.zoom * instant))
        angle = self.turn + self.roll * instant
        x, y = self.centre + self.drift * self.side * instant
        cos, sin = np.cos(angle), np.sin(angle)
        sides = np.diag([-scale if self.flip else scale, scale])
        turned = (np.array([[cos, -sin], [sin, cos]]) @ sides).astype(np.float32)
        shift = size / 2 - turned @ np.array([x, y], np.float32)
        return np.concatenate([turned, shift[:, None]], 1)


def clip(rng: Generator, people: People, frames: int, size: int) -> Clip:
    """Return one clip of a random kind."""
    kind = rng.choice(KINDS, p=_SHARES)
    if kind == "taken":
        return _taken(rng, people, frames, size)
    layers: list[Subject] = []
    if kind != "empty":
        from_which = people.filmed if kind == "filmed" else people.photographed
        layers.append(from_which[rng.integers(len(from_which))])
        if rng.random() < 0.15:
            layers.append(people.photographed[rng.integers(len(people.photographed))])
    colours, alphas = _background(rng, people, frames, size)
    for layer in reversed(layers):
        _laid(rng, layer, colours, alphas)
    return _seen(rng, *_merged(colours, alphas))


def watched(rng: Generator, film: Sequence[Bytes], frames: int, size: int) -> Clip:
    """Return a clip of a ``film`` ``(h, w, 3)``, as it was taken: nobody knows its alpha."""
    pace = int(rng.integers(1, 3))
    first = int(rng.integers(max(1, len(film) - pace * frames)))
    taken = [film[min(first + t * pace, len(film) - 1)] for t in range(frames)]
    view = _inside(rng, taken[0].shape[0], taken[0].shape[1], 0.5)
    view.drift *= 0
    to = view.at(0, size)
    shown = np.stack([_warped(each, to, size, cv2.BORDER_REFLECT_101) for each in taken])
    return Clip(shown, np.zeros(shown.shape[:3], np.uint8), shown)


def _taken(rng: Generator, people: People, frames: int, size: int) -> Clip:
    """Return a photo as it was taken, seen by a camera that moves a little."""
    taken = people.taken
    subject = taken[rng.integers(len(taken))]
    picture, alpha = subject.pictures[0], subject.alphas[0]
    view = _inside(rng, picture.shape[0], picture.shape[1], 0.35)
    view.drift *= 0.5
    images, alphas = [], []
    for t in range(frames):
        to = view.at(t - (frames - 1) / 2, size)
        images.append(_warped(picture, to, size, cv2.BORDER_REFLECT_101))
        alphas.append(_warped(alpha, to, size, cv2.BORDER_REFLECT_101))
    shown = np.stack(images).astype(np.float32) / 255
    return _seen(rng, shown, np.stack(alphas), shown)


def _background(
    rng: Generator, people: People, frames: int, size: int
) -> tuple[list[list[Floats]], list[list[Floats]]]:
    """Return the layers of each frame, the scene alone so far: colours in [0, 1], and alphas."""
    scene = people.scenes[rng.integers(len(people.scenes))]
    view = _inside(rng, scene.shape[0], scene.shape[1], 0.5)
    sharp = rng.random() < 0.6
    away = rng.uniform(0.5, 4.0)
    tone = _tone(rng)
    layers = []
    for t in range(frames):
        to = view.at(t - (frames - 1) / 2, size)
        shown = _warped(scene, to, size, cv2.BORDER_REFLECT_101)
        shown = shown if sharp else cv2.GaussianBlur(shown, (0, 0), away)
        layers.append([_toned(shown, tone)])
    return layers, [[np.ones((size, size), np.float32)] for _ in range(frames)]


def _laid(
    rng: Generator, subject: Subject, colours: list[list[Floats]], alphas: list[list[Floats]]
) -> None:
    """Lay a subject on each frame, with the shadow that it throws."""
    frames, size = len(colours), len(alphas[0][0])
    count = len(subject.alphas)
    high, wide = subject.alphas[0].shape
    view = _around(rng, high, wide, full=count == 1)
    pace = int(rng.integers(1, 4))
    first = int(rng.integers(count))
    blurred = rng.random() < 0.35
    tone = _tone(rng)
    shade = rng.uniform(0, 0.5) if rng.random() < 0.5 else 0.0
    cast = np.array(
        [[1, 0, rng.uniform(-0.1, 0.1) * size], [0, 1, rng.uniform(0, 0.1) * size]], np.float32
    )
    for t in range(frames):
        at = (first + t * pace) % (2 * count)
        at = min(at, 2 * count - 1 - at)  # to and fro
        steps = np.linspace(-0.3, 0.3, _SUBFRAMES) if blurred else np.zeros(1)
        total, cover = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
        for step in steps:
            to = view.at(t - (frames - 1) / 2 + step, size)
            own = _toned(_warped(subject.colours[at], to, size, cv2.BORDER_REPLICATE), tone)
            alpha = _warped(subject.alphas[at], to, size, cv2.BORDER_CONSTANT).astype(np.float32)
            alpha /= 255
            total += own * (alpha[..., None] + 1e-4)
            cover += alpha
        own = total / (cover + 1e-4 * len(steps))[..., None]
        cover /= len(steps)
        if shade:
            thrown = cv2.GaussianBlur(cv2.warpAffine(cover, cast, (size, size)), (0, 0), size / 16)
            colours[t][0] = colours[t][0] * (1 - shade * thrown[..., None])
        colours[t].append(own)
        alphas[t].append(cover)


def _merged(
    colours: list[list[Floats]], alphas: list[list[Floats]]
) -> tuple[Floats, Bytes, Floats]:
    """Return pictures, alphas and the colours of whoever stands in front, for all frames."""
    shown, covers, owns = [], [], []
    for layers, shares in zip(colours, alphas, strict=True):
        picture, cover = layers[0], np.zeros_like(shares[0])
        own = layers[0]
        for layer, share in zip(layers[1:], shares[1:], strict=True):
            over = share[..., None]
            picture = layer * over + picture * (1 - over)
            total = share + cover * (1 - share)
            mixed = (layer * over + own * (cover * (1 - share))[..., None]) / np.maximum(
                total, 1e-3
            )[..., None]
            own = np.where(total[..., None] > 1e-3, mixed, picture)
            cover = total
        shown.append(picture)
        covers.append(cover)
        owns.append(own)
    return np.stack(shown), (np.stack(covers) * 255 + 0.5).astype(np.uint8), np.stack(owns)


def _seen(rng: Generator, shown: Floats, alphas: Bytes, owns: Floats) -> Clip:
    """Return a clip as a camera brings it: soft, noisy, compressed."""
    by = rng.uniform(0.4, 0.9) if rng.random() < 0.3 else 1.0
    grain = abs(rng.normal(0, 5)) if rng.random() < 0.7 else 0.0
    quality = int(rng.integers(35, 96)) if rng.random() < 0.7 else 0
    size = shown.shape[1]
    images = []
    for picture in np.clip(shown, 0, 1):
        made = picture * 255
        if by < 1:
            small = cv2.resize(made, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
            made = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        if grain:
            made = made + rng.standard_normal(made.shape, np.float32) * grain
        byte = np.clip(made + 0.5, 0, 255).astype(np.uint8)
        if quality:
            _, packed = cv2.imencode(".jpg", byte, [cv2.IMWRITE_JPEG_QUALITY, quality])
            byte = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        images.append(byte)
    colours = (np.clip(owns, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Clip(np.stack(images), alphas, colours)


def _inside(rng: Generator, high: int, wide: int, least: float) -> _View:
    """Return a view that lies inside a picture, as long as it does not move."""
    side = min(high, wide) * rng.uniform(least, 1.0)
    slack = np.array([wide - side, high - side], np.float32) / 2
    centre = np.array([wide, high], np.float32) / 2 + slack * rng.uniform(-1, 1, 2).astype(
        np.float32
    )
    return _moving(rng, centre, side)


def _around(rng: Generator, high: int, wide: int, full: bool) -> _View:
    """Return a view of a subject: all of it or a part; below a bust it never looks."""
    side = max(high, wide) * np.exp(rng.uniform(np.log(0.45), np.log(1.8)))
    x = wide * (0.5 + rng.normal(0, 0.12)) + rng.normal(0, 0.15) * side
    y = rng.uniform(0.0, 1.0) * high if full else high - side * rng.uniform(0.5, 0.62)
    return _moving(rng, np.array([x, y], np.float32), side)


def _moving(rng: Generator, centre: Floats, side: float) -> _View:
    pace = 0.08 if rng.random() < 0.15 else 0.015
    return _View(
        centre,
        side,
        turn=rng.normal(0, 0.08),
        flip=bool(rng.random() < 0.5),
        drift=(rng.normal(0, 1, 2) * pace).astype(np.float32),
        zoom=rng.normal(0, 0.01),
        roll=rng.normal(0, 0.01),
    )


def _warped(picture: Bytes, to: Floats, size: int, border: int) -> Bytes:
    scale = float(np.hypot(to[0, 0], to[0, 1]))
    if scale < 0.6:  # or it aliases
        less = 2 * scale
        picture = cv2.resize(picture, None, fx=less, fy=less, interpolation=cv2.INTER_AREA)
        to = to.copy()
        to[:, :2] /= less
    made = cv2.warpAffine(picture, to, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(made, np.uint8)


def _tone(rng: Generator) -> Floats:
    """Return a curve of 256 values for each of R'G'B': exposure, contrast and white balance."""
    level = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.05, 3))
    made: Floats = np.clip(level ** np.exp(rng.normal(0, 0.2)) * gain, 0, 1).astype(np.float32)
    return made


def _toned(picture: Bytes, tone: Floats) -> Floats:
    return np.stack([tone[:, c][picture[..., c]] for c in range(3)], -1)
