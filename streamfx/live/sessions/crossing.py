"""From a thread of a session's work into the loop's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVarTuple

T = TypeVarTuple("T")


def into_loop(loop: asyncio.AbstractEventLoop, call: Callable[[*T], object], *words: *T) -> bool:
    """Let the loop's thread make a call soon; return false where the loop has ended."""
    try:
        loop.call_soon_threadsafe(call, *words)
    except RuntimeError:
        return False
    return True
