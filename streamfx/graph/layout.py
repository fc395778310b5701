"""Where the boxes of a drawn graph lie: columns from left to right, few crossings, no overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

COLUMN_GAP = 56.0
ROW_GAP = 22.0
BEND_HEIGHT = 12.0
"""Room for a wire that passes a column by."""
STRAIGHT = 8.0
"""How much more a passing wire counts than a box in wanting to be level with its neighbours."""
SWEEPS = 12
"""How often the columns are sorted back and forth."""
SETTLES = 60
"""How often their boxes are moved: by then nothing moves by a pixel."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a box needs, in pixels."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Place:
    """A box in its place, in pixels from the top left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire from one box to another."""

    start: str
    end: str
    out: float
    """How far below the top of the first box it leaves, in pixels."""
    into: float
    """How far below the top of the other box it arrives."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph with its boxes placed."""

    places: Mapping[str, Place]
    bends: Mapping[Edge, tuple[Place, ...]]
    """Each edge to the gaps that it passes through, in the columns between its ends."""
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Link:
    """A piece of an edge, from one column to the next."""

    start: str
    end: str
    out: float
    into: float


def arrange(boxes: Mapping[str, Size], edges: Sequence[Edge], last: Iterable[str] = ()) -> Layout:
    """Place ``boxes`` so that every edge runs from left to right; ``last`` go into the last column.

    Boxes must come in an order in which each stands behind whatever feeds it. Columns by longest
    path, order within a column by the mean of the neighbours, heights by least squares (after
    Sugiyama, Tagawa and Toda 1981).
    """
    columns, chains = _columns(boxes, edges, _layers(boxes, edges, last))
    bend = Size(0, BEND_HEIGHT)
    sizes = {name: boxes.get(name, bend) for column in columns for name in column}
    links = [link for edge, chain in chains.items() for link in _links(edge, chain)]
    _untangle(columns, sizes, links)
    places = _place(columns, sizes, links)
    return Layout(
        places={name: places[name] for name in boxes},
        bends={edge: tuple(places[name] for name in chain[1:-1]) for edge, chain in chains.items()},
        width=max(place.x + place.width for place in places.values()),
        height=max(place.y + place.height for place in places.values()),
    )


def _layers(
    boxes: Mapping[str, Size], edges: Sequence[Edge], last: Iterable[str]
) -> dict[str, int]:
    layer: dict[str, int] = {}
    for name in boxes:
        layer[name] = max((layer[e.start] + 1 for e in edges if e.end == name), default=0)
    for name in boxes:  # a source stands right before what it feeds
        ends = [layer[e.end] for e in edges if e.start == name]
        if ends and not any(e.end == name for e in edges):
            layer[name] = min(ends) - 1
    return layer | dict.fromkeys(last, max(layer.values()))


def _columns(
    boxes: Mapping[str, Size], edges: Sequence[Edge], layer: Mapping[str, int]
) -> tuple[list[list[str]], dict[Edge, list[str]]]:
    """Return the columns, with a place in each for every edge that passes it by."""
    columns: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for name in boxes:
        columns[layer[name]].append(name)
    chains: dict[Edge, list[str]] = {}
    for number, edge in enumerate(dict.fromkeys(edges)):
        between = range(layer[edge.start] + 1, layer[edge.end])
        bends = [f"\0{number}.{i}" for i in between]
        for i, name in zip(between, bends, strict=True):
            columns[i].append(name)
        chains[edge] = [edge.start, *bends, edge.end]
    return columns, chains


def _links(edge: Edge, chain: Sequence[str]) -> list[_Link]:
    middle = BEND_HEIGHT / 2
    return [
        _Link(
            a,
            b,
            edge.out if a == edge.start else middle,
            edge.into if b == edge.end else middle,
        )
        for a, b in pairwise(chain)
    ]


