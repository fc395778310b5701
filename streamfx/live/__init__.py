"""Live: a camera or a stream through a graph and back, over WebRTC.

The names load when they are first used: a server that is only asked for its settings starts
without aiortc.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the table below, for type checkers: at run time each name is loaded late
    from streamfx.live.client import Client
    from streamfx.live.visit import Publish, Watch

__all__ = ["Client", "Publish", "Watch"]

_HOME = {"Client": "client", "Publish": "visit", "Watch": "visit"}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'streamfx.live' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"streamfx.live.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
