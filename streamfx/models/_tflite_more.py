"""The operations of TFLite without weights of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it
from tflite import Padding
from torch import fx, nn

from streamfx.errors import ModelError
from streamfx.models._layers import same
from streamfx.models._tflite_file import Op
from streamfx.models._tflite_ops import (
    Make,
    Reading,
    axis,
    convolution,
    flat,
    linear,
    pad,
    transposed,
)

_FOUR = 4
"""Axes of a batch of pictures."""


def _simple(function: Callable[..., torch.Tensor], *, inplace: bool = False) -> Make:
    """Return a maker for a function of one tensor, which may write into it where that is spare."""

    def make(reading: Reading, op: Op) -> fx.Node:
        value = reading.value(op.inputs[0])
        if inplace and reading.spare(op.inputs[0]):
            return reading.wiring.call(function, value, inplace=True)
        return reading.wiring.call(function, value)

    return make


def _binary(name: str, *, swaps: bool = False) -> Make:
    """Return a maker for an operation on two tensors, in place where the larger one is spare."""

    def make(reading: Reading, op: Op) -> fx.Node:
        first, second = op.inputs
        kind = getattr(op.options, "FusedActivationFunction", lambda: 0)()
        whole = _size(reading, op.outputs[0])
        if swaps and not _into(reading, first, second, whole):
            first, second = second, first
        if not (name in _INTO and _into(reading, first, second, whole)):
            made = reading.wiring.call(
                getattr(torch, name), reading.value(op.inputs[0]), reading.value(op.inputs[1])
            )
            return reading.activate(made, kind)
        spare, other = reading.value(first), reading.value(second)
        return reading.activate(reading.wiring.method(f"{name}_", spare, other), kind)

    return make


_INTO = ("add", "sub", "mul", "div")
"""Operations that torch has in place, too."""


def _into(reading: Reading, number: int, other: int, whole: int) -> bool:
    constant = number in reading.file.constants
    return (
        not constant
        and number != other
        and _size(reading, number) == whole
        and reading.spare(number)
    )


def _size(reading: Reading, number: int) -> int:
    return int(np.prod(reading.shape(number)))


def _prelu(reading: Reading, op: Op) -> fx.Node:
    slopes = reading.array(op.inputs[1])
    if slopes.size != slopes.shape[-1]:
        raise ModelError("PRELU with slopes that differ from pixel to pixel is not known here")
    layer = nn.PReLU(slopes.size)
    layer.weight = nn.Parameter(torch.tensor(slopes.reshape(-1)))
    return reading.wiring.layer(layer, reading.value(op.inputs[0]))


def _pool(reading: Reading, op: Op) -> fx.Node:
    options, value = op.options, reading.value(op.inputs[0])
    size = reading.shape(op.inputs[0])[1:3]
    kernel = (options.FilterHeight(), options.FilterWidth())
    stride = (options.StrideH(), options.StrideW())
    highest = op.kind == "MAX_POOL_2D"
    pads = ((0, 0), (0, 0))
    if options.Padding() == Padding.SAME:
        pads = same(size, kernel, stride)
    kind = options.FusedActivationFunction()
    if kernel == size and not highest:
        return reading.activate(reading.wiring.call(torch.mean, value, (2, 3), keepdim=True), kind)
    if highest:
        if any(map(any, pads)):
            value = pad(reading, value, pads, float("-inf"))
        return reading.activate(reading.wiring.call(F.max_pool2d, value, kernel, stride), kind)
    if any(before != after for before, after in pads):
        raise ModelError("AVERAGE_POOL_2D with uneven padding is not known here")
    made = reading.wiring.call(
        F.avg_pool2d, value, kernel, stride, (pads[0][0], pads[1][0]), False, False
    )
    return reading.activate(made, kind)


def _mean(reading: Reading, op: Op) -> fx.Node:
    rank = len(reading.shape(op.inputs[0]))
    axes = tuple(axis(int(a), rank) for a in np.atleast_1d(reading.array(op.inputs[1])))
    keep = bool(op.options.KeepDims())
    if rank == _FOUR and not keep and set(axes) != {2, 3}:
        raise ModelError("MEAN over axes other than height and width is not known here")
    return reading.wiring.call(torch.mean, reading.value(op.inputs[0]), axes, keepdim=keep)


def _resize(reading: Reading, op: Op) -> fx.Node:
    """Scale pictures. Where neither flag is set, pixel ``i`` is taken at ``i`` times the step."""
    value, size = reading.value(op.inputs[0]), reading.shape(op.outputs[0])[1:3]
    corners, centres = bool(op.options.AlignCorners()), bool(op.options.HalfPixelCenters())
    mode = "bilinear" if op.kind == "RESIZE_BILINEAR" else "nearest"
    if mode == "nearest":
        if corners:
            raise ModelError(f"{op.kind} with aligned corners is not known here")
        return reading.wiring.call(
            F.interpolate, value, size, mode="nearest-exact" if centres else mode
        )
    if corners or centres:
        return reading.wiring.call(F.interpolate, value, size, mode=mode, align_corners=corners)
    came = reading.shape(op.inputs[0])[1:3]
    factors = [wide // narrow for wide, narrow in zip(size, came, strict=True)]
    if any(n * f != m for n, f, m in zip(came, factors, size, strict=True)):
        raise ModelError(f"{op.kind} from {came} to {size} without a flag is not known here")
    value = reading.wiring.call(F.pad, value, [0, 1, 0, 1], "replicate")
    spread = [n * f + 1 for n, f in zip(came, factors, strict=True)]
    value = reading.wiring.call(F.interpolate, value, spread, mode=mode, align_corners=True)
    return reading.wiring.call(F.pad, value, [0, -1, 0, -1])


def _pad(reading: Reading, op: Op) -> fx.Node:
    """Add zeros around every axis, those of the channels too."""
    pads = [[int(n) for n in row] for row in reading.array(op.inputs[1])]
    if len(pads) == _FOUR:
        pads = [pads[0], pads[3], pads[1], pads[2]]
    along = [n for row in reversed(pads) for n in row]
    while along and along[-2:] == [0, 0]:
        along = along[:-2]
    value = reading.value(op.inputs[0])
    return reading.wiring.call(F.pad, value, along) if along else value


def _reshape(reading: Reading, op: Op) -> fx.Node:
    """Put the numbers of each picture of a batch in another shape."""
    came, shape = reading.shape(op.inputs[0]), reading.shape(op.outputs[0])
    if came[0] != shape[0]:
        raise ModelError(f"RESHAPE from {came} to {shape} mixes the pictures of a batch")
    return _picture(
        reading,
        reading.wiring.method("reshape", flat(reading, op.inputs[0]), -1, *shape[1:]),
        len(shape),
    )


def _concat(reading: Reading, op: Op) -> fx.Node:
    along = axis(op.options.Axis(), len(reading.shape(op.outputs[0])))
    made = reading.wiring.call(torch.cat, [reading.value(n) for n in op.inputs], along)
    return reading.activate(made, op.options.FusedActivationFunction())


def _depth_to_space(reading: Reading, op: Op) -> fx.Node:
    """Spread channels over blocks of pixels; TensorFlow puts a block's place before its channel."""
    block, value = op.options.BlockSize(), reading.value(op.inputs[0])
    height, width, channels = reading.shape(op.inputs[0])[1:]
    out = channels // block**2
    value = reading.wiring.method("reshape", value, -1, block, block, out, height, width)
    value = reading.wiring.method("permute", value, 0, 3, 4, 1, 5, 2)
    return reading.wiring.method("reshape", value, -1, out, height * block, width * block)


