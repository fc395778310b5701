"""What ``_weighed`` does, by torch alone: the same picture by several flows, each weighed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from streamfx.nodes.interpolate._lucas import both, grey
from streamfx.nodes.interpolate._warp import warped

_PICKY = 10.0
_AROUND = 9
"""Pixels, along each side, over which frames are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class TorchWays:
    """Two frames ``(1, C, H, W)`` and how each pixel moves, ``(1, 2, H, W)``."""

    first: Tensor
    second: Tensor
    forth: Tensor
    back: Tensor

    @classmethod
    def of(cls, first: Tensor, second: Tensor, finest: int) -> TorchWays:
        """Look for flow between two pictures ``(1, C, H, W)``."""
        return cls(first, second, *both(grey(first), grey(second), finest))


def weighed_torch(ways: TorchWays, share: float) -> Tensor:
    """Return the picture ``(1, C, H, W)`` at a share of the way between two."""
    made, weights = [], []
    for flow in (ways.forth, -ways.back):
        before = warped(ways.first, -share * flow)
        after = warped(ways.second, (1 - share) * flow)
        off = (before[:, :3] - after[:, :3]).abs().mean(1, keepdim=True)
        edge = _AROUND // 2
        off = functional.avg_pool2d(off, _AROUND, 1, edge, count_include_pad=False)
        made.append(torch.lerp(before, after, share))
        weights.append(-_PICKY * off)
    shares = torch.softmax(torch.cat(weights, 1), 1)
    return made[0] * shares[:, :1] + made[1] * shares[:, 1:]
