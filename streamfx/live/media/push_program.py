"""A push by a process of its own: FFmpeg's network calls keep the interpreter's lock."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import suppress

from streamfx.errors import MediaError
from streamfx.live.media import wire
from streamfx.live.media.push_events import Events
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)

CHILD = "streamfx.live.media.push_child"

STALLED = 15.0
"""Seconds without a sign of the process after which the service counts as stalled."""

WAITING = 1 << 20
"""Bytes that may wait for the process: three seconds at a usual rate."""

FINISHING = 3.0
"""Seconds that the process gets to say goodbye to the service."""


class Program:
    """One connection to a service, made and fed by a process. Belongs to the loop's thread."""

    def __init__(self, url: str, format: str, events: Events, *, sound: bool = True) -> None:
        self._order = {"url": url, "format": format, "sound": sound}
        self._events = events
        self._process: asyncio.subprocess.Process | None = None
        self._broken = True
        self.dropped = 0
        """How many pictures were dropped because the service was too slow."""

    async def run(self) -> None:
        """Connect and carry on; raises :exc:`MediaError` when it ends."""
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            CHILD,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if log.isEnabledFor(logging.DEBUG) else asyncio.subprocess.DEVNULL,
        )
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(self._order).encode() + b"\n")
        self._events.keyframe_wanted()
        while True:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), STALLED)
            except TimeoutError as exc:
                raise MediaError(f"the service took nothing for {STALLED:.0f} s") from exc
            if not line:
                raise MediaError("the process that pushes ended without a word")
            words = json.loads(line)
            if "why" in words:
                raise MediaError(words["why"])
            if words.get("live"):
                self._events.live()

    def send_video(self, packet: AnyPacket) -> None:
        """Take an encoded picture; drop it where the process has no time."""
        if self._full():
            if not self._broken:
                log.warning("a push is too slow: pictures are dropped")
            self._broken = True
        if self._broken and not packet.is_keyframe:
            self.dropped += 1
            return
        if self._full():
            self.dropped += 1
            self._events.keyframe_wanted()
            return
        self._broken = False
        self._write(packet, 0)

    def send_sound(self, packet: AnyPacket) -> None:
        """Take a packet of Opus; drop it where the process has no time."""
        if not self._full():
            self._write(packet, 1)

    def _full(self) -> bool:
        if self._process is None or self._process.stdin is None:
            return True
        return self._process.stdin.transport.get_write_buffer_size() > WAITING

    def _write(self, packet: AnyPacket, index: int) -> None:
        assert self._process is not None and self._process.stdin is not None
        if self._process.returncode is None and not self._process.stdin.is_closing():
            self._process.stdin.write(wire.message(wire.PACKET, wire.pack(packet, index)))

    async def close(self) -> None:
        """Let the process say goodbye; end it where it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        finished = False
        try:
            async with asyncio.timeout(FINISHING):
                await process.stdout.read()
            finished = True
        except TimeoutError:
            log.debug("a push took too long to say goodbye")
        finally:  # also where who waits for it goes
            if not finished:
                with suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
