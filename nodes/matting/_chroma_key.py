"""Alpha and the subject's own colours before a known screen: C = F a + B (1 - a), solved for both.

On a small picture the screen B is known everywhere (:mod:`_chroma_screen`) and the subject's
colours F are spread outwards from where it is solid; each pixel of the edge then lies somewhere
between the two, and how far says its alpha. The first to do so by local statistics: Chuang et al.,
"A Bayesian Approach to Digital Matting" (2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx.nodes.matting._chroma_fill import filled
from streamfx.nodes.matting._chroma_screen import MATRIX, Screen, plate
from streamfx.nodes.matting._chroma_spill import despilled, spill
from streamfx.nodes.matting._light import Floats
from streamfx.nodes.matting._shape import Mask

_BARE = 0.92
"""Share of the screen's colour from which a pixel counts as bare, to measure distances from."""
_TINTED = 0.4
"""Share of the screen's colour from which a pixel may be part of the edge."""
_WINDOW = 0.6
"""Share of the screen's colour from which it shows through the subject's inside."""
_SEEDS = 2.0, 3.0
"""Pixels inside the edge from which colours count as the subject's own, and over which they do."""
_MIXED = 0.35
"""How much more of the screen's colour than close by tells hair with gaps from what is plain."""
_WEAK = 0.003, 0.001
"""Weight of colours that lie closer to the edge, for hair so thin that there is nothing else."""
_SOLID = 0.9
"""Alpha from which colours count as the subject's own, once there is an alpha."""
_ROUNDS = 2
"""How often alpha is found, from colours that the one before has told."""
_NOISE = 0.2, 0.08
"""Standard deviations of luma and colour differences, apart from the subject's own, as a share of
how much colour the screen has: before a dark one, dark hair is a subject as well."""
_LEAST = 1e-3
"""Squared distance of subject and screen that tells nothing."""
_SQUARE = np.ones((5, 5), np.uint8)
"""What counts as close by."""
_THIN = 0.15
"""Alpha below which the colours around tell more than the pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A small matte, and what it takes to make it fine."""

    screen: Screen
    """The screen's colour."""
    solid: Mask
    """``(h, w)``, 1 where the subject surely covers all."""
    band: Mask
    """``(h, w)``, 1 where it is not known how much."""
    spilt: Mask
    """``(h, w)``, 1 where it surely does, but the screen's light falls on it."""
    maps: Floats
    """``(10, h, w)``: screen and subject (luma, two colour differences), weights of luma and of
    colour, how much of the screen's hue is the subject's own, and how much of the rest goes."""


def key(
    colours: Floats, screen: Screen, tolerance: float, core: float, despill: tuple[float, float]
) -> Key:
    """Return the key of a small picture ``(h, w, 3)``.

    ``core`` is how many pixels from bare screen the subject is solid, unless its colour is nearly
    the screen's. ``despill`` is how much of the light that falls on it from the screen is taken
    away, and how many pixels inwards.
    """
    behind, share = plate(colours, screen, tolerance)
    bare = share > _BARE
    strength = max(float(np.hypot(*screen.chroma)), 0.01)
    away = np.minimum(cv2.distanceTransform((~bare).view(np.uint8), cv2.DIST_L2, 3), 1e4)
    inner = (away > core) & (share < _WINDOW)
    weight = _seeds(share, bare, inner)
    here, there = (np.stack(cv2.split(x)) for x in (colours, behind))
    for _ in range(_ROUNDS):
        front, precise = _subject(colours, weight, strength)
        alpha = _alpha(here, front, there, precise)
        alpha[inner] = 1
        alpha[bare] = 0
        shrunk = cv2.erode(alpha, _SQUARE)
        weight = np.maximum(shrunk - _SOLID, 0) / (1 - _SOLID)
        weight *= weight
        weight += _WEAK[1] * (alpha * alpha) ** 2 + 1e-6
    solid = (shrunk > 0.98).view(np.uint8) | inner.view(np.uint8)
    band: Mask = cv2.dilate((alpha > 0.02).view(np.uint8), np.ones((3, 3), np.uint8))
    band = band & (1 - solid)
    own = cv2.merge(list(front))
    spilt, allowed = spill(colours, screen, behind, own, solid, away, despill)
    return Key(screen, solid, band, spilt, np.concatenate([there, front, precise, allowed]))


def _seeds(share: Floats, bare: NDArray[np.bool_], inner: NDArray[np.bool_]) -> Floats:
    """Return how surely each pixel ``(h, w)`` shows the subject alone, before alpha is known.

    ``share`` is how much of the screen's colour it has; ``bare`` is screen, ``inner`` is solid.
    """
    made: Floats = cv2.distanceTransform((share < _TINTED).view(np.uint8), cv2.DIST_L2, 3)
    made = np.clip((made - _SEEDS[0]) / _SEEDS[1], 0, 1)
    made += _WEAK[0] * (share < 0.12)
    mixed = np.clip((share - cv2.erode(share, _SQUARE) - _MIXED) / 0.2, 0, 1)
    made *= 1 - 0.9 * mixed
    made[bare] = 0
    made[inner] = 1
    return made


