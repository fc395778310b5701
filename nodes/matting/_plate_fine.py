"""From what the small network tells to a matte of full size, worked out where it is not plain."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from streamfx.nodes.matting._plate_network import CELL, Coarse, PlateMatting
from streamfx.nodes.matting._plate_scene import Canvas, View, relit

_TILE = 16
"""Side of the parts that are worked out, in pixels."""
_HALO = 3
"""How far the refiner looks around a pixel."""
_AT_ONCE = 256
"""Parts that are worked out together: as many as caches hold."""
_PLAIN = 0.02
"""How far from 0 or 1 the matte may be that is still taken for that."""
_DOUBT = 0.08
"""Doubt of the network from which a place is worked out."""


class Matte:
    """A picture's subject: colours and alpha of full size, as they are being made."""

    def __init__(self, image: Tensor, coarse: Coarse, canvas: Canvas) -> None:
        """Begin with a picture ``(3, H, W)`` and what the network told of it, for one picture."""
        self._image, self._canvas = image, canvas
        self._told = torch.cat(coarse, 1)
        high, wide = image.shape[1:]
        whole = functional.interpolate(coarse.alpha, canvas.extent, mode="bilinear")
        self.out = torch.cat([image, _snapped(whole[0, :, :high, :wide])])
        """``(4, H, W)``."""
        # Cells of the U-Net that are as wide as a part reach beyond the edge as it is.
        self._open = _open(coarse, CELL * canvas.extent[0] < _TILE / 2 * canvas.high)

    def work_out(self, network: PlateMatting, view: View, most: int) -> None:
        """Refine what is not plainly subject or scene, in ``most`` parts at the most.

        Where there are more, those are left as they are that are plainest.
        """
        high, wide = self._image.shape[1:]
        image, plate = self._image.reshape(3, -1), view.full
        for places, inner in self._parts(high, wide, most):
            flat = places.reshape(-1)
            here = image.index_select(1, flat).clamp(0, 1)
            there = plate[:, flat // wide, flat % wide]
            there = relit(there, flat, view.light, (high, wide))
            side = places.shape[1]
            shown, back = (_stacked(x, side) for x in (here, there))
            fine = network.refine(shown, back, self._told_at(flat, side, wide))
            made = torch.cat([fine.colour.clamp(0, 1), _snapped(fine.alpha)], 1)
            made = made.view(4, -1, side, side)[..., _HALO:-_HALO, _HALO:-_HALO].reshape(4, -1)
            self.out.view(4, -1).index_copy_(1, inner.reshape(-1), made)

    def _parts(self, high: int, wide: int, most: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield flat places ``(n, side, side)`` of some parts: all that is seen, and its middle."""
        rows, columns = self._tiles(high, wide, most)
        reach = torch.arange(-_HALO, _TILE + _HALO, device=rows.device)
        if not len(rows):
            return
        parts = (torch.split(places, _AT_ONCE) for places in (rows, columns))
        for row, column in zip(*parts, strict=True):
            y = (row[:, None] + reach).clamp_(0, high - 1)
            x = (column[:, None] + reach).clamp_(0, wide - 1)
            places = y[:, :, None] * wide + x[:, None, :]
            yield places, places[:, _HALO:-_HALO, _HALO:-_HALO]

    def _tiles(self, high: int, wide: int, most: int) -> tuple[Tensor, Tensor]:
        """Return first rows and columns of the parts that are open; the last ones overlap."""
        down, across = (-(-side // _TILE) for side in (high, wide))
        extent = self._canvas.extent
        size = -(-extent[0] // _TILE), -(-extent[1] // _TILE)
        open_ = functional.adaptive_max_pool2d(self._open, size)[0, 0, :down, :across]
        row, column = open_.nonzero().unbind(1)
        if len(row) > most:
            first = open_[row, column].topk(most).indices
            row, column = row[first], column[first]
        return (
            (row * _TILE).clamp_(max=max(high - _TILE, 0)),
            (column * _TILE).clamp_(max=max(wide - _TILE, 0)),
        )

    def _told_at(self, flat: Tensor, side: int, wide: int) -> Tensor:
        """Return what the network told at flat places, ``(1, C, n * side, side)``."""
        high_, wide_ = self._canvas.extent
        grid = torch.stack(
            [(flat % wide + 0.5) * (2 / wide_) - 1, (flat // wide + 0.5) * (2 / high_) - 1], -1
        )
        told = functional.grid_sample(
            self._told,
            grid.to(self._told.dtype).view(1, -1, side, 2),
            padding_mode="border",
            align_corners=False,
        )
        return told.contiguous(memory_format=torch.channels_last)


def _stacked(colours: Tensor, side: int) -> Tensor:
    """Return flat colours ``(3, N)`` of parts, one above another ``(1, 3, N / side, side)``.

    One tall picture is worked on faster than many small ones; margins keep neighbours apart.
    """
    tall = colours.view(1, 3, -1, side)
    return tall.contiguous(memory_format=torch.channels_last)


def _snapped(alpha: Tensor) -> Tensor:
    """Return a matte whose faint traces are none, and whose all but solid is solid."""
    return ((alpha.float() - _PLAIN) / (1 - 2 * _PLAIN)).clamp(0, 1)


def _open(coarse: Coarse, beyond: bool) -> Tensor:
    """Return how far a matte is from plainly 0 or 1, and perhaps just beyond: ``(1, 1, h, w)``.

    0 is where there is nothing to work out.
    """
    soft = 0.5 - (coarse.alpha - 0.5).abs()
    made = (soft + coarse.doubt) * ((soft > _PLAIN) | (coarse.doubt > _DOUBT))
    return functional.max_pool2d(made, 3, 1, 1) if beyond else made


def at_size(coarse: Coarse, canvas: Canvas) -> Tensor:
    """Return the matte ``(1, high, wide)`` on the canvas, to begin the next frame with."""
    size = canvas.high, canvas.wide
    assert coarse.alpha.shape[2] * CELL == canvas.high
    return functional.interpolate(coarse.alpha, size, mode="bilinear")[0].float()
