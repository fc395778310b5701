"""What is known of a model without opening it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model, as known before its weights are read."""

    name: str
    """What nodes and presets call it."""
    licence: str
    """SPDX identifier of the weights' licence."""
    scale: int = 1
    """Pixels out for each pixel in, along one side."""
    sha256: str = ""
    """Hash of the weights file."""
    source: str = ""
    """Where the weights come from, for people to read."""