def _slice(reading: Reading, op: Op) -> fx.Node:
    begin, end, step = (reading.array(n).tolist() for n in op.inputs[1:])
    options, shape = op.options, reading.shape(op.inputs[0])
    if options.EllipsisMask() or options.NewAxisMask() or options.ShrinkAxisMask() or min(step) < 1:
        raise ModelError("STRIDED_SLICE that changes the number of axes is not known here")
    value = reading.value(op.inputs[0])
    for number, size in enumerate(shape):
        first = 0 if options.BeginMask() >> number & 1 else begin[number] % size
        last = size if options.EndMask() >> number & 1 else end[number]
        last = min(last + size if last < 0 else last, size)
        if number and (first, last, step[number]) != (0, size, 1):
            where = axis(number, len(shape))
            cut = (*(slice(None),) * where, slice(first, last, step[number]))
            value = reading.wiring.method("__getitem__", value, cut)
    return value


def _picture(reading: Reading, value: fx.Node, rank: int) -> fx.Node:
    if rank != _FOUR:
        return value
    return reading.wiring.method("permute", value, 0, 3, 1, 2)


def _nothing(reading: Reading, op: Op) -> fx.Node:
    return reading.value(op.inputs[0])


OPERATIONS: Mapping[str, Make] = {
    "ADD": _binary("add", swaps=True),
    "AVERAGE_POOL_2D": _pool,
    "CONCATENATION": _concat,
    "CONV_2D": convolution,
    "CUSTOM:Convolution2DTransposeBias": transposed,
    "DEPTHWISE_CONV_2D": convolution,
    "DEPTH_TO_SPACE": _depth_to_space,
    "DEQUANTIZE": _nothing,
    "DIV": _binary("div"),
    "ELU": _simple(F.elu, inplace=True),
    "FULLY_CONNECTED": linear,
    "HARD_SWISH": _simple(F.hardswish, inplace=True),
    "LEAKY_RELU": lambda reading, op: reading.wiring.call(
        F.leaky_relu, reading.value(op.inputs[0]), op.options.Alpha()
    ),
    "LOGISTIC": _simple(torch.sigmoid),
    "MAXIMUM": _binary("maximum"),
    "MAX_POOL_2D": _pool,
    "MEAN": _mean,
    "MINIMUM": _binary("minimum"),
    "MUL": _binary("mul", swaps=True),
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _simple(F.relu, inplace=True),
    "RELU6": _simple(F.relu6, inplace=True),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _resize,
    "SOFTMAX": lambda reading, op: reading.wiring.call(
        torch.softmax, reading.value(op.inputs[0]), axis(-1, len(reading.shape(op.inputs[0])))
    ),
    "STRIDED_SLICE": _slice,
    "SUB": _binary("sub"),
    "TANH": _simple(torch.tanh),
    "TRANSPOSE_CONV": transposed,
}
"""What each operation becomes."""
