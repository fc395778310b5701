"""What every recipe is told, and how its weights and card leave it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from streamfx.errors import SettingError
from streamfx.models import shelf
from streamfx.models.card import ModelCard, WeightFile


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the footage is and where the results go; how long, and from which seed."""

    footage: Path
    """Folder with the footage, as its MANIFEST lays it out."""
    out: Path
    """Folder for checkpoints, weights and card; a training that stopped there goes on."""
    share: float = 1.0
    """Share of the recipe's steps and of its made-up data that is wanted; for trying it out."""
    seed: int = 1
    """Of everything random."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where the network learns."""

    def __post_init__(self) -> None:
        if not self.footage.is_dir():
            raise SettingError(f"no footage at {self.footage}: give --footage FOLDER")
        if not 0 < self.share <= 1:
            raise SettingError(f"share must be above 0 and at most 1, got {self.share}")

    def steps(self, count: int) -> int:
        """Return how many of a ``count`` are wanted, at least 2."""
        return max(2, round(count * self.share))


def publish(
    network: nn.Module, name: str, folder: Path, scores: Mapping[str, float | str] | None = None
) -> Path:
    """Write weights, in half precision, and the card, and return the weights' file.

    The card is the shipped one of that name with the new file; ``scores`` replace its own.
    """
    path = folder / f"{name}.safetensors"
    state = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(state, part)
    os.replace(part, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = WeightFile(path.name, digest, path.stat().st_size)
    count = sum(value.numel() for value in network.parameters())
    card: ModelCard = shelf.shipped()[name]
    card = replace(card, files=(file,), parameters=count, scores=scores or {})
    (folder / f"{name}.toml").write_text(shelf.write(card), "utf-8")
    return path
