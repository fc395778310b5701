"""Give back what ended sessions used: glibc keeps it in arenas of threads long gone."""

from __future__ import annotations

import ctypes
import gc
import logging

log = logging.getLogger(__name__)

_ARENA_MAX = -8
"""``M_ARENA_MAX`` of mallopt(3)."""


def _libc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL(None)
        _ = libc.malloc_trim, libc.mallopt
    except (OSError, AttributeError, TypeError):  # not glibc
        return None
    return libc


def few_arenas(count: int = 2) -> None:
    """Let all threads share a few arenas, so that their memory does not pile up a thread at a time.

    For a server at its start. Does nothing where the C library is another.
    """
    libc = _libc()
    if libc is not None:
        libc.mallopt(_ARENA_MAX, count)


def set_aside() -> None:
    """Leave what is there now out of every later collection of garbage.

    For a server that is ready: the libraries' objects stay, and to go through a quarter of a
    million of them would hold up everybody's pictures for 0.15 s whenever a session ends.
    """
    gc.collect()
    gc.freeze()


def take_back() -> None:
    """Undo :func:`set_aside`."""
    gc.unfreeze()


def give_back() -> None:
    """Collect garbage that stands in circles, and return free memory to the system."""
    gc.collect()
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(0)
