"""Triplets for interpolation: two pictures, one between them, and the flow that the node finds.

Off films, at several speeds; and put together by rule, where everything moves as it was told. Only
footage that shipped weights may see is read; what is not there is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator

from streamfx.errors import SourceError
from streamfx.nodes.interpolate._dense import Dense
from streamfx.train.plate_pool import pictures
from streamfx.train.procedural import foreground
from streamfx.train.textures import Bytes, Floats, scene

SIDE = 176
"""Pixels along each side of what is kept."""
FILMS = (
    ("general/tears_of_steel_70s.webm", 5.0),
    ("general/rooftop_640x360_30fps.mp4", 1.5),
    ("general/portrait_4k60_rotated.mp4", 0.3),
    ("general/multi_stream_nasa.mp4", 0.5),
    ("general/plane_broken_audio.mp4", 0.7),
    ("general/bear_vp9.webm", 0.7),
    ("general/roadtrip_vp9_10bit.webm", 0.7),
    ("general/phone_rotated_cif.mp4", 0.3),
    ("general/webcam_man_1s_h264.mp4", 0.2),
    ("matting/phone_selfie_720x1280.mp4", 1.0),
    ("matting/woman_plants_720p.mp4", 0.5),
    ("matting/woman_laughing_720p.mp4", 0.5),
    ("matting/webcam_talk_31s.mp4", 0.4),
    ("matting/webcam_people/*.mkv", 2.0),
    ("faces/man_kitchen_1080x1920.mp4", 0.8),
    ("restoration/old_film_dialogue_1940.mp4", 0.4),
)
"""Films, and how much each counts."""
_STILLS = ("matting/more/street_people/image/*.jpg", "style/contents/*.jpg")
_SPANS, _ODDS = (2, 3, 4, 6, 8), (0.5, 0.15, 0.2, 0.1, 0.05)
"""Frames from the first picture to the second, and how often."""
_LARGEST = 800
"""Pixels along the longer side of what flow is looked for in."""
_STILL, _NEW = 0.006, 0.11
"""Mean change below which there is nothing to learn, and what flow leaves of it that is a cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Triplet:
    """One sample."""

    images: Bytes
    """``(3, S, S, 3)``: first, between, second, of uint8."""
    flows: Floats
    """``(2, S, S, 2)``: forth and back, in pixels, of float16."""
    at: float
    """Where between the first, 0, and the second, 1."""


