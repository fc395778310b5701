"""The network of ``interpolate.neural``: two frames and rough flows become the frame between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamfx.nodes.interpolate._warp import warped

COARSE = 4
"""Pixels, along either side, that become one where flow is repaired."""
MULTIPLE = 8
"""Both sides of what the network sees are multiples of it."""

_FEATURES = 8
_WIDE, _DEEP, _FINE = 32, 48, 32
"""Channels at 1/4, 1/8 and 1/2 of the picture."""
_UNIT = 16.0
"""Pixels of flow that count as 1 for the network."""
_RESIDUAL = 0.5
"""How far a colour may move by itself, at the most."""


class Between(NamedTuple):
    """What the network makes of a pair."""

    image: Tensor
    """``(N, 3, H, W)``."""
    flow: Tensor
    """``(N, 4, H, W)``: where in the first and in the second frame each pixel is, in pixels."""
    made: Tensor
    """``(N, 9, H, W)``: how much each of six candidates counts, and what colours lack."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two frames, what is known of each, and rough flow between them."""

    first: Tensor
    """``(N, 3, H, W)``, R'G'B'."""
    second: Tensor
    features: tuple[Tensor, Tensor]
    """What :meth:`Fusion.features` gave of each."""
    forth: Tensor
    """``(N, 2, H, W)``: how far each pixel of the first moves to the second, in pixels."""
    back: Tensor
    """``(N, 2, H, W)``: the same from the second to the first."""


class Fusion(nn.Module):
    """Repairs flow at a quarter of the size, and weighs what it brings at half of it.

    As RIFE (Huang et al. 2022) it estimates *intermediate* flow from coarse to fine, warps both
    frames and their features, fuses them by a mask and adds what is missing. Unlike it, it begins
    with flow by dense inverse search, taken twice (forth, and back the other way round): these
    warps stay candidates of the mask, so that it need not be better than they where they are good.
    """

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(12, 16, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(16, _FEATURES, 3, padding=1),
        )
        self.enter = nn.Sequential(
            nn.Conv2d((4 * 3 + 2) * COARSE**2 + 4 + 1, _DEEP, 1),
            nn.ReLU(inplace=True),
            *_conv(_DEEP, _WIDE),
        )
        self.wide = _Residual(_WIDE)
        self.down = _conv(_WIDE, _DEEP, 2)
        self.deep = nn.Sequential(_Residual(_DEEP), _Residual(_DEEP))
        self.up = _conv(_DEEP + _WIDE, _WIDE)
        self.motion = nn.Conv2d(_WIDE, 5, 3, padding=1)
        self.told = nn.Conv2d(_WIDE, 16, 1)
        self.fine = nn.Sequential(
            _conv(6 * 12 + 2 * _FEATURES + 16 + 8 + 1, _FINE), *(_Residual(_FINE) for _ in range(3))
        )
        self.out = nn.Conv2d(_FINE, 4 * (6 + 3), 3, padding=1)
        for last in (self.motion, self.out):
            nn.init.zeros_(last.weight)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def features(self, image: Tensor) -> Tensor:
        """Return what is known of one frame ``(N, 3, H, W)``, at half of its size."""
        made: Tensor = self.look(functional.pixel_unshuffle(image - 0.5, 2))
        return made

    def forward(self, pair: Pair, t: Tensor) -> Between:
        """Return the frame at the share ``t`` ``(N, 1, 1, 1)`` of the way, clamped to [0, 1].

        H and W are multiples of 8.
        """
        ways = pair.forth, -pair.back
        rough = [warped(x, by * way) for way in ways for x, by in ends(pair, t)]
        off = [(rough[i] - rough[i + 1]).abs().mean(1, keepdim=True) for i in (0, 2)]
        fine = torch.cat([*(x - 0.5 for x in rough), *off], 1)
        seen = functional.pixel_unshuffle(fine, COARSE)  # what lies within a pixel counts
        along = functional.avg_pool2d(torch.cat(ways, 1), COARSE) / _UNIT
        share = t.expand(-1, 1, *seen.shape[2:])
        known = self.wide(self.enter(torch.cat([seen, along, share], 1)))
        deep = self.deep(self.down(known))
        deep = functional.interpolate(deep, size=known.shape[2:], mode="nearest")
        known = self.up(torch.cat([deep, known], 1))
        moved = larger(self.motion(known), COARSE)
        flow = repaired(ways, moved, t)
        pictures = pair.first, pair.second
        best = [warped(x, f) for x, f in zip(pictures, flow.chunk(2, 1), strict=True)]
        half = functional.avg_pool2d(flow, 2) / 2
        looks = [warped(x, f) for x, f in zip(pair.features, half.chunk(2, 1), strict=True)]
        fused = torch.cat([*(x - 0.5 for x in [*rough, *best]), *off], 1)
        fine = torch.cat(
            [
                functional.pixel_unshuffle(fused, 2),
                *looks,
                larger(self.told(known), COARSE // 2),
                t.expand(-1, 1, *half.shape[2:]),
            ],
            1,
        )
        made = functional.pixel_shuffle(self.out(self.fine(fine)), 2)
        return Between(mixed([*rough, *best], made, t).clamp(0, 1), flow, made)


def ends(pair: Pair, t: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return both frames, each with what flow is multiplied by to reach it from the instant."""
    return (pair.first, -t), (pair.second, 1 - t)


def repaired(ways: tuple[Tensor, Tensor], moved: Tensor, t: Tensor) -> Tensor:
    """Return flow to both frames ``(N, 4, H, W)``: one way or the other, and what is added."""
    rather = torch.sigmoid(moved[:, 4:])
    way = torch.lerp(ways[1], ways[0], rather)
    return torch.cat([-t * way, (1 - t) * way], 1) + moved[:, :4] * COARSE


def mixed(candidates: list[Tensor], made: Tensor, t: Tensor) -> Tensor:
    """Return candidates ``(N, C, H, W)``, weighed, with what is missing; colours come first.

    They are of the first and of the second frame by turns; ``made`` is :attr:`Between.made`.
    """
    prior = torch.cat([(1 - t).clamp(min=1e-3).log(), t.clamp(min=1e-3).log()] * 3, 1)
    weights = torch.softmax(made[:, :6] + prior, 1)
    image = weights[:, :1] * candidates[0]
    for i, candidate in enumerate(candidates[1:], 1):
        image = image + weights[:, i : i + 1] * candidate
    lacking = _RESIDUAL * torch.tanh(made[:, 6:])
    return torch.cat([image[:, :3] + lacking, image[:, 3:]], 1)


def larger(x: Tensor, by: int) -> Tensor:
    """Return ``(N, C, h, w)`` enlarged, straight lines between the values."""
    return functional.interpolate(x, scale_factor=by, mode="bilinear")


class _Residual(nn.Module):
    """Two convolutions around which the picture may go."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_conv(width, width), nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = x + self.body(x)
        return made


def _conv(thin: int, wide: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(thin, wide, 3, stride, 1), nn.ReLU(inplace=True))
