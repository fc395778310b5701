"""What one connection of a push tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Events:
    """Whom a connection tells, in the loop's thread."""

    live: Callable[[], None]
    """The service takes what is sent."""
    keyframe_wanted: Callable[[], None]
    """It cannot go on without a keyframe."""
