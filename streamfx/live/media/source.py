"""A file, a URL or a device as a live stream of pictures and sound."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from fractions import Fraction
from threading import Event, Thread, current_thread
from typing import Protocol

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from streamfx.errors import SettingError, SourceError, StreamfxError
from streamfx.live.media import source_file, source_remote, srt
from streamfx.live.media.address import DEVICES, SOURCES, hide_secrets, scheme_of
from streamfx.live.media.source_timing import STEP, Item
from streamfx.media.opening import open_source

__all__ = ["Source", "SourceListener"]

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
"""Seconds until a lost source is tried again for the first time; each time twice as long."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries, at the most."""

STEADY = 10.0
"""Seconds that a source must have lasted for the pauses to begin anew."""

CLOSING = 5.0
"""Seconds that closing waits for the reading thread."""


class SourceListener(Protocol):
    """Who takes what a source brings; called from the source's own thread only."""

    def picture(self, frame: VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a picture. ``instant``: seconds on one clock with the sound, growing strictly."""

    def sound(self, frame: AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take sound. ``arrived``: when it was at hand, on ``time.perf_counter``."""

    def state(self, state: str) -> None:
        """Hear of ``connected`` (pictures come), ``lost`` (tried again) or ``ended``."""


class Source:
    """Bring a file, a URL or a device to a listener, at its own pace.

    ``where`` is a path (played over and over while ``loop``), a URL (rtsp, rtmp, srt, http, udp …)
    or a device: ``/dev/video0``, ``v4l2:NAME``, ``lavfi:GRAPH`` (``testsrc`` is short for one).
    URLs and devices are read by a process of their own and connected again whenever they are lost.
    Pictures that the listener leaves no time for are skipped: nothing piles up.

    Raises :exc:`SourceError` when ``where`` cannot be a source.
    """

    def __init__(
        self, where: str, listener: SourceListener, *, loop: bool = True, sound: bool = True
    ) -> None:
        self.name = hide_secrets(where)
        """What to call it in messages: without passwords."""
        self.why = ""
        """Why it was lost, in one line; empty while it is not."""
        self._listener = listener
        self._closed = Event()
        self._connected = False
        self._since = 0.0
        self._last = -STEP
        self._shown = 0
        self._read = self._reader(where, loop=loop, sound=sound)
        self._repeats = self._kind in ("http", "https")
        self._endless = loop or not (self._repeats or self._kind == "file")
        self._thread = Thread(target=self._run, name=f"source {self.name}", daemon=True)

    def _reader(self, where: str, *, loop: bool, sound: bool) -> Callable[[], None]:
        kind = self._kind = scheme_of(where)
        if kind == "srt":
            _check_srt(where)
        if kind in SOURCES or kind in DEVICES:
            remote = source_remote.Remote(where, self._closed, self._show, sound=sound)
            self._stop_reading = remote.stop
            return remote.run
        if kind != "file":
            known = ", ".join(sorted(SOURCES))
            raise SourceError(f"{self.name}: a source cannot be {kind}; what can be: {known}")
        if where == "-" or where.startswith("pipe:"):
            raise SourceError(f"{where}: a live source is read over and over, a pipe only once")
        open_source(where, fps=None).container.close()
        self._stop_reading = lambda: None
        return lambda: source_file.play(
            where, self._closed, self._show, start=self._last + STEP, loop=loop, sound=sound
        )

    def start(self) -> None:
        """Begin to read, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """End reading; nothing is handed over any more. Safe to call twice."""
        self._closed.set()
        self._stop_reading()
        if self._thread.is_alive() and self._thread is not current_thread():
            self._thread.join(CLOSING)

    def _show(self, item: Item) -> None:
        if self._closed.is_set():
            return
        frame, instant, arrived = item.frame, item.instant, time.perf_counter()
        if isinstance(frame, AudioFrame):
            self._listener.sound(frame, instant, arrived)
            return
        if instant <= self._last:
            return
        self._last = instant
        self._shown += 1
        if not self._connected:
            self._connected, self.why, self._since = True, "", arrived
            log.info("source %s: connected", self.name)
            self._listener.state("connected")
        self._listener.picture(frame, instant, arrived)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            before = self._shown
            try:
                self._read()
                if self._repeats and self._endless and self._shown > before:
                    continue
                why = "it ended"
            except StreamfxError as exc:
                why = hide_secrets(str(exc))
            except (av.error.FFmpegError, OSError, ValueError) as exc:
                why = hide_secrets(getattr(exc, "strerror", None) or str(exc))
            if self._closed.is_set():
                return
            if self._connected and time.perf_counter() - self._since > STEADY:
                pause = FIRST_PAUSE
            if not self._endless:
                log.info("source %s: ended", self.name)
                self._listener.state("ended")
                return
            self._lose(why, pause)
            self._closed.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _lose(self, why: str, pause: float) -> None:
        if self._connected or why != self.why:
            log.warning("source %s: lost: %s; tried again after %g s", self.name, why, pause)
        told = self.why and not self._connected
        self._connected, self.why = False, why
        if not told:
            self._listener.state("lost")


def _check_srt(url: str) -> None:
    try:
        srt.Route.parse(url)
        srt.load()
    except SettingError as exc:
        raise SourceError(str(exc)) from exc