class Pool:
    """Triplets in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.images, self.flows, self.at = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("images", "flows", "at")
        )

    @classmethod
    def make(cls, folder: Path, make: Iterator[Triplet], count: int) -> Pool:
        """Keep ``count`` triplets, whole or not at all."""
        part = folder.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        shapes = (
            ("images", np.uint8, (count, 3, SIDE, SIDE, 3)),
            ("flows", np.float16, (count, 2, SIDE, SIDE, 2)),
            ("at", np.float32, (count,)),
        )
        images, flows, at = (
            np.lib.format.open_memmap(part / f"{name}.npy", "w+", kind, shape)
            for name, kind, shape in shapes
        )
        for n in range(count):
            made = next(make)
            images[n], flows[n], at[n] = made.images, made.flows, made.at
        for each in (images, flows, at):
            each.flush()
        os.replace(part, folder)
        return cls(folder)

    @property
    def taught(self) -> Floats | None:
        """Flow to both pictures as a teacher sees it, ``(N, 4, S / 2, S / 2)``, in whole pixels."""
        path = self._folder / "taught.npy"
        return np.load(path, mmap_mode="r", allow_pickle=False) if path.exists() else None

    def teach(self, look: Callable[[Bytes, float], Floats]) -> None:
        """Ask a teacher about every triplet, and keep what it says; once."""
        path = self._folder / "taught.npy"
        if path.exists():
            return
        part = path.with_suffix(".part")
        shape = (len(self), 4, SIDE // 2, SIDE // 2)
        made = np.lib.format.open_memmap(part, "w+", np.float16, shape)
        for n in range(len(self)):
            made[n] = look(self.images[n], float(self.at[n]))
        made.flush()
        os.replace(part, path)

    def __len__(self) -> int:
        return len(self.at)


def filmed(rng: Generator, footage: Path, count: int) -> Iterator[Triplet]:
    """Yield about ``count`` triplets off films, film by film."""
    found = [
        (path, weight / len(paths))
        for name, weight in FILMS
        if (paths := sorted(footage.glob(name)))
        for path in paths
    ]
    whole = sum(weight for _, weight in found)
    for path, weight in found:
        frames = [_bounded(picture) for picture in pictures(path)]
        wanted = max(1, round(count * weight / whole))
        for _ in range(8 * wanted):
            if wanted and (made := _taken(rng, frames)) is not None:
                wanted -= 1
                yield made


def made_up(rng: Generator, footage: Path) -> Iterator[Triplet]:
    """Yield triplets put together by rule, without end: layers that move steadily."""
    photos = [_read(path) for name in _STILLS for path in sorted(footage.glob(name))[::3]]
    shapes = [foreground(rng, 256) for _ in range(120)]
    while True:
        side = SIDE + 64
        if photos and rng.random() < 0.7:
            back = photos[rng.integers(len(photos))]
        else:
            back = scene(rng, 420, 420)
        at = float(rng.choice([0.5, 0.5, 0.25, 0.75, rng.uniform(0.1, 0.9)]))
        behind = _path(rng, 14, back.shape[:2], side, fill=True)
        layers: list[Layer] = [(back, None, behind)]
        for _ in range(rng.integers(0, 4)):
            colours, alpha = shapes[rng.integers(len(shapes))]
            layers.append((colours, alpha, _path(rng, 30, colours.shape[:2], side, fill=False)))
        stack = [_composed(layers, instant, side) for instant in (0.0, at, 1.0)]
        if rng.random() < 0.5:
            stack = [_damaged(rng, picture) for picture in stack]
        made = _cropped(rng, stack, at)
        if made is not None:
            yield made


Motion: TypeAlias = Callable[[float], Floats]
"""Where a layer is at an instant from 0 to 1, as an affine matrix ``(2, 3)``."""


Layer: TypeAlias = "tuple[Bytes, Bytes | None, Motion]"
"""Colours, alpha where it is not everywhere 1, and how it moves."""


def _path(rng: Generator, reach: float, size: tuple[int, int], side: int, *, fill: bool) -> Motion:
    """Return a steady motion of a layer: shifted, turned and scaled a little."""
    high, wide = size
    scale = side / min(high, wide) * rng.uniform(1.3, 1.9) if fill else rng.uniform(0.3, 1.0)
    turn = rng.uniform(-20, 20) if fill else rng.uniform(0, 360)
    middle = np.array([side, side]) / 2 + (0 if fill else rng.normal(0, side / 4, 2))
    shift = rng.normal(0, reach * rng.uniform(0.1, 1), 2)
    spin, grow = rng.normal(0, 2.0 if fill else 4.0), rng.normal(0, 0.02 if fill else 0.05)
    bent = rng.normal(0, reach * 0.03, 2)

    def where(instant: float) -> Floats:
        by = instant - 0.5
        matrix = cv2.getRotationMatrix2D(
            (wide / 2, high / 2), turn + spin * by, scale * (1 + grow * by)
        )
        offset = middle - np.array([wide, high]) / 2 + shift * by + bent * (0.25 - by * by)
        matrix[:, 2] = matrix[:, 2] + offset
        made: Floats = matrix.astype(np.float32)
        return made

    return where


def _composed(layers: list[Layer], instant: float, side: int) -> Bytes:
    (back, _, path), *others = layers
    edge = cv2.BORDER_REFLECT_101
    page = cv2.warpAffine(back, path(instant), (side, side), flags=cv2.INTER_AREA, borderMode=edge)
    made = page.astype(np.float32)
    for colours, alpha, moved in others:
        assert alpha is not None
        over = cv2.warpAffine(
            colours, moved(instant), (side, side), borderMode=cv2.BORDER_REPLICATE
        )
        share = (
            cv2.warpAffine(alpha, moved(instant), (side, side)).astype(np.float32)[..., None] / 255
        )
        made += share * (over - made)
    whole: Bytes = np.clip(made + 0.5, 0, 255).astype(np.uint8)
    return whole


def _taken(rng: Generator, frames: list[Bytes]) -> Triplet | None:
    """Return a triplet off a film, or None where it shows a cut or nothing moves."""
    span = int(rng.choice(_SPANS, p=_ODDS))
    if len(frames) <= span:
        return None
    first = int(rng.integers(len(frames) - span))
    between = int(rng.integers(1, span)) if rng.random() < 0.5 else span // 2
    stack = [frames[first + by] for by in (0, between, span)]
    least = SIDE / min(stack[0].shape[:2])
    if least < 1 and rng.random() < 0.5:
        by = float(rng.uniform(max(least, 0.45), 1.0))
        stack = [cv2.resize(p, None, fx=by, fy=by, interpolation=cv2.INTER_AREA) for p in stack]
    return _cropped(rng, stack, between / span)


def _cropped(rng: Generator, stack: list[Bytes], at: float) -> Triplet | None:
    """Return a part in which something moves, with the flow of the whole picture."""
    high, wide = stack[0].shape[:2]
    if min(high, wide) < SIDE:
        by = (SIDE + 1) / min(high, wide)
        stack = [cv2.resize(picture, None, fx=by, fy=by) for picture in stack]
        high, wide = stack[0].shape[:2]
    best, most = (0, 0), -1.0
    changed = np.abs(stack[0].astype(np.int16) - stack[2]).mean(2)
    for _ in range(rng.integers(1, 4)):
        top, left = rng.integers(high - SIDE + 1), rng.integers(wide - SIDE + 1)
        change = float(changed[top : top + SIDE, left : left + SIDE].mean())
        if change > most:
            best, most = (int(top), int(left)), change
    if most < _STILL * 255:
        return None
    grey = [cv2.cvtColor(stack[i], cv2.COLOR_RGB2GRAY) for i in (0, 2)]
    forth, back = Dense(high, wide).both(*grey)
    part = (slice(best[0], best[0] + SIDE), slice(best[1], best[1] + SIDE))
    if unexplained(stack, back, part) > _NEW * 255:
        return None
    images = np.stack([picture[part] for picture in stack])
    flows = np.stack([forth[part], back[part]]).astype(np.float16)
    return Triplet(images, flows, at)


def unexplained(stack: list[Bytes], back: Floats, part: tuple[slice, slice]) -> float:
    """Return the mean change in a part that flow does not account for."""
    high, wide = stack[0].shape[:2]
    row, column = np.mgrid[0:high, 0:wide].astype(np.float32)
    found = cv2.remap(
        stack[0],
        column + back[..., 0],
        row + back[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return float(np.abs(found[part].astype(np.int16) - stack[2][part]).mean())


def _damaged(rng: Generator, picture: Bytes) -> Bytes:
    """Add noise, or what JPEG leaves."""
    if rng.random() < 0.5:
        noisy = picture + rng.normal(0, rng.uniform(1, 5), picture.shape)
        made: Bytes = np.clip(noisy, 0, 255).astype(np.uint8)
        return made
    quality = int(rng.integers(50, 95))
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def _bounded(picture: Bytes) -> Bytes:
    by = _LARGEST / max(picture.shape[:2])
    if by >= 1:
        return picture
    return cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)


def _read(path: Path) -> Bytes:
    held = cv2.imread(str(path))
    if held is None:
        raise SourceError(f"no picture in {path}")
    return cv2.cvtColor(held, cv2.COLOR_BGR2RGB)
