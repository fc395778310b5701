"""What a run may be told besides its graph, its input and its output."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import torch

from streamfx.errors import SettingError


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Options of one run."""

    start: Fraction | None = None
    """First instant of the source that is wanted, in seconds; None: its begin."""
    end: Fraction | None = None
    """First instant that is no longer wanted; None: its end."""
    codec: str | None = None
    """Output codec; None: chosen by the container, depth and alpha."""
    quality: float | None = None
    """The codec's own constant-quality number; None: its default."""
    fps: Fraction | None = None
    """Rate of an image sequence."""
    encoder: Literal["auto", "cpu", "nvenc"] = "auto"
    """Which kind of encoder."""
    device: str = "auto"
    """``auto``, ``cpu``, ``cuda`` or ``cuda:N``."""
    overwrite: bool = False
    """Whether an existing output may be replaced."""

    def __post_init__(self) -> None:
        if self.start is not None and self.start < 0:
            raise SettingError(f"start must be at least 0 s, got {float(self.start):g}")
        if self.end is not None and self.end <= (self.start or 0):
            start, end = float(self.start or 0), float(self.end)
            raise SettingError(f"end must be after start ({start:g} s), got {end:g}")


def choose_device(wanted: str) -> tuple[torch.device, str]:
    """Return the device for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``, and why it was chosen.

    Raises :exc:`SettingError` when it is not there.
    """
    if wanted == "cpu":
        return torch.device("cpu"), "device cpu, as asked"
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        if count:
            return torch.device("cuda:0"), f"device cuda:0 ({torch.cuda.get_device_name(0)})"
        return torch.device("cpu"), "device cpu: no CUDA device is usable"
    name, _, number = wanted.partition(":")
    if name != "cuda" or not (number.isdigit() or wanted == "cuda"):
        raise SettingError(f"device must be auto, cpu, cuda or cuda:N, got {wanted!r}")
    if int(number or 0) >= count:
        there = ", ".join(["cpu", *(f"cuda:{i}" for i in range(count))])
        raise SettingError(f"no device {wanted}; there are: {there}")
    return torch.device(f"cuda:{int(number or 0)}"), f"device {wanted}, as asked"
