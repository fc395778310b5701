"""The operations of TFLite, as torch's. Pictures are (N, C, H, W) here and (N, H, W, C) there.

What each does is what TensorFlow's kernels of that name do (``tensorflow/lite/kernels``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it
from tflite import ActivationFunctionType as Act
from tflite import Padding
from torch import fx, nn

from streamfx.errors import ModelError
from streamfx.models._layers import Pads, convolving, same, spreading
from streamfx.models._tflite_file import Op, TFLiteFile
from streamfx.models._wiring import Wiring

_ACTIVATIONS: Mapping[int, Callable[..., torch.Tensor]] = {
    Act.RELU: F.relu,
    Act.RELU6: F.relu6,
    Act.RELU_N1_TO_1: F.hardtanh,
}
_CHANNELS = (0, 2, 3, 1)
"""Where the axes of (N, H, W, C) are among (N, C, H, W)."""


class Reading:
    """A TFLite file while its network is put together."""

    def __init__(self, file: TFLiteFile, wiring: Wiring) -> None:
        self.file = file
        self.wiring = wiring
        uses = [number for op in file.ops for number in op.inputs] + list(file.outputs)
        self._uses = {number: uses.count(number) for number in set(uses)}

    def value(self, number: int) -> fx.Node:
        """Return a tensor of the file; a constant becomes one of the network's."""
        if number in self.file.constants:
            array = self.file.constants[number]
            made = torch.tensor(array.transpose(0, 3, 1, 2) if array.ndim == 4 else array)
            if made.ndim == 1 and made.numel() > 1:  # goes along the channels
                made = made.view(1, -1, 1, 1)
            self.wiring.put(number, self.wiring.constant(made))
            del self.file.constants[number]
        return self.wiring.get(number)

    def array(self, number: int) -> np.ndarray[Any, Any]:
        """Return a constant. Raises KeyError where it is none."""
        return self.file.constants[number]

    def shape(self, number: int) -> tuple[int, ...]:
        """Return the shape of a tensor as the file has it."""
        return self.file.shapes[number]

    def spare(self, number: int) -> bool:
        """Return whether a tensor may be written into: ours, and wanted by nobody else."""
        return self._uses.get(number) == 1 and self.wiring.owns(self.wiring.get(number))

    def activate(self, value: fx.Node, kind: int) -> fx.Node:
        """Apply the activation that an operation ends with, in place."""
        if kind == Act.NONE:
            return value
        if kind not in _ACTIVATIONS:
            raise ModelError(f"activation {kind} of TFLite is not known here")
        return self.wiring.call(_ACTIVATIONS[kind], value, inplace=True)


Make: TypeAlias = "Callable[[Reading, Op], fx.Node]"


def convolution(reading: Reading, op: Op) -> fx.Node:
    """Add CONV_2D or DEPTHWISE_CONV_2D, with whatever padding comes before it."""
    options, deep = op.options, op.kind == "DEPTHWISE_CONV_2D"
    weight = reading.array(op.inputs[1])  # (out, H, W, in), of a deep one (1, H, W, out)
    weight = weight.transpose(3, 0, 1, 2) if deep else weight.transpose(0, 3, 1, 2)
    channels, kernel = reading.shape(op.inputs[0])[3], (weight.shape[2], weight.shape[3])
    stride = (options.StrideH(), options.StrideW())
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    pads = ((0, 0), (0, 0))
    if options.Padding() == Padding.SAME:
        pads = same(reading.shape(op.inputs[0])[1:3], kernel, stride, dilation)
    groups = channels // weight.shape[1]
    layer = convolving(
        torch.tensor(weight), _bias(reading, op, weight.shape[0]), stride, pads, dilation, groups
    )
    made = reading.wiring.layer(layer, reading.value(op.inputs[0]))
    return reading.activate(made, options.FusedActivationFunction())


def transposed(reading: Reading, op: Op) -> fx.Node:
    """Add a transposed convolution: TRANSPOSE_CONV, or MediaPipe's own with a bias."""
    if op.kind == "TRANSPOSE_CONV":
        source, weights, padding = op.inputs[2], op.inputs[1], op.options.Padding()
        stride, biased = (op.options.StrideH(), op.options.StrideW()), len(op.inputs) > 3
        bias = op.inputs[3] if biased else -1
    else:  # three numbers: TfLitePadding (1: same, 2: valid), stride in width, in height
        padding, across, down = struct.unpack("<3i", op.options)
        padding, stride = padding - 1, (down, across)
        source, weights, bias = op.inputs
    weight = torch.tensor(reading.array(weights)).permute(3, 0, 1, 2)  # was (out, H, W, in)
    size, kernel = reading.shape(op.outputs[0])[1:3], weight.shape[2:]
    low = same(size, kernel, stride) if padding == Padding.SAME else ((0, 0), (0, 0))
    came = reading.shape(source)[1:3]
    layer = spreading(weight, _parameter(reading, bias, weight.shape[1]), stride)
    made = reading.wiring.layer(layer, reading.value(source))
    whole = [(n - 1) * s + k for n, s, k in zip(came, stride, kernel, strict=True)]
    cut = [-low[1][0], size[1] - whole[1] + low[1][0], -low[0][0], size[0] - whole[0] + low[0][0]]
    if any(cut):
        made = reading.wiring.call(F.pad, made, cut)
    kind = op.options.FusedActivationFunction() if op.kind == "TRANSPOSE_CONV" else Act.NONE
    return reading.activate(made, kind)


def linear(reading: Reading, op: Op) -> fx.Node:
    """Add FULLY_CONNECTED."""
    weight = torch.tensor(reading.array(op.inputs[1]))
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    layer.weight = nn.Parameter(weight)
    layer.bias = _bias(reading, op, weight.shape[0])
    value = flat(reading, op.inputs[0])
    if not op.options.KeepNumDims() and len(reading.shape(op.inputs[0])) != 2:
        value = reading.wiring.method("reshape", value, -1, weight.shape[1])
    return reading.activate(
        reading.wiring.layer(layer, value), op.options.FusedActivationFunction()
    )


def pad(
    reading: Reading,
    value: fx.Node,
    pads: Pads,
    fill: float = 0.0,
) -> fx.Node:
    """Add rows and columns around pictures."""
    (top, bottom), (left, right) = pads
    return reading.wiring.call(F.pad, value, [left, right, top, bottom], "constant", fill)


def flat(reading: Reading, number: int) -> fx.Node:
    """Return a tensor with its axes in the file's order, as reshaping wants it."""
    value = reading.value(number)
    if len(reading.shape(number)) == 4:
        return reading.wiring.method("permute", value, *_CHANNELS)
    return value


def axis(number: int, rank: int) -> int:
    """Return where an axis of the file is here."""
    number %= rank
    return (0, 2, 3, 1)[number] if rank == 4 else number


def _bias(reading: Reading, op: Op, count: int) -> nn.Parameter:
    return _parameter(reading, op.inputs[2] if len(op.inputs) > 2 else -1, count)


def _parameter(reading: Reading, number: int, count: int) -> nn.Parameter:
    if number < 0:
        return nn.Parameter(torch.zeros(count))
    return nn.Parameter(torch.tensor(reading.array(number)))
