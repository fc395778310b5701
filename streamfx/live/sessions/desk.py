"""A session as its control channel sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamfx.live.refusal import Refusal, unknown
from streamfx.live.sessions.contract import UPLOAD_BYTES, Message, Tell
from streamfx.live.sessions.party import Party
from streamfx.live.sessions.plate import StirredError
from streamfx.live.sessions.session import Session
from streamfx.live.sessions.telling import preset_body, stats_message
from streamfx.live.settings import LINGER

if TYPE_CHECKING:
    from streamfx.live.sessions.hub import LiveHub

log = logging.getLogger(__name__)

UPLOADS = 5
"""Files that a session keeps at once; one more takes the place of the oldest that is not shown."""


class SessionDesk:
    """The control channel's side of a session. Belongs to the loop's thread."""

    def __init__(self, hub: LiveHub, session: Session) -> None:
        self._hub = hub
        self._session = session
        self._party: Party | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self.resumed = False

    @property
    def session(self) -> str:
        """Token of the session."""
        return self._session.token

    @property
    def stream(self) -> str:
        """Name under which the session can be watched."""
        return self._session.name

    @property
    def upload_folder(self) -> Path:
        """Folder of this session alone."""
        return self._session.folder

    def open(self, tell: Tell, *, resumed: bool) -> None:
        """Let a control channel in; one that is there still is told that another took over."""
        if self._session.tell is not None:
            self._session.say(
                {"type": "bye", "code": "replaced", "why": "this session was opened elsewhere"}
            )
        self.resumed = resumed
        self._session.tell = tell
        self._session.hold(self)
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick())
        if resumed:
            self._session.outlets.catch_up()
            self._session.say_state()

    def welcome(self) -> Message:
        """Return the first message."""
        settings = self._hub.settings
        return {
            "type": "welcome",
            "session": self.session,
            "stream": self.stream,
            "resumed": self.resumed,
            "presets": self._hub.presets(),
            "preset": preset_body(self._session),
            "ice_servers": [
                {"urls": [server.url]}
                | ({"username": server.username} if server.username else {})
                | ({"credential": server.credential} if server.credential else {})
                for server in settings.ice_servers
            ],
            "limits": {"upload_bytes": UPLOAD_BYTES, "uploads": UPLOADS},
            "record": settings.record is not None,
            "linger": LINGER,
        }

    async def offer(self, sdp: str) -> str:
        """Take an offer, return the answer; a second one replaces the connection."""
        if self._party is not None:
            before, self._party = self._party, None
            self._session.exit(before)
            await before.close()
        party = self._hub.make_party(self._session, publishes=True, watches=True, left=self._left)
        try:
            answer = await party.accept(sdp)
        except BaseException:
            await party.close()
            raise
        self._party = party
        self._session.enter(party, holds=False)
        return answer

    async def trickle(self, fragment: str) -> None:
        """Take further candidates."""
        if self._party is None:
            raise Refusal(409, "order", "candidates come after an offer")
        await self._party.peer.trickle(fragment)

    async def set(self, node: str, param: str, value: object) -> Message:
        """Set a live parameter."""
        self._session.realtime.set_param(node, param, value)
        taken = value
        for known in self._session.realtime.nodes():
            if known["id"] == node:
                taken = known["values"].get(param, value)
        return {"type": "set", "node": node, "param": param, "value": taken}

    async def switch(self, preset: str) -> Message:
        """Change the graph while it runs."""
        self._session.switch(self._hub.offer.find(preset))
        return {"type": "preset", **preset_body(self._session)}

    async def background(self, kind: str, value: str | None) -> Message:
        """Choose what stands behind the subject."""
        await asyncio.to_thread(self._session.set_background, kind, value)
        return {"type": "background", "kind": kind, "value": value}

    async def plate(self) -> None:
        """Begin to take a clean plate."""
        if not self._session.published:
            raise Refusal(409, "plate", "there is no picture to take a plate of")
        self._start(self._take_plate())

    async def record(self, on: bool) -> Message:
        """Start or end the recording."""
        outlets = self._session.outlets
        if on:
            outlets.start_recording()
        else:
            await outlets.stop_recording()
        return outlets.recording_message()

    async def push(self, url: str) -> None:
        """Send the result on to ``url``."""
        await self._session.outlets.start_push(url)

    async def stop_push(self) -> None:
        """End the push."""
        await self._session.outlets.stop_push()

    async def add_upload(self, path: Path, kind: str) -> str:
        """Take over a checked file of the session's folder."""
        uploads = self._session.uploads
        if len(uploads) >= UPLOADS:
            shown = self._session.background[1]
            oldest = next(name for name in uploads if name != shown)
            uploads.pop(oldest).unlink(missing_ok=True)
        name = secrets.token_urlsafe(9)
        uploads[name] = path
        log.info("took an upload", extra={"stream": self.stream, "kind": kind})
        return name

    def recording(self, name: str) -> Path:
        """Return a finished recording of this session by its name."""
        path = self._session.outlets.recorded(name)
        if path is None:
            raise unknown("recording", name)
        return path

    def stats(self) -> Message:
        """Return the statistics as of now."""
        return stats_message(self._session)

    async def leave(self, *, keep: bool) -> None:
        """Say that the channel is closed."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        self._session.tell = None
        if keep and not self._session.closed:
            self._session.release(self)
            return
        await self.close()
        await self._hub.drop(self._session)

    async def close(self) -> None:
        """End what this side started."""
        tasks = [*self._tasks, *([self._ticking] if self._ticking else [])]
        self._ticking = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _left(self, party: Party) -> None:
        """React to a connection that was lost: the picture stops, the channel stays."""
        self._session.exit(party)
        if self._party is party:
            self._party = None
        self._start(party.close())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_plate(self) -> None:
        say = self._session.say
        say({"type": "plate", "state": "taking", "why": ""})
        try:
            await self._session.take_plate()
        except (StirredError, TimeoutError) as exc:
            say({"type": "plate", "state": "failed", "why": str(exc)})
        else:
            say({"type": "plate", "state": "taken", "why": ""})

    async def _tick(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(1)
                self._session.say(self.stats())