def _subject(colours: Floats, weight: Floats, strength: float) -> tuple[Floats, Floats]:
    """Return the subject's colours ``(3, h, w)``, and how well luma and colour tell alpha."""
    y, u, v = cv2.split(colours)
    luma, blue, red, square, squares = filled([y, u, v, y * y, u * u + v * v], weight, halved=False)
    spread = square - luma * luma, (squares - blue * blue - red * red) / 2
    precise = [
        1e-3 / (np.maximum(part, 0) + (noise * strength) ** 2)
        for part, noise in zip(spread, _NOISE, strict=True)
    ]
    return np.stack([luma, blue, red]), np.stack(precise)


def _alpha(here: Floats, front: Floats, behind: Floats, precise: Floats) -> Floats:
    """Return alpha ``(h, w)``, as far as colours tell it; each is ``(3, h, w)``."""
    away = front - behind
    along = away * (here - behind)
    away *= away
    luma, chroma = precise
    share = along[0] * luma + (along[1] + along[2]) * chroma
    share /= away[0] * luma + (away[1] + away[2]) * chroma + _LEAST
    made: Floats = np.clip(share, 0, 1, out=share)
    return made


def cut(image: torch.Tensor, key: Key, clip: tuple[float, float]) -> torch.Tensor:
    """Return the subject ``(4, H, W)``, straight alpha, of a picture ``(3 or 4, H, W)``.

    ``clip`` are the alphas that become 0 and 1. Colour is black where nothing can be seen.
    """
    high, wide = int(image.shape[1]), int(image.shape[2])
    solid, band, spilt = (
        cv2.resize(mask, (wide, high), interpolation=cv2.INTER_NEAREST)
        for mask in (key.solid, key.band, key.spilt)
    )
    out = image.new_empty((4, high, wide))
    out[3] = torch.from_numpy(solid)
    torch.mul(image[:3], out[3], out=out[:3])
    matrix = torch.from_numpy(MATRIX).to(image.device, image.dtype)
    back = torch.linalg.inv(matrix)
    flat, source = out.view(4, -1), image.reshape(image.shape[0], -1)[:3]
    for mask in (band, spilt):
        where = np.flatnonzero(mask.view(np.bool_))
        if not where.size:
            continue
        places = torch.from_numpy(where).to(image.device)
        here = matrix @ source.index_select(1, places)
        maps = sampled(key.maps, where, (wide, high), image.device)
        if mask is band:
            alpha, here = _solved(here, maps, clip)
            flat[3].index_copy_(0, places, alpha)
        here = despilled(here, maps[:3], maps[8], maps[9], key.screen)
        flat[:3].index_copy_(1, places, (back @ here).clamp_(0, 1))
    return out


def _solved(
    here: torch.Tensor, maps: torch.Tensor, clip: tuple[float, float]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return alpha ``(N,)`` and the subject's colours ``(3, N)`` at some pixels ``(3, N)``."""
    behind, front, luma, chroma = maps[:3], maps[3:6], maps[6], maps[7]
    away, rest = front - behind, here - behind
    along = away * rest
    square = away * away
    share = along[0] * luma + (along[1] + along[2]) * chroma
    share /= (square[0] * luma + (square[1] + square[2]) * chroma).add_(_LEAST)
    low, high = clip
    alpha = share.sub_(low).div_(max(high - low, 1e-3)).clamp_(0, 1)
    told = (alpha / _THIN).clamp_(max=1)
    own = behind + rest / alpha.clamp(min=_THIN / 2)
    return alpha, torch.lerp(front, own, told)


def sampled(
    maps: Floats, places: NDArray[np.intp], size: tuple[int, int], device: torch.device
) -> torch.Tensor:
    """Return small maps ``(C, h, w)`` at places of a picture, ``size`` (wide, high): ``(C, N)``."""
    row, column = np.divmod(places, size[0])
    grid = np.empty((1, 1, len(places), 2), np.float32)
    np.multiply(column, 2 / size[0], out=grid[0, 0, :, 0], casting="unsafe")
    np.multiply(row, 2 / size[1], out=grid[0, 0, :, 1], casting="unsafe")
    grid += np.array([1 / size[0] - 1, 1 / size[1] - 1], np.float32)
    made = torch.nn.functional.grid_sample(
        torch.from_numpy(maps)[None].to(device),
        torch.from_numpy(grid).to(device),
        padding_mode="border",
        align_corners=False,
    )
    return made[0, :, 0]
