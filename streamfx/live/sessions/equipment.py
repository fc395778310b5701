"""What all sessions of a server share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import torch

from streamfx.engine.batching import Batcher
from streamfx.live.settings import ServeSettings
from streamfx.live.transport.peer import PeerSettings
from streamfx.models.store import Models


@dataclass(frozen=True, slots=True)
class Equipment:
    """Loop, device, networks and settings of one server."""

    loop: asyncio.AbstractEventLoop
    settings: ServeSettings
    peers: PeerSettings
    device: torch.device
    models: Models
    batcher: Batcher
