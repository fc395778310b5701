"""A plate as a shot shows it: moved with the camera, in its light; and whether it is the one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from streamfx.nodes.matting._align import Aligner, Shift, reduced, warped
from streamfx.nodes.matting._light import Floats, Light, lit, luma
from streamfx.nodes.matting._plate_network import MULTIPLE
from streamfx.resample import resize

_LINES = 180
"""Lines, or columns, whichever are fewer, of the size at which light is compared."""
_WINDOW = (9, 9)
"""Where texture is compared, in pixels of that size."""
_TEXTURE = 0.0004
"""Variance of luma in a window from which there is texture to compare."""
_ALIKE = 0.6
"""Correlation from which two textures are the same."""
_CLOSE = 0.08
"""Distance in R'G'B' within which a plain wall is the same wall."""
_TELLING = 0.03
"""Share of the picture that must have texture for texture to decide."""
_LOST, _BACK = 0.07, 0.14
"""Shares of the scene seen again, below which it is another, and above which it is this one."""


class Canvas(NamedTuple):
    """The size at which the network looks at pictures of one size."""

    high: int
    """Lines, a multiple of what the network wants."""
    wide: int
    """Columns, the same."""
    extent: tuple[int, int]
    """Height and width in pixels of the picture; beyond the picture its edge goes on."""

    @classmethod
    def of(cls, high: int, wide: int, pixels: int) -> Canvas:
        """Return the canvas for pictures of a size, of about ``pixels`` at the most."""
        by = min(1.0, (pixels / (high * wide)) ** 0.5)
        if by > 0.9:
            sides = [-(-side // MULTIPLE) * MULTIPLE for side in (high, wide)]
            return cls(sides[0], sides[1], (sides[0], sides[1]))
        sides = [max(1, round(side * by / MULTIPLE)) * MULTIPLE for side in (high, wide)]
        return cls(sides[0], sides[1], (high, wide))

    def on(self, image: Tensor) -> Tensor:
        """Return a picture ``(C, H, W)`` at this size, ``(C, high, wide)``, in [0, 1]."""
        if self.extent == (self.high, self.wide):
            right, below = self.wide - image.shape[2], self.high - image.shape[1]
            image = functional.pad(image[None], (0, right, 0, below), mode="replicate")[0]
            return image.clamp(0, 1)
        if image.device.type == "cpu" and image.shape[0] == 3:
            return torch.from_numpy(reduced(image, self.high, self.wide)).clamp_(0, 1)
        return resize(image, self.high, self.wide, "area").clamp(0, 1)


@dataclass(slots=True, eq=False)
class Scene:
    """A plate and what is known of it; the last movement and light are kept, to go on from."""

    plate: Tensor
    """``(3, H, W)``, of the size of the pictures, as it was taken."""
    canvas: Canvas
    aligner: Aligner
    light: Light | None = None
    matching: bool | None = None
    """Whether the pictures show this scene; None: nothing was compared yet."""
    _moved: Tensor = field(init=False)
    _small: Floats = field(init=False)
    _matrix: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self._move(Shift(np.eye(3), True, 1.0))

    @classmethod
    def of(cls, plate: Tensor, high: int, wide: int, pixels: int) -> Scene:
        """Return a plate ``(C, H, W)`` for pictures of a size, scaled to it where it differs."""
        full = plate[:3].float().clamp(0, 1)
        if full.shape[1:] != (high, wide):
            full = resize(full, high, wide).clamp(0, 1)
        return cls(full, Canvas.of(high, wide, pixels), Aligner(full))

    def fit(self, image: Tensor, before: Tensor | None) -> View:
        """Fit the plate to a picture ``(3, high, wide)`` of the canvas.

        ``before`` ``(1, high, wide)`` is the matte of the frame before, of the same size.
        """
        matte = None if before is None else before[0].cpu().numpy()
        shown = self._shown(image)
        hidden = None if matte is None else self._part(matte)
        shift = self.aligner(shown, hidden)
        if not np.array_equal(shift.matrix, self._matrix):
            self._move(shift)
        small = image.cpu().numpy()
        by = max(1, round(min(self.canvas[:2]) / _LINES))
        size = self.canvas.wide // by, self.canvas.high // by
        here, there = (_shrunk(x, size) for x in (small, self._small))
        empty = None if matte is None else _open(cv2.resize(matte, size))
        self.light = lit(here, there, empty, self.light)
        self._judge(seen_again(here, there, self.light))
        plate = torch.from_numpy(self.light.on(self._small)).to(image.device)
        return View(image, plate, self._moved, self.light, shift)

    def _shown(self, image: Tensor) -> Tensor:
        """Return the part of the canvas that is the picture."""
        high, wide = self.plate.shape[1:]
        if self.canvas.extent != (self.canvas.high, self.canvas.wide):
            return image
        return image[:, :high, :wide]

    def _part(self, matte: Floats) -> Floats:
        return self._shown(torch.from_numpy(matte)[None])[0].numpy()

    def _move(self, shift: Shift) -> None:
        self._matrix = shift.matrix
        self._moved = self.plate if shift.none else warped(self.plate, shift.matrix).clamp_(0, 1)
        self._small = self.canvas.on(self._moved).cpu().numpy()

    def _judge(self, share: float) -> None:
        """Decide whether this is the scene; not anew with every frame that is in between."""
        if self.matching is None:
            self.matching = share > (_LOST + _BACK) / 2
        else:
            self.matching = share > (_LOST if self.matching else _BACK)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture and the plate as it would show there."""

    image: Tensor
    """``(3, high, wide)``, the picture on the canvas."""
    plate: Tensor
    """``(3, high, wide)``, the plate, moved and lit like it."""
    full: Tensor
    """``(3, H, W)``, the plate of full size, moved, but in the light in which it was taken."""
    light: Light
    """What that has to be lit by."""
    shift: Shift
    """How the camera moved."""


def seen_again(image: Floats, plate: Floats, light: Light) -> float:
    """Return the share of a plate ``(3, h, w)`` that a picture, in some light, shows as well.

    Where the plate has texture, texture decides: two pictures of different places may well have
    the same colours by chance, but not the same lines. Elsewhere it is how close the colours are.
    """
    y, p = luma(image), luma(plate)
    y, p = y - cv2.blur(y, _WINDOW), p - cv2.blur(p, _WINDOW)
    here, there, both = (cv2.blur(x, _WINDOW) for x in (y * y, p * p, y * p))
    textured = there > _TEXTURE
    if np.count_nonzero(textured) < _TELLING * textured.size:
        close = np.abs(image - light.on(plate)).max(0) < _CLOSE
        return float(np.count_nonzero(close) / close.size)
    alike = both > _ALIKE * np.sqrt(here * there + 1e-9)
    return float(np.count_nonzero(alike & textured) / np.count_nonzero(textured))


def relit(plate: Tensor, places: Tensor, light: Light, size: tuple[int, int]) -> Tensor:
    """Return colours ``(3, N)`` of a plate, taken at flat ``places`` ``(N,)``, in a light."""
    grid = torch.stack(
        [
            (places % size[1] + 0.5) * (2 / size[1]) - 1,
            (places // size[1] + 0.5) * (2 / size[0]) - 1,
        ],
        -1,
    )
    field_ = torch.from_numpy(light.field).to(plate)
    level = functional.grid_sample(
        field_[None, None], grid[None, None], padding_mode="border", align_corners=False
    )
    none, once, twice = torch.from_numpy(light.curve).to(plate).t()[:, :, None]
    made: Tensor = (none + plate * (once + plate * twice)).mul_(level[0, 0])
    return made.clamp_(0, 1)


def _open(matte: Floats) -> Floats:
    """Return 1 where nothing is near that a matte ``(h, w)`` has."""
    near = cv2.dilate(matte, np.ones((9, 9), np.uint8))
    made: Floats = (near < 0.1).astype(np.float32)
    return made


def _shrunk(image: Floats, size: tuple[int, int]) -> Floats:
    return np.stack([cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in image])
