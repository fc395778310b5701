"""A matte made better: edge, softness, steadiness, and colours without the old background."""

from __future__ import annotations

import logging
from typing import ClassVar

import torch
from torch import Tensor

from streamfx import Context, Frame, Node, param
from streamfx.nodes.matting._foreground import foreground
from streamfx.nodes.matting._guided import smaller, upsampled
from streamfx.nodes.matting._outline import choked, feathered
from streamfx.nodes.matting._steady import Steady, steadied

log = logging.getLogger(__name__)

_COLOURS = 480
"""Columns, or lines, whichever are more, of the picture in which smooth colours are found."""
_WINDOW = 4
"""Radius, in pixels of a smaller picture, in which the edge is drawn anew."""
_NARROWEST = 1 / 255
"""Alpha between black and white at the least."""


class Refine(Node):
    """Move, soften, steady and sharpen the edge of what is cut out, and clean its colours."""

    past: ClassVar[int] = 8

    black: float = param(
        default=0.0,
        ge=0,
        le=1,
        unit="share",
        help="Alpha up to which nothing is subject; raise it where the old background shines "
        "through.",
        live=True,
    )
    white: float = param(
        default=1.0,
        ge=0,
        le=1,
        unit="share",
        help="Alpha from which on all is subject; lower it where the subject has holes.",
        live=True,
    )
    guided: int = param(
        default=0,
        ge=0,
        le=100,
        unit="px",
        help="How far around it the edge is drawn anew along edges of the picture; 0: not at all.",
        live=True,
    )
    strength: float = param(
        default=1.0, ge=0, le=1, unit="share", help="How much of that edge is taken.", live=True
    )
    smooth: float = param(
        default=0.5,
        ge=0,
        le=0.95,
        unit="share",
        help="How much of the matte before is kept where the picture stands still, against "
        "flicker.",
        live=True,
    )
    choke: float = param(
        default=0.0,
        ge=-50,
        le=50,
        unit="px",
        help="How far the edge moves inwards; below 0, outwards.",
        live=True,
    )
    feather: float = param(
        default=0.0,
        ge=0,
        le=100,
        unit="px",
        help="How far the edge fades, inwards and outwards.",
        live=True,
    )
    decontaminate: float = param(
        default=0.0,
        ge=0,
        le=1,
        unit="share",
        help="How much of the old background is taken out of the edge's colours; for pictures "
        "whose colours are still those of the camera.",
        live=True,
    )

    def open(self, ctx: Context) -> None:
        self._before: Steady | None = None
        self._told = False

    def process(self, frame: Frame) -> Frame:
        if not frame.alpha:
            self._tell()
            return frame
        image, given = frame.image[:3], frame.image[3]
        matte = self._matte(given, image)
        edge = feathered(choked(matte, self.choke), self.feather)
        colour = image
        if self.decontaminate:
            clean = foreground(image, matte, _COLOURS, edge)
            colour = torch.lerp(image, clean, self.decontaminate)
        if colour is image and edge is given:
            return frame
        return frame.showing(torch.cat([colour, edge[None]]))

    def close(self) -> None:
        self._before = None

    def _matte(self, alpha: Tensor, image: Tensor) -> Tensor:
        """Return the matte before its edge is moved, which is what the picture was mixed by."""
        if self.black > 0 or self.white < 1:
            width = max(self.white - self.black, _NARROWEST)
            alpha = ((alpha - self.black) / width).clamp_(0, 1)
        if self.guided and self.strength:
            alpha = torch.lerp(alpha, _along(alpha, image, self.guided), self.strength)
        if not self.smooth:
            self._before = None
            return alpha
        alpha, self._before = steadied(alpha, image, self._before, self.smooth)
        return alpha

    def _tell(self) -> None:
        if not self._told:
            log.warning("matting.refine: the picture has no alpha, so it passes through as it is")
            self._told = True


def _along(alpha: Tensor, image: Tensor, radius: int) -> Tensor:
    """Return a matte ``(H, W)`` whose edge follows the picture's within ``radius`` pixels."""
    high, wide = alpha.shape
    by = max(1, round(radius / _WINDOW))
    small = smaller(alpha[None], max(1, high // by), max(1, wide // by))[0]
    return upsampled(small, image, radius=max(1, round(radius / by)))
