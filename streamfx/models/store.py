"""Turn the name of a model into a network on a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import torch

from streamfx.errors import ModelError
from streamfx.models.card import ModelCard

Build: TypeAlias = "Callable[[ModelCard], torch.nn.Module]"


class Models(Protocol):
    """What a node sees of the store."""

    def card(self, name: str) -> ModelCard:
        """Return what is known of a model, without its weights."""
        ...

    def load(self, name: str, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
        """Return the network, in eval mode, where the frames are."""
        ...


class ModelStore:
    """Models that can be built by name."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[ModelCard, Build]] = {}

    def add(self, card: ModelCard, build: Build) -> None:
        """Make a model known. A name is given once."""
        if card.name in self._known:
            raise ModelError(f"model {card.name!r} is already known")
        self._known[card.name] = card, build

    def card(self, name: str) -> ModelCard:
        """Return what is known of a model, without its weights."""
        return self._find(name)[0]

    def load(self, name: str, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
        """Return the network, in eval mode, where the frames are."""
        card, build = self._find(name)
        return build(card).eval().to(device, dtype)

    def _find(self, name: str) -> tuple[ModelCard, Build]:
        try:
            return self._known[name]
        except KeyError:
            known = ", ".join(sorted(self._known)) or "none"
            raise ModelError(f"no model {name!r}; there are: {known}") from None
