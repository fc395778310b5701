"""What stands in ncnn's two files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from streamfx.errors import ModelError

_MAGIC = "7767517"
_HALF = 0x01306B47
"""Marks weights that are stored as 16-bit floats, padded to four bytes."""
_ARRAY = -23300
"""Keys from here downwards hold arrays."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of a ``.param`` file."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[int, float | list[float]]
    """Numbers by their key."""

    def whole(self, key: int, default: int = 0) -> int:
        """Return a whole number."""
        return int(self.number(key, default))

    def number(self, key: int, default: float = 0.0) -> float:
        """Return a number."""
        value = self.params.get(key, default)
        if isinstance(value, list):
            raise ModelError(f"parameter {key} is an array")
        return value

    def array(self, key: int) -> list[float]:
        """Return an array; empty where there is none."""
        value = self.params.get(key, [])
        return value if isinstance(value, list) else [value]


def read_layers(path: Path) -> list[Layer]:
    """Return the layers of a ``.param`` file, in order."""
    try:
        lines = path.read_text("ascii").splitlines()
        if lines[0].strip() != _MAGIC:
            raise ValueError("it does not begin with 7767517")
        count = int(lines[1].split()[0])
        layers = [_layer(line) for line in lines[2:] if line.strip()]
        if len(layers) != count or not layers:
            raise ValueError(f"{len(layers)} layers instead of {count}")
    except (OSError, ValueError, IndexError) as exc:
        raise ModelError(f"{path.name} is no ncnn network: {exc}") from exc
    return layers


def _layer(line: str) -> Layer:
    kind, name, ins, outs, *rest = line.split()
    first, last = int(ins), int(ins) + int(outs)
    params: dict[int, float | list[float]] = {}
    for text in rest[last:]:
        sign, _, value = text.partition("=")
        key = int(sign)
        if key <= _ARRAY:
            params[_ARRAY - key] = [float(part) for part in value.split(",")[1:]]
        else:
            params[key] = float(value)
    return Layer(kind, name, tuple(rest[:first]), tuple(rest[first:last]), params)


class Weights:
    """A ``.bin`` file, read from its begin to its end."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._data = path.read_bytes()
        except OSError as exc:
            raise ModelError(f"cannot read {path}: {exc.strerror or exc}") from exc
        self._at = 0

    def flagged(self, count: int) -> torch.Tensor:
        """Read weights behind the mark that says how they are stored."""
        mark = int.from_bytes(self._take(4), "little")
        if mark == _HALF:
            values = np.frombuffer(self._take(2 * count), np.float16)
            self._take(-2 * count % 4)
            return torch.tensor(values.astype(np.float32))
        if mark != 0:
            raise ModelError(f"{self._name}: weights of kind 0x{mark:08x} are not known here")
        return self.plain(count)

    def plain(self, count: int) -> torch.Tensor:
        """Read 32-bit floats, as biases and slopes are."""
        return torch.tensor(np.frombuffer(self._take(4 * count), np.float32))

    def finish(self) -> None:
        """Raise :exc:`ModelError` unless all has been read."""
        left = len(self._data) - self._at
        if left:
            raise ModelError(f"{self._name}: {left} bytes are left over: of another network?")

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise ModelError(f"{self._name} ends too early, at byte {len(self._data)}")
        self._at += count
        return taken
