"""Any published interpolation network in ONNX, run by onnxruntime; its card says how to feed it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from streamfx import Context, GraphError, ParamError, VideoInfo, param
from streamfx.models.onnx import ABSENT, installed, opened
from streamfx.models.onnx_run import OnnxRun
from streamfx.models.published import Published, published
from streamfx.nodes.interpolate._between import Interpolator
from streamfx.nodes.interpolate._recipe import Recipe, recipe

_FINEST = 16
"""Parts of an interval that a network can tell which makes the middle alone, asked again and
again."""


class _Ends(NamedTuple):
    """Two frames ``(1, C, H, W)``."""

    first: Tensor
    second: Tensor


class Onnx(Interpolator):
    """Interpolate by a published network, given as a file and a card (docs/interpolation-onnx.md).

    A network that makes the middle frame alone is asked again, for the middle of its halves: its
    instants are sixteenths of an interval, and others take the nearest.
    """

    model: str = param(
        help="Name of the network (streamfx models list), or path of an .onnx file.",
    )
    card: str = param(
        default="",
        help="The .toml that says how to feed a file of your own; empty: the one beside it.",
    )
    provider: Literal["auto", "cpu", "cuda", "tensorrt"] = param(
        default="auto",
        help="What computes: auto takes CUDA where the pictures are there, else the CPU.",
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        if not installed():
            raise GraphError(ABSENT)
        self._published()
        return super().plan(video)

    def wants(self) -> tuple[str, ...]:
        found = self._published()
        return () if found.file else (found.card.name,)

    def open(self, ctx: Context) -> None:
        super().open(ctx)
        found = self._published()
        found.verify()
        path = found.file or ctx.models.path(found.card.name)
        session = opened(path, ctx.device, self.provider)
        self._recipe, self._multiple = found.recipe, found.card.multiple
        names = found.recipe.inputs
        for name in filter(None, (names.first, names.second, names.stack, names.time)):
            if name not in session.inputs:
                known = ", ".join(session.inputs)
                raise ParamError(f"{path.name} has no input {name!r}; there are: {known}")
        if found.recipe.output not in session.outputs:
            known = ", ".join(session.outputs)
            raise ParamError(
                f"{path.name} has no output {found.recipe.output!r}; there are: {known}"
            )
        self._network = OnnxRun(session)

    def _published(self) -> Published[Recipe]:
        return published(
            self.model, self.card, "interpolation", recipe, "docs/interpolation-onnx.md"
        )

    def _look(self, image: Tensor) -> Tensor:
        return image[None].float()

    def _pair(self, first: Tensor, second: Tensor) -> _Ends:
        return _Ends(first, second)

    def _between(self, pair: _Ends, share: float) -> Tensor:
        made = self._at(pair.first[:, :3], pair.second[:, :3], share)
        if pair.first.shape[1] == 4:  # the network knows of no alpha: it is shown as a grey picture
            alphas = [x[:, 3:].expand(-1, 3, -1, -1) for x in pair]
            alpha = self._at(alphas[0], alphas[1], share).mean(1, keepdim=True)
            made = torch.cat([made, alpha], 1)
        return made[0]

    def _at(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        if self._recipe.time != "none":
            return self._asked(first, second, share)
        low, high = 0, _FINEST
        wanted = min(_FINEST - 1, max(1, round(share * _FINEST)))
        while True:
            middle = (low + high) // 2
            made = self._asked(first, second, 0.5)
            if middle == wanted:
                return made
            if wanted < middle:
                high, second = middle, made
            else:
                low, first = middle, made

    def _asked(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        """Ask the network for the frame at a share of the way."""
        how, names = self._recipe, self._recipe.inputs
        ends = [self._ready(x) for x in (first, second)]
        time = ends[0].new_full((1, 1, *ends[0].shape[2:]), share)
        feeds: dict[str, Tensor] = {}
        if names.stack:
            feeds[names.stack] = torch.cat([*ends, *([time] if how.time == "map" else [])], 1)
        else:
            feeds |= {names.first: ends[0], names.second: ends[1]}
        if names.time:
            feeds[names.time] = time if how.time == "map" else time.new_tensor([share])
        (made,) = self._network(feeds, (how.output,))
        made = made.to(first.device).float()
        if made.ndim != 4 or made.shape[1] != 3:
            raise ParamError(f"{how.output} is no picture of 3 channels: {tuple(made.shape)}")
        made = made[:, :, : first.shape[2], : first.shape[3]].clamp(0, 1)
        return made.flip(1) if how.order == "bgr" else made

    def _ready(self, x: Tensor) -> Tensor:
        """Return a frame as the network takes it, its sides filled up."""
        below, beside = -int(x.shape[2]) % self._multiple, -int(x.shape[3]) % self._multiple
        if below or beside:
            x = functional.pad(x, (0, beside, 0, below), mode="replicate")
        return x.flip(1) if self._recipe.order == "bgr" else x.contiguous()
