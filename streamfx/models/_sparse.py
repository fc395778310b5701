"""Sparse constants of TFLite files, made dense.

The format is the schema's ``SparsityParameters``: each dimension, blocks after the dimensions that
they divide, is dense or compressed (CSR), in the order that ``TraversalOrder`` says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tflite

_COMPRESSED = 1
"""DimensionType.SPARSE_CSR."""


def densify(
    values: np.ndarray[Any, Any],
    shape: tuple[int, ...],
    sparsity: Any,  # noqa: ANN401  flatbuffers
) -> np.ndarray[Any, Any]:
    """Return all values of a tensor, flat, zeros where the file has none."""
    order = [int(i) for i in sparsity.TraversalOrderAsNumpy()]
    blocks = sparsity.BlockMapLength()
    divided = [int(i) for i in sparsity.BlockMapAsNumpy()] if blocks else []
    metas = [sparsity.DimMetadata(i) for i in range(sparsity.DimMetadataLength())]
    coordinates = np.zeros((1, 0), np.int64)
    segments = np.zeros(1, np.int64)  # the position of each prefix within its level
    for meta in metas:
        coordinates, segments = _descend(meta, coordinates, segments)
    places = np.zeros((len(coordinates), len(shape)), np.int64)
    sizes = {dim: metas[level].DenseSize() for level, dim in enumerate(order) if dim >= len(shape)}
    for level, dim in enumerate(order):
        if dim < len(shape):
            step = next((sizes[len(shape) + i] for i, of in enumerate(divided) if of == dim), 1)
            places[:, dim] += coordinates[:, level] * step
        else:
            places[:, divided[dim - len(shape)]] += coordinates[:, level]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(places.T)] = values
    return dense.reshape(-1)


def _descend(
    meta: Any,  # noqa: ANN401  flatbuffers
    coordinates: np.ndarray[Any, Any],
    segments: np.ndarray[Any, Any],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return every prefix one dimension longer, and where each stands among those."""
    if meta.Format() != _COMPRESSED:
        size = meta.DenseSize()
        index = np.tile(np.arange(size), len(coordinates))
        longer = np.column_stack([np.repeat(coordinates, size, axis=0), index])
        return longer, np.repeat(segments * size, size) + index
    starts = _vector(meta.ArraySegmentsType(), meta.ArraySegments())
    indices = _vector(meta.ArrayIndicesType(), meta.ArrayIndices())
    counts = starts[segments + 1] - starts[segments]
    longer = np.column_stack([np.repeat(coordinates, counts, axis=0), indices])
    return longer, np.arange(len(indices))


_VECTORS = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}


def _vector(kind: int, table: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401  flatbuffers
    vector = _VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    values: np.ndarray[Any, Any] = vector.ValuesAsNumpy().astype(np.int64)
    return values
