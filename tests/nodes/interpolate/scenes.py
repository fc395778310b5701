"""Pictures that move as they are told, for tests of interpolation."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import torch
from torch import Tensor

from streamfx import Frame
from streamfx.frame import SDR

RATE = Fraction(25)


def texture(high: int = 300, wide: int = 420, seed: int = 1) -> Tensor:
    """Return a picture ``(3, H, W)`` with soft detail of many sizes."""
    rng = np.random.default_rng(seed)
    made = np.zeros((high, wide, 3), np.float32)
    for size in (4, 10, 24, 60):
        rough = rng.random((max(2, high * size // wide), size, 3)).astype(np.float32)
        made += cv2.resize(rough, (wide, high), interpolation=cv2.INTER_CUBIC) / 4
    return torch.from_numpy(made.transpose(2, 0, 1).copy()).clamp(0, 1)


def shifted(picture: Tensor, across: float, down: float, size: tuple[int, int]) -> Tensor:
    """Return the middle of a picture, moved right and down by parts of pixels."""
    page = picture.permute(1, 2, 0).numpy()
    high, wide = size
    left, top = (page.shape[1] - wide) / 2 - across, (page.shape[0] - high) / 2 - down
    matrix = np.array([[1, 0, left], [0, 1, top]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(page, matrix, (wide, high), flags=flags)
    return torch.from_numpy(moved.transpose(2, 0, 1).copy()).clamp(0, 1)


def pan(
    count: int, step: tuple[float, float] = (6, 2), size: tuple[int, int] = (144, 192), **at: int
) -> list[Frame]:
    """Return ``count`` frames over which a texture moves by ``step`` pixels a frame."""
    page = texture(**at)
    return [frame(shifted(page, i * step[0], i * step[1], size), i) for i in range(count)]


def frame(image: Tensor, at: int) -> Frame:
    """Return a picture as a frame of that number."""
    return Frame(image, at / RATE, 1 / RATE, SDR)


def psnr(made: Tensor, truth: Tensor, edge: int = 12) -> float:
    """Return the peak signal-to-noise ratio in dB, without the edge of the picture."""
    inner = (slice(None), slice(edge, -edge), slice(edge, -edge))
    off = (made[:3].cpu()[inner] - truth[:3][inner]).square().mean()
    return float(-10 * torch.log10(off))
