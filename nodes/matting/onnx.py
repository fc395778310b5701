"""Any published matting network in ONNX, run by onnxruntime; its card says how to feed it."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch

from streamfx import Context, Frame, GraphError, Held, Node, VideoInfo, param
from streamfx.models.onnx import ABSENT, installed, opened
from streamfx.models.published import Published, published
from streamfx.nodes.matting._full import coloured, enlarged
from streamfx.nodes.matting._recipe import Recipe, recipe
from streamfx.nodes.matting._session import Cut, Stream


class Onnx(Node):
    """Cut the subject out by a published matting network, such as Robust Video Matting or MODNet.

    Any other works by its file and a card of your own (docs/matting-onnx.md).
    """

    past: ClassVar[int] = 8
    reuses: ClassVar[bool] = True

    model: str = param(
        help="Name of the network (streamfx models list), or path of an .onnx file.",
    )
    card: str = param(
        default="",
        help="The .toml that says how to feed a file of your own; empty: the one beside it.",
    )
    downsample: float = param(
        default=0.0,
        ge=0,
        le=1,
        unit="share",
        help="How much smaller the network looks first, where it can; 0: chosen by the size.",
        live=True,
    )
    provider: Literal["auto", "cpu", "cuda", "tensorrt"] = param(
        default="auto",
        help="What computes: auto takes CUDA where the pictures are there, else the CPU.",
    )

    def plan(self, video: VideoInfo, plate: VideoInfo | None = None) -> VideoInfo:
        if not installed():
            raise GraphError(ABSENT)
        names = self._published().recipe.inputs
        if names.plate and plate is None:
            raise GraphError(f"{self.model} needs a clean plate: wire one to the port 'plate'")
        if plate is not None and not names.plate:
            raise GraphError(f"{self.model} looks at no plate: leave the port 'plate' free")
        if self.downsample and not names.downsample:
            raise GraphError(f"{self.model} cannot look at a smaller picture first: no downsample")
        return video.with_alpha()

    def wants(self) -> tuple[str, ...]:
        found = self._published()
        return () if found.file else (found.card.name,)

    def open(self, ctx: Context) -> None:
        found = self._published()
        found.verify()
        path = found.file or ctx.models.path(found.card.name)
        session = opened(path, ctx.device, self.provider)
        self._stream = Stream(session, found.recipe, found.card.size, found.card.multiple)
        self._last: torch.Tensor | None = None

    def reset(self, ctx: Context) -> None:
        self._stream.reset()
        self._last = None

    def process(self, frame: Frame, plate: Held[Frame] | None = None) -> Frame:
        behind = None if plate is None else plate.image
        cut = self._stream(frame.image, behind, self.downsample)
        return self._shown(frame, cut)

    def reuse(self, frame: Frame) -> Frame | None:
        """Return the picture cut out by the last matte, in its own colours."""
        if self._last is None or self._last.shape[1:] != (frame.height, frame.width):
            return None
        return self._with(frame, frame.image[:3], self._last)

    def close(self) -> None:
        self._stream.reset()
        self._last = None

    def _published(self) -> Published[Recipe]:
        return published(self.model, self.card, "matting", recipe, "docs/matting-onnx.md")

    def _shown(self, frame: Frame, cut: Cut) -> Frame:
        self._last = alpha = enlarged(cut.alpha, frame.image)
        return self._with(frame, coloured(cut, frame.image, alpha), alpha)

    def _with(self, frame: Frame, colour: torch.Tensor, alpha: torch.Tensor) -> Frame:
        """Return the frame in other colours; what was transparent before stays so."""
        if frame.alpha:
            alpha = alpha * frame.image[3:]
        return frame.showing(torch.cat([colour.to(alpha.dtype), alpha]))
