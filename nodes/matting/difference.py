"""What a clean plate does not show is the subject: no network, but a camera that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np
import torch

from streamfx import Context, Frame, Held, Node, VideoInfo, param
from streamfx.nodes.matting._edge import Edge, cut, edge_of, shrunk
from streamfx.nodes.matting._key import Noise, Plate, key
from streamfx.nodes.matting._light import Floats, Light, lit
from streamfx.nodes.matting._shape import Mask, cleaned, disc
from streamfx.resample import resize

_LINES = 180
"""Lines, or columns, whichever are fewer, of the size at which the mask is found."""
_SURE = 1.8
"""Thresholds from the plate at which there is no doubt about the subject."""
_BUSY = 0.12
"""Local contrast of a plate that hides a subject of the same colours."""
_LIKELY = 0.4
"""Thresholds by which what is clear one way or the other is beyond it."""
_CALM = 0.3
"""Change of that, from one frame to the next, that counts as little."""


class Difference(Node):
    """Cut out whatever differs from a clean plate, a picture of the same view without the subject.

    Follows changes of exposure, white balance and light; takes soft shadows for the plate.
    """

    past: ClassVar[int] = 8
    reuses: ClassVar[bool] = True

    threshold: float = param(
        default=5.0,
        ge=1,
        le=50,
        unit="x noise",
        help="How far from the plate the subject begins; more: less of the picture is subject.",
        live=True,
    )
    shadows: float = param(
        default=0.15,
        ge=0,
        le=0.6,
        unit="share",
        help="How much darker than the plate a shadow may be that is no part of the subject.",
        live=True,
    )
    softness: float = param(
        default=2.0,
        ge=0,
        le=20,
        unit="px",
        help="Width of the edge where colours do not tell it.",
        live=True,
    )
    shrink: int = param(
        default=0,
        ge=0,
        le=10,
        unit="px",
        help="How far the edge moves inwards.",
        live=True,
    )
    smooth: float = param(
        default=0.5,
        ge=0,
        le=0.95,
        unit="share",
        help="How much of the matte before is kept where little changes, against flicker.",
        live=True,
    )

    def plan(self, video: VideoInfo, plate: VideoInfo | None = None) -> VideoInfo:
        return video.with_alpha()

    def open(self, ctx: Context) -> None:
        self._scene: Scene | None = None
        self._past = Past()

    def process(self, frame: Frame, plate: Held[Frame]) -> Frame:
        scene, past = self._scene_of(plate, frame), self._past
        image, known = small(frame.image, *scene.size), scene.small
        empty = None if past.mask is None else 1 - cv2.dilate(past.mask, disc(11))
        shown = None if empty is None else empty.astype(np.float32)
        past.light = lit(image, known.image, shown, past.light)
        off, rest = key(image, known, past.light, self.shadows, past.noise)
        quiet = off < self.threshold if empty is None else (empty > 0) & (off < 2 * self.threshold)
        past.noise.learn(rest, quiet)
        past.odds = steadied(off / self.threshold - 1, past.odds, self.smooth)
        sure = off > _SURE * self.threshold
        past.mask = cleaned((past.odds > 0).astype(np.uint8), sure, known.contrast > _BUSY)
        softness = self.softness * scene.size[0] / frame.height
        past.edge = edge_of(past.mask, off < self.threshold, image, past.light, softness)
        return self._cut(frame, scene, past.edge)

    def reuse(self, frame: Frame) -> Frame | None:
        """Return the subject cut out by the last mask, its edge fitted to this picture."""
        scene, edge = self._scene, self._past.edge
        if scene is None or edge is None or scene.full.shape[1:] != (frame.height, frame.width):
            return None
        return self._cut(frame, scene, edge)

    def close(self) -> None:
        self._scene = None
        self._past = Past()

    def _scene_of(self, plate: Frame, frame: Frame) -> Scene:
        """Look at a plate once; another one makes void what is known."""
        known, size = self._scene, (frame.height, frame.width)
        if known is None or known.plate is not plate or known.full.shape[1:] != size:
            known = self._scene = Scene.of(plate, *size)
            self._past = Past()
        return known

    def _cut(self, frame: Frame, scene: Scene, edge: Edge) -> Frame:
        image = cut(frame.image, scene.full, edge, self._past.matte, self.smooth)
        self._past.matte = image[3]
        if self.shrink or frame.alpha:
            matte = shrunk(image[3:], self.shrink) if self.shrink else image[3:]
            matte = matte * frame.image[3:] if frame.alpha else matte
            image = torch.cat([image[:3], matte])
        return frame.showing(image)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A plate, as large as the pictures and small."""

    plate: Frame
    """The plate itself."""
    full: torch.Tensor
    """``(3, H, W)``, of the size of the pictures."""
    size: tuple[int, int]
    """Height and width of what is small."""
    small: Plate
    """The plate at that size."""

    @classmethod
    def of(cls, plate: Frame, high: int, wide: int) -> Scene:
        """Return a plate for pictures of a size."""
        by = max(1, round(min(high, wide) / _LINES))
        size = max(1, high // by), max(1, wide // by)
        full = resize(plate.image[:3], high, wide)
        return cls(plate, full, size, Plate.of(small(full, *size)))


@dataclass(slots=True, eq=False)
class Past:
    """What the frames so far have told."""

    light: Light | None = None
    """How the plate looks now."""
    odds: Floats | None = None
    """``(h, w)``, above 0 where the subject is."""
    mask: Mask | None = None
    """``(h, w)``, 1 where the subject is."""
    edge: Edge | None = None
    """The mask and what makes it a matte."""
    matte: torch.Tensor | None = None
    """``(H, W)``."""
    noise: Noise = field(default_factory=Noise)
    """How far the plate is from the picture where nothing stands before it."""


def small(image: torch.Tensor, high: int, wide: int) -> Floats:
    """Return the colours of an image ``(C, H, W)`` as ``(3, h, w)``, each the mean of an area."""
    if image.device.type != "cpu":
        return np.ascontiguousarray(resize(image[:3], high, wide, "area").cpu().numpy())
    size = (wide, high)
    planes = image[:3].to(torch.float32).numpy()
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])


def steadied(odds: Floats, before: Floats | None, smooth: float) -> Floats:
    """Hold back small changes of how likely the subject is; follow large ones at once."""
    np.clip(odds, -_LIKELY, _LIKELY, out=odds)
    if before is not None:
        change = odds - before
        odds -= change * (smooth * np.clip(2 - np.abs(change) / _CALM, 0, 1))
    return odds