def _untangle(columns: list[list[str]], sizes: Mapping[str, Size], links: Sequence[_Link]) -> None:
    """Sort every column by its neighbours, back and forth, and keep what crosses least."""
    best, fewest = [list(column) for column in columns], _crossings(columns, sizes, links)
    for sweep in range(SWEEPS):
        order = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for i in order:
            beside = columns[i - 1] if sweep % 2 == 0 else columns[i + 1]
            _sort(columns[i], {name: row for row, name in enumerate(beside)}, sizes, links)
        crossings = _crossings(columns, sizes, links)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    columns[:] = best


def _sort(
    column: list[str],
    beside: Mapping[str, int],
    sizes: Mapping[str, Size],
    links: Sequence[_Link],
) -> None:
    means: dict[str, float] = {name: float(row) for row, name in enumerate(column)}
    for name in column:
        near = [beside[k.start] + k.out / sizes[k.start].height for k in links
                if k.end == name and k.start in beside]  # fmt: skip
        near += [beside[k.end] + k.into / sizes[k.end].height for k in links
                 if k.start == name and k.end in beside]  # fmt: skip
        if near:
            means[name] = sum(near) / len(near)
    column.sort(key=means.__getitem__)


def _crossings(
    columns: Sequence[Sequence[str]], sizes: Mapping[str, Size], links: Sequence[_Link]
) -> int:
    row = {name: i for column in columns for i, name in enumerate(column)}
    layer = {name: i for i, column in enumerate(columns) for name in column}
    ends = [
        (
            layer[k.start],
            row[k.start] + k.out / sizes[k.start].height,
            row[k.end] + k.into / sizes[k.end].height,
        )
        for k in links
    ]
    return sum(
        a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0
        for i, a in enumerate(ends)
        for b in ends[i + 1 :]
    )


def _place(
    columns: Sequence[Sequence[str]], sizes: Mapping[str, Size], links: Sequence[_Link]
) -> dict[str, Place]:
    top: dict[str, float] = {}
    for column in columns:
        y = 0.0
        for name in column:
            top[name] = y
            y += sizes[name].height + ROW_GAP
    for sweep in range(SETTLES):
        for column in columns if sweep % 2 else reversed(columns):
            _level(column, top, sizes, links)
    highest = min(top.values())
    places: dict[str, Place] = {}
    x = 0.0
    for column in columns:
        width = max(sizes[name].width for name in column)
        for name in column:
            own = sizes[name].width or width
            y = top[name] - highest
            places[name] = Place(x + (width - own) / 2, y, own, sizes[name].height)
        x += width + COLUMN_GAP
    return places


def _level(
    column: Sequence[str],
    top: dict[str, float],
    sizes: Mapping[str, Size],
    links: Sequence[_Link],
) -> None:
    """Move the boxes of a column so that their wires run level, as far as there is room.

    Least squares under an order is isotonic regression: neighbours that would overlap move as one
    (pool adjacent violators).
    """
    blocks: list[tuple[float, float, int]] = []  # weighted wish, weight, members
    above = 0.0
    for name in column:
        wish, weight = _wish(name, top, links)
        block = ((wish - above) * weight, weight, 1)
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
        above += sizes[name].height + ROW_GAP
    names = iter(column)
    above = 0.0
    for total, weight, members in blocks:
        for _ in range(members):
            name = next(names)
            top[name] = total / weight + above
            above += sizes[name].height + ROW_GAP


def _wish(name: str, top: Mapping[str, float], links: Sequence[_Link]) -> tuple[float, float]:
    """Return the height at which the wires of a box run level, and how much that matters."""
    total, weight = 0.0, 0.0
    for link in links:
        if name not in (link.start, link.end):
            continue
        bends = (link.start[0] == "\0") + (link.end[0] == "\0")
        pull = STRAIGHT**bends
        if link.start == name:
            total += pull * (top[link.end] + link.into - link.out)
        else:
            total += pull * (top[link.start] + link.out - link.into)
        weight += pull
    return (total / weight, weight) if weight else (top[name], 1.0)
