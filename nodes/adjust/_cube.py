"""The Adobe Cube LUT format, version 1.0, and the input ranges that Resolve writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from streamfx import GraphError

_SIZES = {"LUT_1D_SIZE": (2, 65536), "LUT_3D_SIZE": (2, 256)}
_DOMAINS = ("DOMAIN_MIN", "DOMAIN_MAX")
_RANGES = ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")
_NUMBER = re.compile(r"[-+.\d]")
_LARGEST = float(np.finfo(np.float32).max)

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """A look-up table."""

    title: str
    """What the file calls itself; may be empty."""
    size: int
    """Points along each input axis."""
    dimensions: int
    """1: each component has a curve of its own. 3: each point is a colour."""
    low: Triple
    """Input that the first point stands for."""
    high: Triple
    """Input that the last point stands for."""
    table: npt.NDArray[np.float32]
    """``(size, 3)``, or ``(size ** 3, 3)`` with red running fastest."""


def read(path: Path) -> Cube:
    """Return the table in a file, read once until the file changes.

    Raises :exc:`GraphError` with file, line and rule when it is not a .cube file.
    """
    try:
        facts = path.stat()
        return _read(path, facts.st_mtime_ns, facts.st_size)
    except FileNotFoundError:
        raise GraphError(f"no LUT file {path}") from None
    except (OSError, UnicodeDecodeError) as exc:
        raise GraphError(f"cannot read LUT file {path}: {exc}") from exc


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Cube:
    try:
        return parse(path.read_text("utf-8-sig"))
    except GraphError as exc:
        raise GraphError(f"{path}: {exc}") from exc


def parse(text: str) -> Cube:
    """Return the table that a text describes; raises :exc:`GraphError` with line and rule."""
    head: dict[str, list[str]] = {}
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if _NUMBER.match(line):
            rows.append((number, line))
        elif rows:
            raise GraphError(f"line {number}: keywords come before the table, got {line[:40]!r}")
        else:
            _take_keyword(number, line, head)
    dimensions, size = _size(head)
    low, high = _domain(head)
    wanted = size**dimensions
    table = _table(rows)
    if len(table) != wanted:
        last = rows[-1][0] if rows else 0
        raise GraphError(f"line {last}: the table must have {wanted} lines, got {len(table)}")
    return Cube(" ".join(head.get("TITLE", [])).strip('"'), size, dimensions, low, high, table)


def _take_keyword(number: int, line: str, head: dict[str, list[str]]) -> None:
    name, *values = line.split()
    if name in head:
        raise GraphError(f"line {number}: {name} is given twice")
    known = {"TITLE": 0, **dict.fromkeys(_SIZES, 1)}
    known |= dict.fromkeys(_DOMAINS, 3) | dict.fromkeys(_RANGES, 2)
    if name not in known:
        there = ", ".join(known)
        raise GraphError(f"line {number}: unknown keyword {name[:40]!r}; there are: {there}")
    if name == "TITLE":
        head[name] = line.split(maxsplit=1)[1:]
        return
    if len(values) != known[name]:
        raise GraphError(f"line {number}: {name} takes {known[name]} numbers, got {len(values)}")
    if name in _SIZES:
        low, high = _SIZES[name]
        if not values[0].isdecimal() or not low <= int(values[0]) <= high:
            raise GraphError(f"line {number}: {name} must be {low} to {high}, got {values[0]!r}")
    else:
        _numbers(number, line.removeprefix(name), known[name])
    head[name] = values


def _size(head: dict[str, list[str]]) -> tuple[int, int]:
    given = [name for name in _SIZES if name in head]
    if len(given) != 1:
        what = "both; a shaper before a 3D table is not supported" if given else "neither"
        raise GraphError(f"a .cube file gives LUT_1D_SIZE or LUT_3D_SIZE, this one {what}")
    return (1 if given == ["LUT_1D_SIZE"] else 3), int(head[given[0]][0])


def _domain(head: dict[str, list[str]]) -> tuple[Triple, Triple]:
    low, high = [0.0] * 3, [1.0] * 3
    for name in _RANGES:
        if name in head:
            first, last = map(float, head[name])
            low, high = [first] * 3, [last] * 3
    low = [float(v) for v in head.get("DOMAIN_MIN", low)]
    high = [float(v) for v in head.get("DOMAIN_MAX", high)]
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise GraphError(f"DOMAIN_MIN must be below DOMAIN_MAX, got {low} and {high}")
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _table(rows: list[tuple[int, str]]) -> npt.NDArray[np.float32]:
    try:
        table = np.array([line.split() for _, line in rows], dtype=np.float64)
    except ValueError:
        table = np.empty((0, 0), dtype=np.float64)
    if table.shape == (len(rows), 3) and bool((np.abs(table) <= _LARGEST).all()):
        return table.astype(np.float32)
    for number, line in rows:  # say which line it is
        _numbers(number, line, 3)
    return np.empty((0, 3), dtype=np.float32)


def _numbers(number: int, text: str, count: int) -> None:
    try:
        values = [float(value) for value in text.split()]
    except ValueError:
        values = []
    if len(values) != count or not all(abs(value) <= _LARGEST for value in values):
        raise GraphError(f"line {number}: must be {count} numbers, got {text.strip()[:40]!r}")
