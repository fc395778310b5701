"""What nodes have to say while they run: their warnings become notes of the report."""

from __future__ import annotations

import logging
import threading

MOST = 20
"""Remarks that are kept; who says more than that says it again and again."""

_NODES = logging.getLogger("streamfx.nodes")


class Remarks(logging.Handler):
    """Keeps the warnings that nodes log in the thread that makes it, each once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        """What was said, in order."""
        self._thread = threading.get_ident()
        _NODES.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        said = record.getMessage()
        if record.thread == self._thread and said not in self.lines and len(self.lines) < MOST:
            self.lines.append(said)

    def close(self) -> None:
        """Listen no longer."""
        _NODES.removeHandler(self)
        super().close()
