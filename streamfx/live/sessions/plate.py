"""Take a clean plate: the median of some pictures of the empty room."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from streamfx.frame import Frame

Codes = NDArray[np.uint8]

PICTURES = 15
"""Pictures that the plate is made of."""

APART = Fraction(1, 20)
"""Seconds between two of them, at least: neighbours share their noise once compressed."""

STIR = 0.12
"""How far the mean of 4 x 4 pixels may range, of 1, before it counts as moving."""

STIRRED = 0.05
"""Share of moving pixels above which somebody was still in the picture."""


class StirredError(Exception):
    """Too much moved while the plate was taken."""


class PlateTaker:
    """Collects pictures until there are enough for a plate."""

    def __init__(self) -> None:
        self._pictures: list[Frame] = []
        self._lock = threading.Lock()
        self._done = threading.Event()

    @property
    def done(self) -> threading.Event:
        """Set once there are enough pictures."""
        return self._done

    def show(self, frame: Frame) -> None:
        """Take a picture that came in; any thread."""
        with self._lock:
            if self._done.is_set():
                return
            last = self._pictures[-1] if self._pictures else None
            if last is not None and frame.pts - last.pts < APART:
                return
            if last is not None and (last.width, last.height) != (frame.width, frame.height):
                self._pictures.clear()
            self._pictures.append(frame)
            if len(self._pictures) >= PICTURES:
                self._done.set()

    def plate(self) -> Frame:
        """Return the plate, once. Raises :exc:`StirredError` where something moved. Slow."""
        with self._lock:
            pictures, self._pictures = self._pictures, []
        last = pictures[-1]  # the others go one by one: as tensors they are large
        return last.showing(_median(pictures.pop(0).image[:3] for _ in range(len(pictures))))


def _median(images: Iterable[torch.Tensor]) -> torch.Tensor:
    codes, coarse_ones = [], []  # at full size only as bytes: the pictures may be large
    for image in images:
        codes.append((image.clamp(0, 1) * 255).round().to("cpu", torch.uint8).numpy())
        coarse_ones.append(functional.avg_pool2d(image[None], 4, ceil_mode=True)[0])
    count = len(codes)
    coarse = torch.stack(coarse_ones).sort(dim=0).values
    span = coarse[-1 - count // 8] - coarse[count // 8]
    moving = (span.amax(dim=0) > STIR).float().mean()
    if float(moving) > STIRRED:
        share = f"{float(moving):.0%}"
        raise StirredError(f"{share} of the picture moved: step out, and keep the camera still")
    return torch.from_numpy(_middle(codes)).to(coarse.device).float() / 255


def _middle(codes: list[Codes]) -> Codes:
    """Return the median of each place, by odd-even transposition (Knuth, TAOCP 3, 5.3.4).

    All places at once: torch's sort takes ten times as long, and nine times the memory.
    """
    for turn in range(len(codes)):
        for i in range(turn % 2, len(codes) - 1, 2):
            below, above = codes[i], codes[i + 1]
            codes[i], codes[i + 1] = np.minimum(below, above), np.maximum(below, above)
    return codes[len(codes) // 2]
