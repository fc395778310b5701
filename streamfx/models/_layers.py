"""Layers as torch runs them fastest: the same numbers, fewer copies."""

from __future__ import annotations

from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it
from torch import nn

Pads: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Zeros before and after, in height and in width."""


class Pointwise(nn.Module):
    """A convolution of one pixel: a matrix product, which costs nothing but itself.

    Takes and returns (N, C, H, W) whose channels lie side by side in memory.
    """

    def __init__(self, weight: torch.Tensor, bias: nn.Parameter) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.flatten(1).contiguous())
        self.bias = bias

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return every pixel's channels mixed."""
        return F.linear(image.permute(0, 2, 3, 1), self.weight, self.bias).permute(0, 3, 1, 2)


class Spread(nn.Module):
    """A transposed convolution whose blocks do not overlap: each pixel becomes a block of its own.

    Twice to four times as fast as torch's, and the same numbers.
    """

    def __init__(self, weight: torch.Tensor, bias: nn.Parameter) -> None:
        super().__init__()
        self.block = (int(weight.shape[2]), int(weight.shape[3]))
        self.out = int(weight.shape[1])
        self.weight = nn.Parameter(weight.permute(2, 3, 1, 0).flatten(0, 2).contiguous())
        self.bias = bias

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return pictures that many times as large."""
        count, _, height, width = image.shape
        down, across = self.block
        pixels = F.linear(image.permute(0, 2, 3, 1), self.weight, self.bias.repeat(down * across))
        blocks = pixels.view(count, height, width, down, across, self.out)
        spread = blocks.transpose(2, 3).reshape(count, height * down, width * across, self.out)
        return spread.permute(0, 3, 1, 2)


def channels_last(image: torch.Tensor) -> torch.Tensor:
    """Return pictures with the channels of a pixel side by side, as convolutions like it best."""
    return image.contiguous(memory_format=torch.channels_last)


def convolving(
    weight: torch.Tensor,
    bias: nn.Parameter,
    stride: tuple[int, int],
    pads: Pads,
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> nn.Module:
    """Return a convolution with zeros around, which may be one more after than before.

    There the kernel gets a row or column of zeros in front, which is cheaper than a larger copy of
    the picture. ``weight`` is (out, in / groups, H, W).
    """
    if weight.shape[2:] == (1, 1) and stride == (1, 1) and groups == 1 and not any(map(any, pads)):
        return Pointwise(weight, bias)
    (top, bottom), (left, right) = pads
    front = (bottom - top, right - left)
    if min(front) < 0 or max(front) > 1 or (max(front) and dilation != (1, 1)):
        around = nn.ZeroPad2d((left, right, top, bottom))
        none = ((0, 0), (0, 0))
        return nn.Sequential(around, convolving(weight, bias, stride, none, dilation, groups))
    weight = F.pad(weight, [front[1], 0, front[0], 0])
    channels, out, kernel = weight.shape[1] * groups, weight.shape[0], _pair(weight)
    layer = nn.Conv2d(
        channels, out, kernel, stride, (bottom, right), dilation, groups, device="meta"
    )
    layer.weight, layer.bias = nn.Parameter(weight), bias
    return layer


def spreading(weight: torch.Tensor, bias: nn.Parameter, stride: tuple[int, int]) -> nn.Module:
    """Return a transposed convolution; ``weight`` is (in, out, H, W)."""
    kernel = _pair(weight)
    if kernel == stride:
        return Spread(weight, bias)
    layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], kernel, stride, device="meta")
    layer.weight, layer.bias = nn.Parameter(weight.contiguous()), bias
    return layer


def _pair(weight: torch.Tensor) -> tuple[int, int]:
    return int(weight.shape[2]), int(weight.shape[3])


def same(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...] = (1, 1),
) -> Pads:
    """Return the zeros of TensorFlow's padding ``SAME``.

    Where their number is odd, the one more comes after.
    """
    found = []
    for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        found.append((total // 2, total - total // 2))
    return found[0], found[1]
