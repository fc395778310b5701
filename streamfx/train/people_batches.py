"""Batches of clips off a pool on disk, their coarse masks as wrong as they are at run time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from streamfx.train.people_clips import Clip
from streamfx.train.people_pool import Find
from streamfx.train.textures import Bytes, Floats, field

SIDE = 160
"""Pixels that a step sees of a picture, along each side."""
_LAG = 0.25
"""Share of clips whose masks are one frame late, as where a live run has no time for each."""
_WRONG = 0.35
"""Share of clips whose masks are made worse than they were found."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some clips of T pictures, float32: lists of ``(N, channels, S, S)`` in [0, 1]."""

    images: list[Tensor]
    coarse: list[Tensor]
    alphas: list[Tensor]
    colours: list[Tensor]

    def to(self, device: torch.device) -> Batch:
        """Return the same on a device."""
        parts = (self.images, self.coarse, self.alphas, self.colours)
        return Batch(*([each.to(device) for each in part] for part in parts))


class Pool:
    """Clips with their coarse masks, in files; made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        names = ("images", "alphas", "colours", "masks")
        self.parts = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in names
        }

    @classmethod
    def make(cls, folder: Path, count: int, make: Callable[[], Clip], find: Find) -> Pool:
        """Make ``count`` clips and look for the people in them."""
        folder.mkdir(parents=True, exist_ok=True)
        parts: dict[str, Bytes] = {}
        for n in range(count):
            made = make()
            found = {
                "images": made.images,
                "alphas": made.alphas,
                "colours": made.colours,
                "masks": np.stack([find(image) for image in made.images]),
            }
            for name, value in found.items():
                if name not in parts:
                    parts[name] = np.lib.format.open_memmap(
                        folder / f"{name}.npy", "w+", np.uint8, (count, *value.shape)
                    )
                parts[name][n] = value
        return cls(folder)

    def __len__(self) -> int:
        return len(self.parts["images"])

    def batch(self, rng: Generator, clips: int, frames: int) -> Batch:
        """Return ``frames`` pictures of random clips, some mirrored or backwards."""
        picked = [self._one(rng, int(rng.integers(len(self))), frames) for _ in range(clips)]
        images, coarse, alphas, colours = (
            torch.from_numpy(np.stack(part, 1).astype(np.float32) / 255)
            for part in zip(*picked, strict=True)
        )
        return Batch(
            [x.permute(0, 3, 1, 2).contiguous() for x in images],
            [x[:, None] for x in coarse],
            [x[:, None] for x in alphas],
            [x.permute(0, 3, 1, 2).contiguous() for x in colours],
        )

    def _one(self, rng: Generator, number: int, frames: int) -> tuple[Bytes, Bytes, Bytes, Bytes]:
        total = self.parts["images"].shape[1]
        first = int(rng.integers(total - frames + 1))
        order = np.arange(first, first + frames)
        order = order[::-1] if rng.random() < 0.5 else order
        images, alphas, colours, masks = (
            self.parts[name][number][order] for name in ("images", "alphas", "colours", "masks")
        )
        coarse = _mixed(rng, masks)
        if rng.random() < _LAG:
            coarse = np.concatenate([coarse[:1], coarse[:-1]])
        if rng.random() < _WRONG:
            coarse = _worse(rng, coarse)
        side = images.shape[1]
        top, left = rng.integers(side - SIDE + 1, size=2) if side > SIDE else (0, 0)
        flip = slice(None, None, -1 if rng.random() < 0.5 else 1)
        images, coarse, alphas, colours = (
            x[:, top : top + SIDE, left : left + SIDE][:, :, flip]
            for x in (images, coarse, alphas, colours)
        )
        return images, coarse, alphas, colours


def _mixed(rng: Generator, masks: Bytes) -> Bytes:
    """Return one mask a frame ``(T, S, S)`` out of several: one of them, or a mean."""
    weights = rng.dirichlet(np.full(masks.shape[1], 0.4)).astype(np.float32)
    return np.asarray(np.einsum("tmhw,m->thw", masks.astype(np.float32), weights) + 0.5, np.uint8)


def _worse(rng: Generator, coarse: Bytes) -> Bytes:
    """Return masks of a clip with one kind of fault: moved, swollen, shrunk, torn, or haunted."""
    high, wide = coarse.shape[1:]
    kind = rng.integers(4)
    if kind == 0:
        by = rng.normal(0, 0.015, 2) * wide
        to = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
        return np.stack([cv2.warpAffine(x, to, (wide, high)) for x in coarse])
    if kind == 1:
        side = 2 * int(rng.integers(1, 5)) + 1
        grow = cv2.dilate if rng.random() < 0.5 else cv2.erode
        return np.stack([cv2.blur(grow(x, np.ones((side, side))), (side, side)) for x in coarse])
    holes: Floats = field(rng, high, wide, rng.uniform(1.5, 5), 2)
    torn = np.clip((holes - rng.uniform(0.6, 0.85)) * 12, 0, 1)
    if kind == 2:
        return np.asarray(coarse * (1 - torn) + 0.5, np.uint8)
    ghost = rng.uniform(0.2, 0.8) * 255 * torn
    return np.asarray(np.maximum(coarse, ghost) + 0.5, np.uint8)
