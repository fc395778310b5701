"""ncnn's layers, as torch's.

What each does, and what its numbers mean, is in ncnn's ``src/layer``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it
from torch import fx, nn

from streamfx.errors import ModelError
from streamfx.models._layers import convolving
from streamfx.models._ncnn_file import Layer, Weights
from streamfx.models._wiring import Wiring

Make: TypeAlias = "Callable[[Layer, Wiring, Weights], fx.Node]"

_BINARY: Mapping[int, str] = {0: "add", 1: "sub", 2: "mul", 3: "div", 4: "maximum", 5: "minimum"}
_MODES = {1: "nearest", 2: "bilinear", 3: "bicubic"}


def _convolution(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    out, across = layer.whole(0), layer.whole(1)
    down = layer.whole(11, across)
    groups = layer.whole(7, 1)
    stride = (layer.whole(13, layer.whole(3, 1)), layer.whole(3, 1))
    dilation = (layer.whole(12, layer.whole(2, 1)), layer.whole(2, 1))
    left = layer.whole(4)
    right, top = layer.whole(15, left), layer.whole(14, left)
    bottom = layer.whole(16, top)
    if min(left, right, top, bottom) < 0 or layer.number(18) or layer.whole(8):
        raise ModelError(
            "padding by rule, padding with a value and int8 weights are not known here"
        )
    values = weights.flagged(layer.whole(6)).view(out, -1, down, across)
    bias = weights.plain(out) if layer.whole(5) else torch.zeros(out)
    made = convolving(
        values, nn.Parameter(bias), stride, ((top, bottom), (left, right)), dilation, groups
    )
    return _activated(layer, wiring, wiring.layer(made, wiring.get(layer.inputs[0])))


def _activated(layer: Layer, wiring: Wiring, value: fx.Node) -> fx.Node:
    """Apply the activation that a layer ends with, in place."""
    kind, numbers = layer.whole(9), layer.array(10)
    match kind:
        case 0:
            return value
        case 1:
            return wiring.call(F.relu, value, inplace=True)
        case 2:
            return wiring.call(F.leaky_relu, value, numbers[0], inplace=True)
        case 3:
            return wiring.call(F.hardtanh, value, numbers[0], numbers[1], inplace=True)
        case 4:
            return wiring.call(torch.sigmoid, value)
        case 6 if _is_hard_swish(numbers):
            return wiring.call(F.hardswish, value, inplace=True)
    raise ModelError(f"activation {kind} is not known here")


def _is_hard_swish(numbers: list[float]) -> bool:
    return abs(numbers[0] - 1 / 6) < 1e-4 and abs(numbers[1] - 0.5) < 1e-4


def _prelu(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    made = nn.PReLU(layer.whole(0))
    made.weight = nn.Parameter(weights.plain(layer.whole(0)))
    return wiring.layer(made, wiring.get(layer.inputs[0]))


def _relu(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    slope = layer.number(0)
    if slope:
        return wiring.call(F.leaky_relu, wiring.get(layer.inputs[0]), slope)
    return wiring.call(F.relu, wiring.get(layer.inputs[0]))


def _interp(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    mode, factors = _MODES.get(layer.whole(0), ""), (layer.number(1, 1.0), layer.number(2, 1.0))
    value = wiring.get(layer.inputs[0])
    if not mode or layer.whole(3) or layer.whole(4) or len(layer.inputs) > 1:
        raise ModelError("resizing by another rule than a factor is not known here")
    corners = bool(layer.whole(6))
    return wiring.call(_resized, value, factors, mode, corners)


def _resized(
    image: torch.Tensor, factors: tuple[float, float], mode: str, corners: bool
) -> torch.Tensor:
    """Return pictures resized by (down, across), sizes being rounded down."""
    size = [int(n * factor) for n, factor in zip(image.shape[2:], factors, strict=True)]
    if mode == "nearest":
        return F.interpolate(image, size, mode=mode)
    return F.interpolate(image, size, mode=mode, align_corners=corners)


def _binary(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    kind = layer.whole(0)
    if kind not in _BINARY:
        raise ModelError(f"operation {kind} is not known here")
    function = getattr(torch, _BINARY[kind])
    value = wiring.get(layer.inputs[0])
    if layer.whole(1):
        if _BINARY[kind] in ("maximum", "minimum"):
            function = torch.clamp_min if kind == 4 else torch.clamp_max
        return wiring.call(function, value, layer.number(2))
    return wiring.call(function, value, wiring.get(layer.inputs[1]))


def _eltwise(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    """Multiply, add with a factor each, or take the largest."""
    kind, factors = layer.whole(0), layer.array(1)
    values = [wiring.get(name) for name in layer.inputs]
    if kind == 1 and factors and len(values) == 2:
        first, second = factors
        if first != 1:
            values[0] = wiring.call(torch.mul, values[0], first)
        return wiring.call(torch.add, values[0], values[1], alpha=second)
    if kind not in (0, 1, 2) or factors:
        raise ModelError(f"Eltwise {kind} of {len(values)} with factors is not known here")
    function = (torch.mul, torch.add, torch.maximum)[kind]
    made = values[0]
    for value in values[1:]:
        made = wiring.call(function, made, value)
    return made


def _concat(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    axis = layer.whole(0)
    return wiring.call(
        torch.cat, [wiring.get(name) for name in layer.inputs], axis + 1 if axis >= 0 else axis
    )


def _shuffle(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    if layer.whole(1):
        raise ModelError("PixelShuffle with blocks before channels is not known here")
    return wiring.call(F.pixel_shuffle, wiring.get(layer.inputs[0]), layer.whole(0, 1))


def _split(layer: Layer, wiring: Wiring, weights: Weights) -> fx.Node:
    return wiring.get(layer.inputs[0])


LAYERS: Mapping[str, Make] = {
    "BinaryOp": _binary,
    "Concat": _concat,
    "Convolution": _convolution,
    "ConvolutionDepthWise": _convolution,
    "Eltwise": _eltwise,
    "Interp": _interp,
    "Noop": _split,
    "PReLU": _prelu,
    "PixelShuffle": _shuffle,
    "ReLU": _relu,
    "Sigmoid": lambda layer, wiring, _: wiring.call(torch.sigmoid, wiring.get(layer.inputs[0])),
    "Split": _split,
}
"""What each layer becomes."""
