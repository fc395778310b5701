"""Take a clean plate: the median of some pictures of the empty room."""

from __future__ import annotations

import threading
from fractions import Fraction

import torch
from torch.nn import functional

from streamfx.frame import Frame

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
        """Return the plate. Raises :exc:`StirredError` where something moved. Takes a while."""
        with self._lock:
            pictures = list(self._pictures)
        return pictures[-1].showing(_median([frame.image[:3] for frame in pictures]))


def _median(images: list[torch.Tensor]) -> torch.Tensor:
    stack = torch.stack([(image.clamp(0, 1) * 255).round().to(torch.uint8) for image in images])
    ordered = stack.sort(dim=0).values
    count = len(images)
    coarse = functional.avg_pool2d(torch.stack(images), 4, ceil_mode=True).sort(dim=0).values
    span = coarse[-1 - count // 8] - coarse[count // 8]
    moving = (span.amax(dim=0) > STIR).float().mean()
    if float(moving) > STIRRED:
        share = f"{float(moving):.0%}"
        raise StirredError(f"{share} of the picture moved: step out, and keep the camera still")
    return ordered[count // 2].float() / 255
