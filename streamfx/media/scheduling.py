"""Keep threads from being scheduled in real time by a library that gives itself that right."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


@contextmanager
def ordinary() -> Iterator[None]:
    """Give every thread of the process that turns real-time in the meantime its policy back.

    SVT-AV1, run as root, moves its threads and the one that opens it to ``SCHED_FIFO`` at the
    highest priority (sched(7)), which every program started later inherits: on a small machine the
    kernel itself then gets no turn. Does nothing where threads cannot be listed.
    """
    before = _real_time()
    try:
        yield
    finally:
        for thread in _real_time() - before:
            with suppress(OSError):  # the thread has ended
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _real_time() -> set[int]:
    """Return the threads of this process that are scheduled in real time."""
    if not hasattr(os, "sched_getscheduler") or not _TASKS.is_dir():
        return set()
    found = set()
    for entry in os.listdir(_TASKS):
        with suppress(OSError):
            if os.sched_getscheduler(int(entry)) in (os.SCHED_FIFO, os.SCHED_RR):
                found.add(int(entry))
    return found
