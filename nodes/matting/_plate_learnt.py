"""A plate made of the footage itself, as it comes."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional

from streamfx import Context, Frame
from streamfx.nodes.matting._guided import upsampled
from streamfx.nodes.matting._people import People
from streamfx.nodes.matting._plate_builder import PlateBuilder
from streamfx.nodes.matting._plate_scene import Scene

_EVERY = Fraction(1, 5)
"""Seconds between two pictures that are learnt from."""
_ANEW = 5
"""Pictures after which the plate is made anew; at first after one, two and four."""
_COARSE = 256
"""Longer side of the size at which people are sought, in pixels."""
_STRAYED = 0.03
"""Share of the shorter side by which a camera that stands still may stray."""


class Learnt:
    """The scene behind people, as far as it was seen. One is made for each shot."""

    def __init__(self, ctx: Context, pixels: int) -> None:
        self._people = People(ctx, thorough=False)
        self._builder = PlateBuilder()
        self._pixels = pixels
        self._due: Fraction | None = None
        self._scene: Scene | None = None
        self._known: Tensor | None = None

    def see(self, frame: Frame) -> Scene:
        """Learn from a picture if it is time to, and return the scene as known by now."""
        image = frame.image[:3].float().clamp(0, 1)
        if self._due is None or frame.pts >= self._due:
            self._due = frame.pts + _EVERY
            self._builder.add(image, self._somebody(image))
            count = self._builder.frames
            if count % _ANEW == 0 or count in (1, 2, 4):
                self._make(frame)
        assert self._scene is not None
        return self._scene

    def strayed(self, shift: float, frame: Frame) -> bool:
        """Return whether a movement by some pixels is more than a camera that stands still has."""
        return shift > _STRAYED * min(frame.height, frame.width)

    def completed(self, matte: Tensor, image: Tensor) -> Tensor:
        """Return a matte ``(H, W)`` that is people's where the scene was never seen yet."""
        if self._known is None or bool((self._known > 0.5).all()):
            return matte
        image = image.float().clamp(0, 1)
        somebody = upsampled(self._sought(image), image)
        return torch.lerp(somebody, matte, self._known)

    def _make(self, frame: Frame) -> None:
        plate, known = self._builder.plate()
        light = None if self._scene is None else self._scene.light
        self._scene = Scene.of(plate, frame.height, frame.width, self._pixels)
        self._scene.light = light
        self._known = known

    def _sought(self, image: Tensor) -> Tensor:
        """Return where people are, coarsely, ``(h, w)``."""
        by = min(1.0, _COARSE / max(image.shape[1:]))
        size = (max(16, round(side * by)) for side in image.shape[1:])
        return self._people.find(image, (next(size), next(size)))

    def _somebody(self, image: Tensor) -> Tensor:
        """Return where people are, as large as the picture, ``(H, W)``."""
        found = self._sought(image)[None, None]
        size = int(image.shape[1]), int(image.shape[2])
        return functional.interpolate(found, size, mode="bilinear")[0, 0]
