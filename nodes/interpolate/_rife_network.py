"""RIFE, as its authors published it (version 4.0): a network of this shape reads their weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamfx.nodes.interpolate._warp import warped

MULTIPLE = 32
"""Both sides of what it sees are multiples of it."""

_WIDTHS = (192, 128, 96, 64)
_SCALES = (8, 4, 2, 1)


class Rife(nn.Module):
    """Estimate intermediate flow and a mask from coarse to fine, and fuse both frames.

    "Real-Time Intermediate Flow Estimation for Video Frame Interpolation" (Huang et al. 2022),
    as of their version 4, which takes any instant. Parts that only training used are left out.
    """

    def __init__(self) -> None:
        super().__init__()
        first, *others = _WIDTHS
        self.block0 = _Block(7, first)
        self.block1, self.block2, self.block3 = (_Block(12, width) for width in others)

    def forward(
        self, first: Tensor, second: Tensor, t: Tensor, smaller: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Return flow to both frames ``(N, 4, H, W)``, in pixels, and the share of the first.

        Frames are ``(N, 3, H, W)`` in [0, 1], their sides multiples of 32 times ``smaller``, which
        is how many times more coarsely it looks for motion, for large pictures.
        """
        time = t.expand(-1, 1, *first.shape[2:])
        flow, mask = self.block0(torch.cat([first, second, time], 1), None, _SCALES[0] * smaller)
        blocks = self.block1, self.block2, self.block3
        for block, scale in zip(blocks, _SCALES[1:], strict=True):
            ends = warped(first, flow[:, :2]), warped(second, flow[:, 2:])
            more, better = block(torch.cat([*ends, time, mask], 1), flow, scale * smaller)
            flow, mask = flow + more, mask + better
        return flow, torch.sigmoid(mask)


class _Block(nn.Module):
    """One step: flow so far and what it brings become what it lacks."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.conv0 = nn.Sequential(_conv(count, width // 2, 2), _conv(width // 2, width, 2))
        self.convblock = nn.Sequential(*(_conv(width, width) for _ in range(8)))
        self.lastconv = nn.ConvTranspose2d(width, 5, 4, 2, 1)

    def forward(self, x: Tensor, flow: Tensor | None, scale: int) -> tuple[Tensor, Tensor]:
        x = _sized(x, 1 / scale)
        if flow is not None:
            x = torch.cat([x, _sized(flow, 1 / scale) / scale], 1)
        x = self.conv0(x)
        made = _sized(self.lastconv(self.convblock(x) + x), 2 * scale)
        return made[:, :4] * 2 * scale, made[:, 4:]


def _conv(thin: int, wide: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(thin, wide, 3, stride, 1), nn.PReLU(wide))


def _sized(x: Tensor, by: float) -> Tensor:
    return x if by == 1 else functional.interpolate(x, scale_factor=by, mode="bilinear")


def found_twice(
    network: nn.Module, first: Tensor, second: Tensor, t: Tensor, smaller: int = 1
) -> tuple[Tensor, Tensor]:
    """Return flow and share as the network finds them, the mean of both orders of the frames.

    It gains 0.7 dB over one order on benchmarks/bench_interpolation.py.
    """
    flow, share = network(first, second, t, smaller)
    back, other = network(second, first, 1 - t, smaller)
    return (flow + torch.cat([back[:, 2:], back[:, :2]], 1)) / 2, (share + 1 - other) / 2
