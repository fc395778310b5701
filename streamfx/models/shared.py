"""Networks that several runs share: each is loaded once for a device and a type of number."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import torch

from streamfx.models.card import ModelCard
from streamfx.models.store import Models


@dataclass(slots=True)
class _Place:
    """Where one network goes. Who holds the lock may load it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    network: torch.nn.Module | None = None


class SharedModels:
    """Models that are loaded on first use and then kept, for any thread.

    It is a :class:`~streamfx.models.store.Models`. Whoever gets a network must not write into it:
    others compute with it at the same time.
    """

    def __init__(self, source: Models) -> None:
        self._source = source
        self._places: dict[tuple[str, torch.device, torch.dtype], _Place] = {}
        self._lock = threading.Lock()

    def card(self, name: str) -> ModelCard:
        """Return what is known of a model, without its weights."""
        return self._source.card(name)

    def path(self, name: str) -> Path:
        """Return where the model's file is, for a runtime of its own to open."""
        return self._source.path(name)

    def load(self, name: str, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
        """Return the network, in eval mode, where the frames are; always the same one.

        Whoever asks while it is being loaded waits. A load that failed is tried again by the next.
        """
        with self._lock:
            place = self._places.setdefault((name, device, dtype), _Place())
        with place.lock:
            if place.network is None:
                place.network = self._source.load(name, device, dtype).requires_grad_(False)
            return place.network
