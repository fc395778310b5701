"""A graph as written: names only, nothing imported, nothing checked against a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = "input"
"""What a feed from outside begins with: ``input.video``, ``input.audio``, ``input.background``."""

VIDEO = f"{SOURCE}.video"
AUDIO = f"{SOURCE}.audio"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node of a graph."""

    id: str
    """What other nodes, ``-p`` and error messages call it; unique in its graph."""
    use: str
    """Which node class, by its catalog id, such as ``compose.over``."""
    wires: Mapping[str, str] = field(default_factory=dict)
    """Port to what feeds it: ``input.<name>``, ``<node>`` or ``<node>.<output>``.

    The port ``""`` stands for the driving one.
    """
    params: Mapping[str, object] = field(default_factory=dict)
    """Parameters that differ from their defaults."""


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """A whole graph."""

    title: str
    """One line for people."""
    nodes: tuple[NodeSpec, ...] = ()
    """In an order in which each stands below whatever feeds it. None: the input as it is."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Name to feed. ``video`` is the last node unless said otherwise; ``audio``, where left out, is
    the input's own sound, untouched."""
    folder: Path | None = None
    """Where relative paths in parameters start; None: the current directory."""
