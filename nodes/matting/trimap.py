"""Alpha from a picture and a rough drawing of what is subject, what is not, and what is unknown."""

from __future__ import annotations

import logging
from typing import ClassVar

import torch
from torch import Tensor

from streamfx import Context, Frame, GraphError, Held, Node, VideoInfo, param
from streamfx.nodes.matting._foreground import foreground
from streamfx.nodes.matting._trimap import alpha_from_trimap, trimap_of
from streamfx.resample import resize

log = logging.getLogger(__name__)

_LUMA = (0.299, 0.587, 0.114)
"""Weights of R'G'B' (ITU-R BT.601)."""


class Trimap(Node):
    """Cut the subject out by a trimap: white is subject, black is not, grey is to be found out.

    Without a trimap the picture's own alpha is taken, unknown along its edge. By sampled colours
    and the closed-form matting Laplacian; hair and fur come out. Takes seconds for each picture.
    """

    stateless: ClassVar[bool] = True

    band: int = param(
        default=10,
        ge=1,
        le=500,
        unit="px",
        help="How far around the edge of the picture's own alpha is unknown, without a trimap.",
        live=True,
    )
    size: int = param(
        default=1280,
        ge=64,
        le=8192,
        unit="px",
        help="Longest side of the picture at which alpha is found; a longer one gets it drawn "
        "along its edges.",
        live=True,
    )
    samples: float = param(
        default=1.0,
        ge=0,
        le=100,
        unit="x",
        help="How strongly colours from the edges of what is known hold, against smoothness.",
        live=True,
    )
    iterations: int = param(
        default=30,
        ge=1,
        le=1000,
        unit="steps",
        help="Steps of the solver at full size; more for wide unknown areas.",
        live=True,
    )
    decontaminate: float = param(
        default=1.0,
        ge=0,
        le=1,
        unit="share",
        help="How much of the old background is taken out of the edge's colours.",
        live=True,
    )

    def plan(self, video: VideoInfo, trimap: VideoInfo | None = None) -> VideoInfo:
        if trimap is None and not video.alpha:
            raise GraphError("matting.trimap wants a trimap, or a picture that has alpha already")
        return video.with_alpha()

    def open(self, ctx: Context) -> None:
        self._told: set[str] = set()

    def process(self, frame: Frame, trimap: Held[Frame] | None = None) -> Frame:
        image = frame.image[:3]
        known = self._known(frame, trimap)
        alpha = alpha_from_trimap(
            image, known, size=self.size, iterations=self.iterations, samples=self.samples
        )
        if self.decontaminate:
            clean = foreground(image, alpha)
            image = torch.lerp(image, clean, self.decontaminate)
        if trimap is not None and frame.alpha:
            alpha = alpha * frame.image[3]
        return frame.showing(torch.cat([image, alpha[None]]))

    def _known(self, frame: Frame, trimap: Frame | None) -> Tensor:
        """Return the trimap ``(H, W)`` at the size of the frame."""
        if trimap is None:
            return trimap_of(frame.image[3], self.band)
        red, green, blue = trimap.image[:3]
        grey: Tensor = (_LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue)[None]
        if grey.shape[1:] != frame.image.shape[1:]:
            self._tell(
                f"the trimap of {trimap.width}x{trimap.height} is scaled to the picture's "
                f"{frame.width}x{frame.height}"
            )
            grey = resize(grey, frame.height, frame.width, "nearest")
        if not ((grey <= 0.1) | (grey >= 0.9)).any():
            self._tell("the trimap is grey all over, which tells nothing: so is alpha")
        return grey[0]

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning("matting.trimap: %s", what)
