"""The empty scene behind whatever moves: aligned, in one light, people left out."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from streamfx.nodes.matting._align import Aligner, Shift, warped
from streamfx.nodes.matting._colours import Colours
from streamfx.nodes.matting._filled import filled
from streamfx.nodes.matting._light import Floats, Light, lit

_ENOUGH = 3.0
"""Samples that make a pixel known."""
_SOMEBODY = 0.15
"""Share of somebody in a pixel above which it tells nothing of what is behind."""
_AROUND = 0.02
"""How far somebody is taken to reach beyond the mask, as a share of the shorter side."""
_OFTEN = 16
"""Pictures after which the plate that light is compared with is made anew."""
_SHAKE = 0.06
"""How far a corner may go, as a share of the shorter side, before the camera looks elsewhere."""
_SAME = 0.008
"""Median difference from the plate below which its light has not changed."""
_LINES = 180
"""Lines, or columns, whichever are fewer, of the size at which light is compared."""


class PlateBuilder:
    """The empty scene behind whatever moves, built up picture by picture.

    Memory is that of a few pictures, however many come. It wants a camera that stands still.
    """

    def __init__(self) -> None:
        self.frames = 0
        """Pictures that were added."""
        self.astray = 0
        """How many of them were left out, since the camera looked elsewhere."""
        self.furthest = 0.0
        """How far a corner of the picture went at most, as a share of the shorter side."""
        self._light: Light | None = None

    def add(self, image: Tensor, person: Tensor | None = None) -> None:
        """Learn from a picture ``(3, H, W)`` R'G'B'.

        ``person`` ``(h, w)``, of any size, is how much of each pixel is somebody, 0 to 1, where
        that is known. Raises ValueError for another size than before.
        """
        image = image[:3].to(torch.float32)
        if self.frames == 0:
            self._begin(image)
        elif image.shape[1:] != self._size:
            raise ValueError(f"a picture of {_text(image.shape[1:])}, not {_text(self._size)}")
        told = self._everywhere
        if person is not None:
            person = person.to(image)
            told = _empty(person, self._size)
        self.frames += 1
        if self.frames > 1:
            shift = self._aligner(image, None if person is None else person.cpu().numpy())
            if self._is_astray(shift):
                self.astray += 1
                return
            if not shift.none:
                image = warped(image, np.linalg.inv(shift.matrix).astype(np.float64))
                told = told & _inside(told, ceil(shift.reach(*self._size)) + 1)
            image = self._in_first_light(image, told)
        self._colours.learn(image, told)

    def plate(self) -> tuple[Tensor, Tensor]:
        """Return the empty scene ``(3, H, W)``, and how well each pixel is known ``(H, W)``.

        It is in the light of the first picture. 0 is what was never seen, and is filled in from
        around. Raises ValueError before the first picture.
        """
        if self.frames == 0:
            raise ValueError("no picture yet")
        image, seen = self._colours.agreed()
        known = (seen / _ENOUGH).clamp_(max=1)
        return filled(image, known).clamp_(0, 1), known

    def _is_astray(self, shift: Shift) -> bool:
        """Return whether the camera looks elsewhere; where that cannot be told, as it did last."""
        if shift.found:
            self._reach = shift.reach(*self._size) / min(self._size)
            self.furthest = max(self.furthest, self._reach)
        return self._reach > _SHAKE

    def _begin(self, image: Tensor) -> None:
        self._size = image.shape[1:]
        self._aligner = Aligner(image)
        self._reach = 0.0
        self._everywhere = torch.ones(self._size, dtype=torch.bool, device=image.device)
        self._colours = Colours(image)
        self._there: tuple[Floats, Floats]

    def _in_first_light(self, image: Tensor, told: Tensor) -> Tensor:
        """Return a picture in the light of the first one, as far as the plate tells."""
        size = _small_size(self._size)
        before = self.frames - 1
        if before & (before - 1) == 0 or before % _OFTEN == 0:
            plate, known = self.plate()
            self._there = _small(plate, size), _small((known > 0).to(known)[None], size)[0]
        there, seen = self._there
        now = _small(image, size)
        empty = seen * _small(told[None].to(image.dtype), size)[0]
        apart = np.abs(there - now).max(0)[empty > 0.5]
        if not apart.size or float(np.median(apart)) < _SAME:
            return image
        self._light = lit(there, now, empty, self._light)
        return shone(image, self._light)


def shone(image: Tensor, light: Light) -> Tensor:
    """Return a picture ``(3, H, W)`` in another light."""
    if image.device.type == "cpu":
        return torch.from_numpy(light.on(image.numpy()))
    none, once, twice = image.new_tensor(light.curve.T)[..., None, None]
    field = _sized(image.new_tensor(light.field), image.shape[1:], "bilinear")
    made: Tensor = ((image * twice + once) * image + none) * field
    return made.clamp_(0, 1)


def _empty(person: Tensor, size: torch.Size) -> Tensor:
    """Return where nobody is, nor close by: ``(H, W)`` of bool."""
    there = (_sized(person[None], _small_size(size), "area") > _SOMEBODY).float()
    reach = max(1, round(_AROUND * min(there.shape[1:])))
    for side in ((2 * reach + 1, 1), (1, 2 * reach + 1)):
        there = functional.max_pool2d(there, side, 1, (side[0] // 2, side[1] // 2))
    return _sized(there, size, "bilinear")[0] == 0


def _inside(told: Tensor, margin: int) -> Tensor:
    """Return what is further than ``margin`` from the edge: ``(H, W)`` of bool."""
    made = torch.zeros_like(told)
    made[margin : told.shape[0] - margin, margin : told.shape[1] - margin] = True
    return made


def _small(image: Tensor, size: tuple[int, int]) -> Floats:
    """Return ``(C, H, W)`` as ``(C, h, w)`` in the processor's memory."""
    return _sized(image, size, "area").cpu().numpy()


def _sized(image: Tensor, size: Sequence[int], mode: str) -> Tensor:
    return functional.interpolate(image[None], tuple(size), mode=mode)[0]


def _small_size(size: torch.Size) -> tuple[int, int]:
    by = max(1, round(min(size) / _LINES))
    return max(1, size[0] // by), max(1, size[1] // by)


def _text(size: torch.Size) -> str:
    return f"{size[1]}x{size[0]}"
