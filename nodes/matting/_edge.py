"""A small mask to a matte of full size, and the subject's own colours along its edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx.nodes.matting._light import Floats, Light
from streamfx.nodes.matting._shape import Mask, disc

_ALIKE = 0.08
"""Distance of subject and plate, in R'G'B', at which colour tells half of the matte."""
_SNAP = 0.06
"""Coverage, at either end, that counts as none or as all."""
_CALM = 0.15
"""Change of coverage, from one frame to the next, that counts as little."""
_THINNEST = 0.2
"""Coverage below which the subject's own colour is not told any better."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A matte as a small mask, and the maps that make it fine along the edge."""

    inside: Mask
    """``(H, W)``, 1 where the subject surely is."""
    band: Mask
    """``(H, W)``, 1 where it is not known."""
    solid: Floats
    """``(H, W)``, the matte as far as the mask tells."""
    colour: Floats
    """``(3, h, w)``, the subject's R'G'B' close by; smooth, so it is smaller still."""
    light: Light
    """What the plate looks like."""


def edge_of(
    mask: Mask, doubtful: NDArray[np.bool_], image: Floats, light: Light, softness: float
) -> Edge:
    """Return the edge of a ``mask`` ``(H, W)`` of the small ``image`` ``(3, H, W)``.

    What is ``doubtful`` ``(H, W)`` counts as edge even some way inside. ``softness`` is how wide
    the edge is where colour does not tell, in pixels of the small image.
    """
    inside: Mask = cv2.erode(mask, disc(7))
    outside: Mask = cv2.dilate(mask, disc(5))
    deep: Mask = cv2.erode(mask, disc(13))
    inside &= deep | ~doubtful
    side = 2 * int(np.ceil(3 * softness)) + 1
    solid = cv2.GaussianBlur(mask.astype(np.float32), (side, side), max(softness, 0.1))
    return Edge(inside, outside & (1 - inside), solid, _colour(mask, image), light)


def _colour(mask: Mask, image: Floats) -> Floats:
    """Return the mean colour of the subject around each pixel, at half the size."""
    high, wide = mask.shape
    size = max(1, wide // 2), max(1, high // 2)
    core = cv2.addWeighted(cv2.erode(mask, disc(5)), 1, mask, 0.02, 0, dtype=cv2.CV_32F)
    parts = [cv2.resize(part * core, size, interpolation=cv2.INTER_AREA) for part in image]
    weighed = cv2.merge([*parts, cv2.resize(core, size, interpolation=cv2.INTER_AREA)])
    weighed = weighed.reshape(size[1], size[0], 4)
    far = cv2.blur(weighed, (15, 15))  # taken where none is closer
    red, green, blue, weight = cv2.split(cv2.GaussianBlur(weighed, (7, 7), 1.3) + 1e-3 * far)
    weight = np.maximum(weight, 1e-9)
    return np.stack([red / weight, green / weight, blue / weight])


def cut(
    image: torch.Tensor,
    plate: torch.Tensor,
    edge: Edge,
    before: torch.Tensor | None = None,
    smooth: float = 0.0,
) -> torch.Tensor:
    """Return the subject as ``(4, H, W)``, given the picture and its plate, both of full size.

    Along the edge the matte is how far a pixel lies between the plate's colour and the subject's
    (as far as the two differ), and its colour is what is left when the plate's share is taken out.
    ``smooth`` is the share of the matte ``before`` ``(H, W)`` that is kept where little changes.
    """
    high, wide = int(image.shape[1]), int(image.shape[2])
    inside = cv2.resize(edge.inside, (wide, high), interpolation=cv2.INTER_NEAREST)
    band = cv2.resize(edge.band, (wide, high), interpolation=cv2.INTER_NEAREST)
    where = np.flatnonzero(band.view(np.bool_))
    out = image.new_empty((4, high, wide))
    out[:3] = image[:3]
    out[3] = torch.from_numpy(inside)
    if where.size:
        places = torch.from_numpy(where).to(image.device)
        here = image.reshape(image.shape[0], -1)[:3].index_select(1, places)
        there = plate.reshape(plate.shape[0], -1)[:3].index_select(1, places)
        flat = out.view(4, -1)
        plate_there, told, solid = _seen(there, edge, where, (high, wide))
        cover = _cover(here, plate_there, told, solid)
        if before is not None and smooth:
            change = cover - before.view(-1).index_select(0, places)
            cover -= change * (2 - change.abs() / _CALM).clamp_(0, 1) * smooth
        colour = here + (here - plate_there) * ((1 - cover) / cover.clamp(min=_THINNEST))
        flat[:3].index_copy_(1, places, colour.clamp_(0, 1))
        flat[3].index_copy_(0, places, cover)
    return out


def shrunk(matte: torch.Tensor, by: int) -> torch.Tensor:
    """Return a matte ``(1, H, W)`` whose edge lies ``by`` pixels further inwards."""
    beyond = torch.nn.functional.pad(-matte, (by,) * 4, mode="replicate")
    return -torch.nn.functional.max_pool2d(beyond, 2 * by + 1, stride=1)


def _seen(
    there: torch.Tensor, edge: Edge, places: NDArray[np.intp], size: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what is known at some pixels: plate and subject ``(3, N)``, the mask's matte ``(N,)``.

    ``there`` ``(3, N)`` is the plate as it was taken, ``size`` the picture's (height, width).
    """
    row, column = np.divmod(places, size[1])
    grid = np.empty((1, 1, len(places), 2), np.float32)
    np.multiply(column, 2 / size[1], out=grid[0, 0, :, 0], casting="unsafe")
    np.multiply(row, 2 / size[0], out=grid[0, 0, :, 1], casting="unsafe")
    grid += np.array([1 / size[1] - 1, 1 / size[0] - 1], np.float32)
    colour, solid, field = (
        _sampled(maps, grid, there.device)
        for maps in (edge.colour, edge.solid[None], edge.light.field[None])
    )
    none, once, twice = torch.from_numpy(edge.light.curve).to(there.device).t()[:, :, None]
    plate = (none + there * (once + there * twice)).mul_(field).clamp_(0, 1)
    return plate, colour, solid[0]


def _cover(
    here: torch.Tensor, plate: torch.Tensor, subject: torch.Tensor, solid: torch.Tensor
) -> torch.Tensor:
    """Return how much of each pixel ``(N,)`` the subject covers, as far as colours tell it."""
    away = subject - plate
    square = (away * away).sum(0)
    share = (((here - plate) * away).sum(0) / (square + 1e-6)).clamp_(0, 1)
    cover = torch.lerp(solid, share, square / (square + _ALIKE**2))
    return cover.sub_(_SNAP).div_(1 - 2 * _SNAP).clamp_(0, 1)


def _sampled(maps: Floats, grid: Floats, device: torch.device) -> torch.Tensor:
    """Return small maps ``(C, h, w)`` at places of a larger picture: ``(C, N)``."""
    made = torch.nn.functional.grid_sample(
        torch.from_numpy(maps)[None],
        torch.from_numpy(grid),
        padding_mode="border",
        align_corners=False,
    )
    return made[0, :, 0].to(device)
