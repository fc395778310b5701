"""The files that a run writes, each encoded in a thread of its own."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from streamfx.engine.channel import Channel, Closed
from streamfx.frame import Frame, Sound
from streamfx.media.reader import Copied
from streamfx.media.writer import Writer

AHEAD = 8
"""Items that wait for the encoder before the computation does."""

Item = Frame | Sound | Copied


class Output:
    """One output while it is written."""

    def __init__(self, name: str, writer: Writer) -> None:
        self.name = name
        self.writer = writer
        self.busy = 0.0
        """Seconds that encoding took."""
        self.frames = 0
        """Frames handed over so far."""
        self._channel: Channel[Item] = Channel(AHEAD)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._write, name=f"encode {name}", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand over an item, waiting for room. Raises whatever writing raised."""
        if isinstance(item, Frame):
            self.frames += 1
        try:
            self._channel.put(item)
        except Closed:
            self._raise()

    def finish(self) -> None:
        """Write what was handed over, and give the file its final name."""
        self._drain()
        self.writer.finish()

    def keep(self) -> Path:
        """Write what was handed over into a whole file that keeps its ``.part`` name."""
        self._drain()
        return self.writer.keep_part()

    def abandon(self) -> None:
        """Stop at once and leave nothing."""
        self._channel.end()  # or a writer that is at work now would wait for more afterwards
        self._channel.leave()
        if self._thread.ident is not None:
            self._thread.join()
        self.writer.abandon()

    def _drain(self) -> None:
        self._channel.end()
        if self._thread.ident is not None:
            self._thread.join()
        self._raise()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _write(self) -> None:
        try:
            while True:
                item = self._channel.get()
                began = time.perf_counter()
                self.writer.write(item)
                self.busy += time.perf_counter() - began
        except Closed:
            pass
        except BaseException as exc:  # noqa: BLE001  handed on to the thread that puts
            self._failure = exc
            self._channel.leave()
