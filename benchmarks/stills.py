"""Photographs with true alphas and trimaps, which the benchmarks of still pictures share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import torch
from numpy.typing import NDArray
from torch import Tensor

FOOTAGE = Path(__file__).parents[1].parent / "shared" / "footage" / "matting"
STILLS = FOOTAGE / "alphamatting"

Picture = NDArray[Any]
"""Of uint8: ``(H, W, 3)`` in RGB, or ``(H, W)``."""


def names() -> list[str]:
    """Return the names of the photographs, or end with a sentence."""
    found = sorted(path.stem for path in (STILLS / "image").glob("*.png"))
    if not found:
        sys.exit("this benchmark wants shared/footage/matting/alphamatting, which is not there")
    return found


def colour(path: Path) -> Picture:
    """Return a picture file as RGB."""
    held = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert held is not None, f"no picture in {path}"
    made: Picture = cv2.cvtColor(held, cv2.COLOR_BGR2RGB)
    return made


def grey(path: Path) -> Picture:
    """Return a picture file in shades of grey."""
    held = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert held is not None, f"no picture in {path}"
    made: Picture = held
    return made


def tensor(picture: Picture) -> Tensor:
    """Return a picture as a tensor in [0, 1]: ``(3, H, W)``, or ``(H, W)``."""
    made = torch.from_numpy(picture).to(torch.float32) / 255
    return made.permute(2, 0, 1).contiguous() if picture.ndim == 3 else made


def codes(image: Tensor) -> Picture:
    """Return an image in [0, 1] as a picture of 8 bits."""
    held = (image.clamp(0, 1) * 255).round().to(torch.uint8)
    made: Picture = (held.permute(1, 2, 0) if held.ndim == 3 else held).contiguous().numpy()
    return made
