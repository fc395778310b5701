"""What stands in a TFLite file: its operations in order, and its constants as plain arrays.

The schema is TensorFlow's ``schema.fbs``, as the package ``tflite`` reads it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from streamfx.errors import ModelError
from streamfx.models._sparse import densify

_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
    tflite.TensorType.INT8: np.int8,
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.BOOL: np.bool_,
}
_KINDS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if name.isupper()}
_OPTIONS = {code: name for name, code in vars(tflite.BuiltinOptions).items() if name[0].isupper()}


@dataclass(frozen=True, slots=True)
class Op:
    """One operation."""

    kind: str
    """``CONV_2D`` and so on; ``CUSTOM:Name`` for one that is not of the schema."""
    inputs: tuple[int, ...]
    """Numbers of the tensors that it reads; -1: left out."""
    outputs: tuple[int, ...]
    """Numbers of the tensors that it makes."""
    options: Any = None
    """The schema's table of its options, or the bytes of a custom one."""


@dataclass(slots=True)
class TFLiteFile:
    """The first subgraph of a file."""

    inputs: tuple[int, ...]
    """Numbers of the tensors that go in."""
    outputs: tuple[int, ...]
    """Numbers of the tensors that come out."""
    names: dict[int, str]
    """What the tensors are called."""
    shapes: dict[int, tuple[int, ...]]
    """Their shapes, pictures being (N, H, W, C)."""
    constants: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)
    """Those that are known without a picture; fp16 is widened, sparse ones are made dense."""
    ops: list[Op] = field(default_factory=list)
    """What remains to be computed, in order."""


def read(path: Path) -> TFLiteFile:
    """Read a file. Raises :exc:`ModelError` where it is not TFLite, or broken."""
    data = path.read_bytes()
    if len(data) < 8 or data[4:8] != b"TFL3":
        raise ModelError(f"{path.name} is not a TFLite file")
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ModelError(f"{path.name} is a broken TFLite file ({type(exc).__name__})") from exc


def _read(data: bytes) -> TFLiteFile:
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    file = TFLiteFile(
        inputs=_numbers(graph.InputsAsNumpy()),
        outputs=_numbers(graph.OutputsAsNumpy()),
        names={i: (t.Name() or b"").decode() for i, t in enumerate(tensors)},
        shapes={i: _numbers(t.ShapeAsNumpy()) for i, t in enumerate(tensors)},
    )
    for number, tensor in enumerate(tensors):
        raw = model.Buffers(tensor.Buffer()).DataAsNumpy()
        if not isinstance(raw, int) and raw.size:
            file.constants[number] = _constant(tensor, raw)
    for number in range(graph.OperatorsLength()):
        op = _operation(model, graph.Operators(number))
        known = op.inputs[0] in file.constants
        if op.kind in ("DEQUANTIZE", "DENSIFY") and known:
            value = file.constants[op.inputs[0]]
            file.constants[op.outputs[0]] = value.astype(np.float32)
        else:
            file.ops.append(op)
    return file


def _constant(tensor: Any, raw: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:  # noqa: ANN401  flatbuffers
    shape = _numbers(tensor.ShapeAsNumpy())
    kind = tensor.Type()
    if kind not in _TYPES:
        raise ValueError(f"tensors of type {kind}")
    values: np.ndarray[Any, Any] = np.frombuffer(raw.tobytes(), _TYPES[kind])
    sparsity = tensor.Sparsity()
    if sparsity is not None:
        values = densify(values, shape, sparsity)
    value: np.ndarray[Any, Any] = values.reshape(shape)
    return value


def _operation(model: Any, op: Any) -> Op:  # noqa: ANN401  flatbuffers
    code = model.OperatorCodes(op.OpcodeIndex())
    kind = _KINDS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    options: Any = None
    if kind == "CUSTOM":
        kind = f"CUSTOM:{code.CustomCode().decode()}"
        options = bytes(op.CustomOptionsAsNumpy()) if op.CustomOptionsLength() else b""
    elif op.BuiltinOptionsType():
        table = op.BuiltinOptions()
        options = getattr(tflite, _OPTIONS[op.BuiltinOptionsType()])()
        options.Init(table.Bytes, table.Pos)
    return Op(kind, _numbers(op.InputsAsNumpy()), _numbers(op.OutputsAsNumpy()), options)


def _numbers(values: Any) -> tuple[int, ...]:  # noqa: ANN401  an array, or 0 for an empty one
    return (
        tuple(int(value) for value in np.atleast_1d(values)) if not isinstance(values, int) else ()
    )
