"""Interpolation between the points of a look-up table."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from streamfx.nodes.adjust._cube import Cube

_CHUNK = 1 << 17
"""Pixels at a time: what is computed on the way stays small."""


class Lookup:
    """A table on a device."""

    def __init__(self, cube: Cube, interpolation: str, device: torch.device) -> None:
        self._size = cube.size
        self._table = torch.from_numpy(cube.table).to(device)
        low = torch.tensor(cube.low, device=device)[:, None]
        span = torch.tensor(cube.high, device=device)[:, None] - low
        self._low, self._points_per_unit = low, (cube.size - 1) / span
        if cube.dimensions == 1:
            self._look = self._curves
        else:
            self._look = self._tetrahedra if interpolation == "tetrahedral" else self._cells

    def __call__(self, colour: Tensor) -> Tensor:
        """Return ``(3, H, W)`` looked up; values outside the table's domain count as its ends."""
        flat = colour.reshape(3, -1)
        out = torch.empty_like(flat)
        for first in range(0, flat.shape[1], _CHUNK):
            part = slice(first, first + _CHUNK)
            place = (flat[:, part] - self._low).mul_(self._points_per_unit)
            place.clamp_(0, self._size - 1)
            below = place.to(torch.int32).clamp_(0, self._size - 2)
            out[:, part] = self._look(below, place.sub_(below))
        return out.view(colour.shape)

    def _curves(self, below: Tensor, share: Tensor) -> Tensor:
        made = torch.empty_like(share)
        for i in range(3):
            curve = self._table[:, i].contiguous()
            start, end = curve[below[i]], curve[below[i] + 1]
            torch.lerp(start, end, share[i], out=made[i])
        return made

    def _tetrahedra(self, below: Tensor, share: Tensor) -> Tensor:
        """Interpolate in the one of six tetrahedra that the colour is in.

        It runs from the cell's low corner along the axis of the largest share, then of the middle
        one, then of the smallest, to the high corner.
        """
        size = self._size
        red, green, blue = share
        most = torch.maximum(torch.maximum(red, green), blue)
        least = torch.minimum(torch.minimum(red, green), blue)
        middle = red + green + blue - most - least
        ahead = torch.where(red == most, 1, torch.where(green == most, size, size * size))
        behind = torch.where(blue == least, size * size, torch.where(green == least, size, 1))
        index = below.new_empty((below.shape[1], 4))
        index[:, 0] = below[0] + below[1] * size + below[2] * (size * size)
        index[:, 1] = index[:, 0] + ahead
        index[:, 3] = index[:, 0] + (1 + size + size * size)
        index[:, 2] = index[:, 3] - behind
        return self._mix(index, (1 - most, most - middle, middle - least, least))

    def _cells(self, below: Tensor, share: Tensor) -> Tensor:
        """Interpolate between the eight corners of the cell that the colour is in."""
        size = self._size
        corner = below[0] + below[1] * size + below[2] * (size * size)
        index = below.new_empty((below.shape[1], 8))
        either = (1 - share, share)
        weights = []
        for i, (blue, green, red) in enumerate(product((0, 1), repeat=3)):
            index[:, i] = corner + (red + green * size + blue * size * size)
            weights.append(either[red][0] * either[green][1] * either[blue][2])
        return self._mix(index, tuple(weights))

    def _mix(self, index: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        # A weighted sum of table rows is what embedding bags are; nothing here gathers faster.
        weight = torch.stack(weights, dim=1)
        return embedding_bag(index, self._table, mode="sum", per_sample_weights=weight).t()
