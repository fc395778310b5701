"""Ctrl-C: once to end the run with a whole file, twice to drop everything."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While it is entered, the first signal sets ``stop``; the second raises KeyboardInterrupt.

    Once it has been left after a stop, further signals are ignored: the file is whole by then, and
    nothing is left to break off but the words about it. SIGTERM counts as Ctrl-C, so that a queue
    that ends a job keeps what was rendered.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> threading.Event:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._came)
        return self.stop

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.stop.is_set() else handler)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()
