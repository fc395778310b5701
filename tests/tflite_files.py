"""Small TFLite files, written for tests: one operation or a few, with constants of their own.

What the writer returns are places in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import tflite

TYPES = {
    np.dtype(np.float32): tflite.TensorType.FLOAT32,
    np.dtype(np.float16): tflite.TensorType.FLOAT16,
    np.dtype(np.int32): tflite.TensorType.INT32,
}


@dataclass(frozen=True)
class Op:
    """One operation."""

    kind: str
    """Its name in the schema."""
    inputs: Sequence[str]
    outputs: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the table of its options, which is called like ``table``."""
    table: str = ""
    """``Conv2DOptions`` and so on; empty: none."""


@dataclass(frozen=True)
class File:
    """A graph of operations."""

    shapes: Mapping[str, Sequence[int]]
    """Every tensor that is not constant."""
    ops: Sequence[Op]
    inputs: Sequence[str]
    outputs: Sequence[str]
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(_Writer(self).made())
        return path


class _Writer:
    def __init__(self, file: File) -> None:
        self._file = file
        self._to = flatbuffers.Builder(1024)
        self._names = [*file.shapes, *file.constants]
        self._kinds = sorted({op.kind for op in file.ops})

    def made(self) -> bytes:
        file, to = self._file, self._to
        buffers = [self._buffer(b"")] + [self._buffer(c.tobytes()) for c in file.constants.values()]
        tensors = [self._tensor(name) for name in self._names]
        ops = [self._op(op) for op in file.ops]
        ends = [self._numbers(names) for names in (file.inputs, file.outputs)]
        lists = [
            self._list(tflite.SubGraphStartTensorsVector, tensors),
            self._list(tflite.SubGraphStartOperatorsVector, ops),
        ]
        tflite.SubGraphStart(to)
        tflite.SubGraphAddTensors(to, lists[0])
        tflite.SubGraphAddInputs(to, ends[0])
        tflite.SubGraphAddOutputs(to, ends[1])
        tflite.SubGraphAddOperators(to, lists[1])
        graph = tflite.SubGraphEnd(to)
        codes = [self._code(kind) for kind in self._kinds]
        code_list = self._list(tflite.ModelStartOperatorCodesVector, codes)
        graph_list = self._list(tflite.ModelStartSubgraphsVector, [graph])
        buffer_list = self._list(tflite.ModelStartBuffersVector, buffers)
        tflite.ModelStart(to)
        tflite.ModelAddVersion(to, 3)
        tflite.ModelAddOperatorCodes(to, code_list)
        tflite.ModelAddSubgraphs(to, graph_list)
        tflite.ModelAddBuffers(to, buffer_list)
        to.Finish(tflite.ModelEnd(to), file_identifier=b"TFL3")
        return bytes(to.Output())

    def _buffer(self, data: bytes) -> Any:
        at = self._to.CreateByteVector(data) if data else None
        tflite.BufferStart(self._to)
        if at is not None:
            tflite.BufferAddData(self._to, at)
        return tflite.BufferEnd(self._to)

    def _tensor(self, name: str) -> Any:
        constants = list(self._file.constants)
        constant = self._file.constants.get(name)
        shape = self._file.shapes[name] if constant is None else constant.shape
        kind = np.dtype(np.float32) if constant is None else constant.dtype
        label = self._to.CreateString(name)
        at = self._to.CreateNumpyVector(np.array(shape, np.int32))
        tflite.TensorStart(self._to)
        tflite.TensorAddShape(self._to, at)
        tflite.TensorAddType(self._to, TYPES[kind])
        number = 0 if constant is None else 1 + constants.index(name)
        tflite.TensorAddBuffer(self._to, number)
        tflite.TensorAddName(self._to, label)
        return tflite.TensorEnd(self._to)

    def _op(self, op: Op) -> Any:
        inputs, outputs = self._numbers(op.inputs), self._numbers(op.outputs)
        options = None
        if op.table:
            getattr(tflite, f"{op.table}Start")(self._to)
            for key, value in op.options.items():
                getattr(tflite, f"{op.table}Add{key}")(self._to, value)
            options = getattr(tflite, f"{op.table}End")(self._to)
        tflite.OperatorStart(self._to)
        tflite.OperatorAddOpcodeIndex(self._to, self._kinds.index(op.kind))
        tflite.OperatorAddInputs(self._to, inputs)
        tflite.OperatorAddOutputs(self._to, outputs)
        if options is not None:
            kind = getattr(tflite.BuiltinOptions, op.table)
            tflite.OperatorAddBuiltinOptionsType(self._to, kind)
            tflite.OperatorAddBuiltinOptions(self._to, options)
        return tflite.OperatorEnd(self._to)

    def _code(self, kind: str) -> Any:
        number = getattr(tflite.BuiltinOperator, kind)
        tflite.OperatorCodeStart(self._to)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self._to, min(number, 127))
        tflite.OperatorCodeAddBuiltinCode(self._to, number)
        tflite.OperatorCodeAddVersion(self._to, 3 if kind == "RESIZE_BILINEAR" else 1)
        return tflite.OperatorCodeEnd(self._to)

    def _numbers(self, names: Sequence[str]) -> Any:
        numbers = [self._names.index(name) if name else -1 for name in names]
        return self._to.CreateNumpyVector(np.array(numbers, np.int32))

    def _list(self, start: Callable[..., Any], items: Sequence[int]) -> Any:
        start(self._to, len(items))
        for item in reversed(items):
            self._to.PrependUOffsetTRelative(item)
        return self._to.EndVector()
