"""What shots before a plate are put together from: subjects with alphas, and backgrounds.

Made once and kept in memory as bytes, so that a training step waits for little. Only footage that
shipped weights may see is read; what is not there is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator

from streamfx import Frame
from streamfx.media.reader import Reader
from streamfx.train.procedural import foreground, straightened
from streamfx.train.textures import Bytes, Floats, scene

SIDE = 448
"""Pixels along the longer side of a subject."""
_HELD_BACK = ("bbaf2n", "lwbsza")
"""Speakers of ``faces/grid`` that only the scores see."""
_CLIPS = (
    ("general/flower_960x540.mp4", 12),
    ("general/rooftop_640x360_30fps.mp4", 30),
    ("general/tears_of_steel_70s.webm", 20),
    ("general/multi_stream_nasa.mp4", 30),
    ("general/portrait_4k60_rotated.mp4", 9),
)
"""Backgrounds, and how many pictures lie between two that are taken."""


@dataclass(slots=True)
class Pool:
    """Ingredients, all of uint8."""

    subjects: list[tuple[Bytes, Bytes]]
    """Made by rule: colours ``(h, w, 3)``, straight, and alpha ``(h, w)``."""
    people: list[tuple[Bytes, Bytes]]
    """The same, off real pictures."""
    scenes: list[Bytes]
    """Backgrounds ``(h, w, 3)``."""


def gather(footage: Path, rng: Generator, made: int = 360, scenes: int = 120) -> Pool:
    """Return ingredients: ``made`` subjects by rule, and what the ``footage`` has."""
    subjects = [foreground(rng, SIDE) for _ in range(made)]
    people = [*_keyed(footage), *_photographed(footage)]
    backs = [*_filmed(footage), *_pictured(footage)]
    backs += [scene(rng, 480, 640) for _ in range(scenes)]
    return Pool(subjects, people, backs)


def keyed(picture: Bytes, screen: int) -> tuple[Bytes, Bytes]:
    """Pull a key: colours and alpha of what stands before a ``screen`` of one channel, 1 or 2.

    The screen's own colour is a smooth surface fitted to what is surely screen; alpha is how much
    of its excess is left (Vlahos' colour difference), colour what remains without the screen.
    """
    image = picture.astype(np.float32) / 255
    others = image[..., 0] if screen == 2 else image[..., [0, 2]].max(-1)
    excess = image[..., screen] - others
    sure = excess > 0.65 * float(np.quantile(excess, 0.85))
    sure = cv2.erode(sure.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    back = surface(image, sure)
    other = back[..., 0] if screen == 2 else back[..., [0, 2]].max(-1)
    left = excess / np.maximum(back[..., screen] - other, 0.05)
    alpha = np.clip((1 - left - 0.2) / 0.72, 0, 1)
    solid = (alpha > 0.8).astype(np.uint8)
    closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    outline, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(solid)
    cv2.drawContours(whole, [max(outline, key=cv2.contourArea)], -1, 1, -1)
    alpha[cv2.erode(whole, np.ones((15, 15), np.uint8)) > 0] = 1
    near = cv2.dilate(whole, np.ones((25, 25), np.uint8))
    alpha = (alpha * near).astype(np.float32)
    return straightened(np.clip(image - (1 - alpha[..., None]) * back, 0, 1), alpha)


def surface(image: Floats, where: Bytes) -> Floats:
    """Return a cubic surface for each channel, fitted to ``image`` ``(h, w, 3)`` ``where`` true."""
    high, wide = where.shape
    y, x = (g.astype(np.float32) for g in np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j])
    powers = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], -1)
    known, *_ = np.linalg.lstsq(powers[where][::7], image[where][::7], rcond=None)
    made: Floats = np.clip(powers @ known, 0, 1).astype(np.float32)
    return made


def pictures(path: Path, every: int = 1, most: int = 1000) -> Iterator[Bytes]:
    """Yield ``every`` so manieth picture of a clip or still, ``(h, w, 3)`` of uint8."""
    if not path.exists():
        return
    number = -1
    with Reader(str(path)) as reader:
        for item in reader:
            if not isinstance(item, Frame):
                continue
            number += 1
            if number % every == 0:
                yield _bytes(item)
            if number >= every * (most - 1):
                return


def _bytes(frame: Frame) -> Bytes:
    image = (frame.image[:3].clamp(0, 1) * 255 + 0.5).to(torch.uint8)
    made: Bytes = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    return made


def _keyed(footage: Path) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield people before a green screen and a blue wall."""
    for picture in pictures(footage / "matting/greenscreen_head.mp4", 3):
        yield keyed(picture[:484], 1)
    for clip in sorted((footage / "faces/grid").glob("*.mpg")):
        if clip.stem in _HELD_BACK:
            continue
        for picture in pictures(clip, 6):
            yield keyed(picture[4:-4, 4:-4], 2)


def _photographed(footage: Path) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield subjects of photos whose alpha, or outline, comes with them."""
    for image in sorted((footage / "matting/portraits_p3m/image").glob("*.jpg")):
        alpha = image.parent.parent / "alpha_ref" / f"{image.stem}.png"
        yield from _cut_out(image, alpha)
    lemur = footage / "matting/lemur"
    yield from _cut_out(lemur / "image.png", lemur / "alpha.png")
    for image in sorted((footage / "matting/more/street_people/image").glob("*.jpg"))[::4]:
        yield from _outlined(image, image.parent.parent / "labels" / f"{image.stem}.png")


def _cut_out(image: Path, alpha: Path) -> Iterator[tuple[Bytes, Bytes]]:
    for colours, matte in zip(pictures(image), pictures(alpha), strict=False):
        share = cv2.resize(matte[..., 0], colours.shape[1::-1], interpolation=cv2.INTER_AREA)
        by = min(1.0, 2 * SIDE / max(share.shape))
        colours, share = (
            cv2.resize(x, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
            for x in (colours, share)
        )
        solid: Floats = (share[..., None] > 250).astype(np.float32)
        own, _ = straightened(colours.astype(np.float32) / 255 * solid, solid[..., 0])
        weight = share[..., None] / np.float32(255)
        mixed = own + (colours.astype(np.float32) - own) * weight**2
        yield mixed.astype(np.uint8), share


def _outlined(image: Path, labels: Path) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield a person whose hard outline becomes a soft edge, a pixel and a half wide."""
    for colours, label in zip(pictures(image), pictures(labels), strict=False):
        mask: Floats = (label[..., 0] > 0).astype(np.float32)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        inner = cv2.erode(mask, np.ones((3, 3), np.uint8))
        own, _ = straightened(colours.astype(np.float32) / 255 * inner[..., None], inner)
        alpha = cv2.GaussianBlur(inner, (0, 0), 1.0)
        yield own, (alpha * 255 + 0.5).astype(np.uint8)


def _filmed(footage: Path) -> Iterator[Bytes]:
    for name, every in _CLIPS:
        for picture in pictures(footage / name, every):
            if picture.mean() > 12:  # no black leader
                yield _no_larger(picture)


def _pictured(footage: Path) -> Iterator[Bytes]:
    for folder in ("style/contents", "style/styles", "matting/portraits_p3m/image"):
        for path in sorted((footage / folder).glob("*.*")):
            yield from map(_no_larger, pictures(path))
    for path in sorted((footage / "matting/more/street_people/image").glob("*.jpg"))[1::2]:
        yield from pictures(path)
    yield from pictures(footage / "matting/room_people_and_empty_plate.mp4", 20, 3)


def _no_larger(picture: Bytes) -> Bytes:
    by = min(1.0, 900 / max(picture.shape))
    return cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
