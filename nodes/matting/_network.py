"""The network of ``matting.portrait``: picture, coarse mask and memory become alpha and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

Memory: TypeAlias = "tuple[Tensor, ...]"
"""What the network remembers: one ``(N, C, h, w)`` for each level, the coarsest first."""

_WIDTHS = (16, 32, 48, 64)
"""Channels at 1/2, 1/4, 1/8 and 1/16 of the picture."""

_SURE = 0.01
"""Probability below which, or from 1 less it, a coarse mask is not more sure."""
_SAY = {True: 3.5, False: 2.0}
"""How far the network may move the logarithm of the odds, while it learns and after: all the way
where the mask doubts; what it is sure of stays on its side of one half."""
_WIDE = 48
"""Share of the longer side, one in this, by which edges of the mask are widened either way while
the network learns: it then looks for them in the picture."""


class Portrait(nn.Module):
    """A recurrent U-Net that turns a coarse mask into soft alpha and the subject's own colours.

    As Robust Video Matting (Lin et al. 2022) it is recurrent by convolutional gated units (Ballas
    et al. 2016) on half of the channels of each level of its decoder, and predicts the foreground
    as a change of the picture. Unlike it, it need not find people: a coarse mask says where they
    are, so that 0.3 million parameters are enough.
    """

    def __init__(self, widths: Sequence[int] = _WIDTHS, *, learning: bool = False) -> None:
        """Make it; ``learning``: with batch normalisation, which :func:`folded` takes away."""
        super().__init__()
        self.learning = learning
        a, b, c, d = widths
        self.stem = _conv(4 * 4, a, learning)
        self.first = _Residual(a, learning)
        self.down = nn.ModuleList(
            nn.Sequential(
                _conv(thin, wide, learning, stride=2),
                *(_Residual(wide, learning) for _ in range(deep)),
            )
            for thin, wide, deep in ((a, b, 1), (b, c, 2), (c, d, 2))
        )
        self.up = nn.ModuleList(
            _conv(below + here, here, learning) for below, here in ((d, c), (c, b), (b, a))
        )
        self.gates = nn.ModuleList(_Gated(wide // 2) for wide in (c, b, a))
        self.out = nn.Conv2d(a, 4 * 4, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(
        self, image: Tensor, coarse: Tensor, memory: Memory | None = None
    ) -> tuple[Tensor, Tensor, Memory]:
        """Return alpha, foreground and memory.

        ``image`` ``(N, 3, H, W)`` is R'G'B' in [0, 1], ``coarse`` ``(N, 1, H, W)`` where people are
        thought to be, ``memory`` what the frame before gave; H and W are multiples of 16. Alpha
        ``(N, 1, H, W)`` is in [0, 1], the foreground ``(N, 3, H, W)`` has the picture's colours
        where nothing has to be taken out.
        """
        x = torch.cat([image - 0.5, coarse - 0.5], 1)
        levels = [self.first(self.stem(functional.pixel_unshuffle(x, 2)))]
        for down in self.down:
            levels.append(down(levels[-1]))
        x, kept = levels.pop(), []
        for i, (up, gate) in enumerate(zip(self.up, self.gates, strict=True)):
            skip = levels.pop()
            wider = functional.interpolate(x, size=skip.shape[2:], mode="nearest")
            x = up(torch.cat([wider, skip], 1))
            still, moving = x.chunk(2, 1)
            moving = gate(moving, None if memory is None else memory[i])
            kept.append(moving)
            x = torch.cat([still, moving], 1)
        made = functional.pixel_shuffle(self.out(x), 2)
        told = _widened(coarse) if self.learning else coarse
        odds = torch.logit(told.clamp(_SURE, 1 - _SURE))
        alpha = torch.sigmoid(odds + _SAY[self.learning] * torch.tanh(made[:, :1]))
        return alpha, (image + made[:, 1:]).clamp(0, 1), tuple(kept)


def _widened(mask: Tensor) -> Tensor:
    """Return the mean of a mask ``(N, 1, H, W)`` over squares."""
    side = 2 * (max(mask.shape[2:]) // _WIDE) + 1
    for kernel in ((1, side), (side, 1)):
        edge = kernel[0] // 2, kernel[1] // 2
        mask = functional.avg_pool2d(mask, kernel, 1, edge, count_include_pad=False)
    return mask


class _Residual(nn.Module):
    """One convolution around which the picture may go."""

    def __init__(self, width: int, learning: bool) -> None:
        super().__init__()
        self.body = _conv(width, width, learning)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = x + self.body(x)
        return made


class _Gated(nn.Module):
    """A convolutional gated recurrent unit."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.new = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, x: Tensor, memory: Tensor | None) -> Tensor:
        memory = torch.zeros_like(x) if memory is None else memory
        read, write = torch.sigmoid(self.gates(torch.cat([x, memory], 1))).chunk(2, 1)
        new = torch.tanh(self.new(torch.cat([x, read * memory], 1)))
        return torch.lerp(memory, new, write)


def _conv(thin: int, wide: int, learning: bool, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(thin, wide, 3, stride, 1, bias=not learning)
    norm = [nn.BatchNorm2d(wide)] if learning else []
    return nn.Sequential(conv, *norm, nn.ReLU(inplace=True))


def folded(network: nn.Module) -> nn.Module:
    """Fold every normalisation into the convolution before it, and return the network, learnt."""
    if isinstance(network, Portrait):
        network.learning = False
    for name, part in network.named_children():
        if (
            isinstance(part, nn.Sequential)
            and len(part) == 3
            and isinstance(part[1], nn.BatchNorm2d)
        ):
            conv = part[0].eval()
            assert isinstance(conv, nn.Conv2d)
            conv = fuse_conv_bn_eval(conv, part[1].eval())
            setattr(network, name, nn.Sequential(conv, part[2]))
        else:
            setattr(network, name, folded(part))
    return network
