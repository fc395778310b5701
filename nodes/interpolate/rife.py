"""Frame interpolation by RIFE, as its authors published it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from streamfx import Context, param
from streamfx.nodes.interpolate._between import Interpolator
from streamfx.nodes.interpolate._rife_network import MULTIPLE, found_twice
from streamfx.nodes.interpolate._warp import warped

MODEL = "rife-4"

_PIXELS = 560_000
"""Pixels up to which motion is looked for as finely as the network can."""


class _Ends(NamedTuple):
    """Two frames, ``(1, C, H, W)``."""

    first: Tensor
    second: Tensor


class Rife(Interpolator):
    """Interpolate by RIFE 4 (Huang et al. 2022, MIT), pulled from its publisher's package.

    The network sees each pair in both orders. It is slow without a GPU; interpolate.neural is made
    for CPUs.
    """

    scale: Literal["auto", "1", "1/2", "1/4", "1/8"] = param(
        default="auto",
        help="How finely motion is looked for; auto: as finely as can be up to "
        f"{_PIXELS / 1e6:.2f} megapixels, then coarser.",
    )

    def wants(self) -> Sequence[str]:
        return (MODEL,)

    def open(self, ctx: Context) -> None:
        super().open(ctx)
        self._network = ctx.models.load(MODEL, ctx.device, torch.float32)
        self._dtype = ctx.dtype

    def _look(self, image: Tensor) -> Tensor:
        return image[None].float()

    def _pair(self, first: Tensor, second: Tensor) -> _Ends:
        return _Ends(first, second)

    def _between(self, pair: _Ends, share: float) -> Tensor:
        high, wide = (int(side) for side in pair.first.shape[2:])
        by = self._chosen(high * wide)
        beside, below = -wide % (MULTIPLE * by), -high % (MULTIPLE * by)
        ends = [
            functional.pad(x[:, :3], (0, beside, 0, below), mode="replicate")
            if beside or below
            else x[:, :3]
            for x in pair
        ]
        t = ends[0].new_full((1, 1, 1, 1), share)
        with torch.autocast(t.device.type, self._dtype, enabled=self._dtype != torch.float32):
            flow, first = found_twice(self._network, ends[0], ends[1], t, by)
        flow, first = (x[:, :, :high, :wide].float() for x in (flow, first))
        before, after = warped(pair.first, flow[:, :2]), warped(pair.second, flow[:, 2:])
        return torch.lerp(after, before, first)[0].clamp(0, 1)

    def _chosen(self, pixels: int) -> int:
        """Return how many times more coarsely motion is looked for."""
        if self.scale != "auto":
            return int(self.scale.rpartition("/")[-1])
        by = 1
        while pixels > _PIXELS * by * by and by < 4:
            by *= 2
        return by
