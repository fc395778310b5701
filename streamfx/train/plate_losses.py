"""What a matte before a plate is marked down for."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from streamfx.nodes.matting._plate_network import Coarse, Fine, PlateMatting


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Shots and what is true of them, at full size."""

    image: Tensor
    """``(N, 3, S, S)``."""
    plate: Tensor
    """``(N, 3, S, S)``."""
    alpha: Tensor
    """``(N, 1, S, S)``."""
    colour: Tensor
    """``(N, 3, S, S)``."""
    before: Tensor
    """``(N, 1, S, S)``."""


def supervised(
    network: PlateMatting, batch: Batch, work: int, crop: int, maker: torch.Generator
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch, and its parts by name.

    The U-Net sees the shots at ``work`` pixels square, the refiner ``crop`` pixels square of them
    at full size, where the matte is soft if it is anywhere.
    """
    seen = batch.image, batch.plate, batch.before
    coarse: Coarse = network(*(reduced(x, work) for x in seen))
    parts = _coarse(coarse, batch)
    window = _windows(batch.alpha, crop, maker)
    image, plate, alpha, colour = (
        cropped(x, window, crop) for x in (batch.image, batch.plate, batch.alpha, batch.colour)
    )
    told = sampled(coarse, window, crop, batch.alpha.shape[2])
    parts |= _fine(network.refine(image, plate, told), alpha, colour, maker)
    loss = torch.stack([weight * parts[name] for name, weight in _WEIGHTS.items()]).sum()
    return loss, {name: float(part.detach()) for name, part in parts.items()}


_WEIGHTS = {
    "alpha": 1.0,
    "detail": 0.5,
    "doubt": 0.5,
    "near": 0.5,
    "fine": 2.0,
    "fine_detail": 1.0,
    "composite": 1.0,
    "colour": 0.5,
}


def _coarse(coarse: Coarse, batch: Batch) -> dict[str, Tensor]:
    """Return what is wrong with the U-Net's matte, doubt and colours."""
    size, full = coarse.alpha.shape[2], batch.alpha.shape[2]
    alpha, mixed = reduced(batch.alpha, size), reduced(batch.alpha * batch.colour, size)
    large = functional.interpolate(coarse.alpha.detach(), (full, full), mode="bilinear")
    off = reduced((large - batch.alpha).abs(), size)
    there = (alpha > 0.03).float()
    near = (coarse.colour - mixed / alpha.clamp(min=1e-3)).abs() * there
    return {
        "alpha": (coarse.alpha - alpha).abs().mean(),
        "detail": laplacian(coarse.alpha, alpha),
        "doubt": (coarse.doubt - (3 * off).clamp(max=1)).square().mean(),
        "near": near.sum() / (3 * there.sum() + 1),
    }


def _fine(fine: Fine, alpha: Tensor, colour: Tensor, maker: torch.Generator) -> dict[str, Tensor]:
    """Return what is wrong with the refiner's matte and colours."""
    held, beyond = bounded(fine.alpha)
    shade = torch.rand((len(alpha), 3, 1, 1), generator=maker)
    there = (alpha > 0.02).float()
    made = held * fine.colour + (1 - held) * shade
    wanted = alpha * colour + (1 - alpha) * shade
    return {
        "fine": (held - alpha).abs().mean() + 0.2 * beyond,
        "fine_detail": laplacian(held, alpha),
        "composite": (made - wanted).abs().mean(),
        "colour": ((fine.colour - colour).abs() * there).sum() / (3 * there.sum() + 1),
    }


def bounded(alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Return alpha held in [0, 1], and the mean of what lay beyond."""
    held = alpha.clamp(0, 1)
    return held, (alpha - held).abs().mean()


def laplacian(made: Tensor, wanted: Tensor, levels: int = 3) -> Tensor:
    """Return the difference of two Laplacian pyramids, coarse levels weighing more (Hou 2019)."""
    off, total = made - wanted, made.new_zeros(())
    for level in range(levels):
        below = functional.avg_pool2d(off, 2)
        above = functional.interpolate(below, scale_factor=2.0, mode="nearest")
        total = total + 2**level * (off - above).abs().mean()
        off = below
    return total


def reduced(image: Tensor, side: int) -> Tensor:
    """Return square images with ``side`` pixels along a side, each the mean of an area."""
    if image.shape[2] == side:
        return image
    by, rest = divmod(image.shape[2], side)
    if rest:
        return functional.interpolate(image, (side, side), mode="area")
    return functional.avg_pool2d(image, by)


def _windows(alpha: Tensor, crop: int, maker: torch.Generator) -> list[tuple[int, int]]:
    """Return a corner for each matte, such that it is soft about the middle of the window."""
    made = []
    side = alpha.shape[2]
    for matte in alpha[:, 0]:
        soft = ((matte > 0.05) & (matte < 0.95)).nonzero()
        if len(soft):
            place = soft[int(torch.randint(len(soft), (1,), generator=maker))]
        else:
            place = torch.randint(side, (2,), generator=maker)
        row, column = (int(p) - crop // 2 for p in place)
        made.append((min(max(row, 0), side - crop), min(max(column, 0), side - crop)))
    return made


def cropped(image: Tensor, corners: list[tuple[int, int]], side: int) -> Tensor:
    """Return a window of each image ``(N, C, side, side)``."""
    parts = [x[:, r : r + side, c : c + side] for x, (r, c) in zip(image, corners, strict=True)]
    return torch.stack(parts)


def sampled(coarse: Coarse, corners: list[tuple[int, int]], side: int, full: int) -> Tensor:
    """Return what the U-Net told in those windows of images ``full`` pixels square."""
    place = torch.arange(side) + 0.5
    grids = []
    for row, column in corners:
        y, x = ((start + place) * (2 / full) - 1 for start in (row, column))
        grids.append(torch.stack(torch.meshgrid(x, y, indexing="xy"), -1))
    return functional.grid_sample(
        torch.cat(coarse, 1), torch.stack(grids), padding_mode="border", align_corners=False
    )
