"""Requests that are made at most so often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Limit:
    """Calls ``call`` when asked, but not again within ``every`` seconds.

    Who asks too early is served as soon as it may be, unless it is :meth:`withdrawn` before.
    """

    def __init__(self, every: float, call: Callable[[], None]) -> None:
        self._every = every
        self._call = call
        self._at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Call now, or as soon as it may be; in the thread of the running loop."""
        if self._timer is not None:
            return
        wait = self._at + self._every - time.monotonic()
        if wait > 0:
            self._timer = asyncio.get_running_loop().call_later(wait, self._now)
        else:
            self._now()

    def withdraw(self) -> None:
        """Forget who waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> None:
        self._timer = None
        self._at = time.monotonic()
        self._call()
