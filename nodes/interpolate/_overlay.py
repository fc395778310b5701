"""What lies still over a moving picture: titles, logos, the instruments of a game."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_COLUMNS = 640
"""Pixels along the longer side of the picture in which overlays are looked for."""
_SAME = 5 / 255
"""Change of R'G'B' that coding makes of what does not change."""
_EDGE = 0.12
"""Contrast of neighbours from which on there is an edge; of flat things flow moves nothing."""
_NEAR, _AROUND = 2, 12
"""Pixels around an edge that belong to it, and around an overlay in which something moves."""
_MOVING = 0.35
"""Share of the pixels around that change, from which on what does not change is an overlay."""
_PAIRS = 3
"""Successive pairs of frames in which it has not changed."""


class Overlay:
    """Finds what stays as it is while the picture around it moves, from pair to pair of frames."""

    def __init__(self) -> None:
        self._count: Tensor | None = None
        self._found: Tensor | None = None
        self._size = 0, 0

    def see(self, before: Tensor, after: Tensor) -> None:
        """Look at two successive frames ``(3, H, W)``."""
        high, wide = int(before.shape[1]), int(before.shape[2])
        by = max(1, round(max(high, wide) / _COLUMNS))
        one, two = (_smaller(x, by) for x in (before, after))
        same = ((one - two).abs().amax(1, keepdim=True) < _SAME).float()
        if self._count is None or self._count.shape != same.shape:
            self._count = torch.zeros_like(same)
        self._count = (self._count + 1) * same
        moving = 1 - _mean(same, _AROUND)
        kept = (self._count >= _PAIRS).float() * (moving > _MOVING).float() * _edges(one)
        self._found = kept if bool(kept.any()) else None
        self._size = high, wide

    def mask(self) -> Tensor | None:
        """Return where an overlay lies in the last pair, ``(H, W)`` in [0, 1], or None."""
        if self._found is None:
            return None
        return functional.interpolate(self._found, self._size, mode="bilinear")[0, 0]


def _edges(x: Tensor) -> Tensor:
    """Return 1 near edges of ``(1, 3, h, w)``, as ``(1, 1, h, w)``."""
    grey = x.mean(1, keepdim=True)
    steep = _most(grey, 1) + _most(-grey, 1) > _EDGE
    return _most(steep.float(), _NEAR)


def _smaller(x: Tensor, by: int) -> Tensor:
    """Return ``(3, H, W)`` as ``(1, 3, h, w)``, means of blocks; what is left over is cut off."""
    x = x.float()
    if x.device.type != "cpu":
        return functional.avg_pool2d(x[None], by)
    high, wide = int(x.shape[1]) // by, int(x.shape[2]) // by
    planes = x[:, : high * by, : wide * by].numpy()
    made = [cv2.resize(plane, (wide, high), interpolation=cv2.INTER_AREA) for plane in planes]
    return torch.from_numpy(np.stack(made))[None]


def _mean(x: Tensor, around: int) -> Tensor:
    """Return the mean of ``(1, 1, h, w)`` over squares; beyond the edge the edge goes on."""
    side = 2 * around + 1
    if x.device.type == "cpu":
        edge = cv2.BORDER_REPLICATE
        return torch.from_numpy(cv2.blur(x[0, 0].numpy(), (side, side), borderType=edge))[
            None, None
        ]
    padded = functional.pad(x, (around,) * 4, mode="replicate")
    return functional.avg_pool2d(padded, side, 1)


def _most(x: Tensor, around: int) -> Tensor:
    """Return the largest value of ``(1, 1, h, w)`` in squares."""
    side = 2 * around + 1
    if x.device.type == "cpu":
        made = cv2.dilate(x[0, 0].numpy(), np.ones((side, side), np.uint8))
        return torch.from_numpy(made)[None, None]
    return functional.max_pool2d(x, side, 1, around)
