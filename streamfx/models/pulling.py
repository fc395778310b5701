"""What whoever waits for a model is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from streamfx.models.card import ModelCard


@dataclass(frozen=True, slots=True)
class Pulling:
    """How far a download is. The first of each model comes before its first byte."""

    card: ModelCard
    """The model, with its licence."""
    what: str
    """The file or wheel that is on its way."""
    done: int | None = None
    """Bytes that have come; None: nobody counts them."""
    whole: int = 0
    """Bytes that there are; 0: not known."""


Tell: TypeAlias = "Callable[[Pulling], None]"
"""Takes news of a download; must not wait for long."""
