"""Chainable video nodes on torch: one graph for footage and for a live camera.

Everything that a node author or a caller needs is here; deeper modules may move. Names load when
they are first used, so that ``import streamfx`` and the command line start without torch.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

# Threads of torch that wait by spinning take the cores away from decoders and encoders: at 360p on
# two cores a render took twice as long. It counts only before torch is loaded; a user's own stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:  # the table below, for type checkers: at run time each name is loaded late
    from streamfx.colour import Colour
    from streamfx.engine.report import Progress, Report
    from streamfx.engine.settings import RunSettings
    from streamfx.errors import GraphError, NodeError, ParamError, StreamfxError
    from streamfx.frame import AudioInfo, Frame, Props, Sound, VideoInfo
    from streamfx.node import Context, Held, Node, Paired, Span
    from streamfx.params import param
    from streamfx.scripting import Graph, chain

__version__ = "0.1.0"

__all__ = [
    "AudioInfo",
    "Colour",
    "Context",
    "Frame",
    "Graph",
    "GraphError",
    "Held",
    "Node",
    "NodeError",
    "Paired",
    "ParamError",
    "Progress",
    "Props",
    "Report",
    "RunSettings",
    "Sound",
    "Span",
    "StreamfxError",
    "VideoInfo",
    "chain",
    "param",
]

_HOMES = {
    "colour": ("Colour",),
    "engine.report": ("Progress", "Report"),
    "engine.settings": ("RunSettings",),
    "errors": ("GraphError", "NodeError", "ParamError", "StreamfxError"),
    "frame": ("AudioInfo", "Frame", "Props", "Sound", "VideoInfo"),
    "node": ("Context", "Held", "Node", "Paired", "Span"),
    "params": ("param",),
    "scripting": ("Graph", "chain"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'streamfx' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"streamfx.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
