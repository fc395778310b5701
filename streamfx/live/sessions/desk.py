"""A session as its control channel sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

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
        self._endings: set[asyncio.Task[None]] = set()
        self._plate: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.resumed = False
        self.opened = False
        """Whether a control channel was ever here: it has the session's token."""

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
        self.opened = True
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
        self._session.check_open()
        party = self._hub.make_party(self._session, publishes=True, watches=True, left=self._left)
        try:
            answer = await party.accept(sdp)
            self._session.check_open()
        except BaseException:
            await party.close()
            raise
        self._session.enter(party, holds=False)
        before, self._party = self._party, party
        if before is not None:
            self._session.exit(before)
            await before.close()
        return answer

    async def trickle(self, fragment: str) -> None:
        """Take further candidates."""
        if self._party is None:
            raise Refusal(409, "order", "candidates come after an offer")
        await self._party.peer.trickle(fragment)

    async def set(self, node: str, param: str, value: object) -> Message:
        """Set a live parameter."""
        taken = self._session.realtime.set_param(node, param, value)
        return {"type": "set", "node": node, "param": param, "value": taken}

    async def switch(self, preset: str) -> Message:
        """Change the graph while it runs."""
        self._session.switch(self._hub.offer.find(preset))
        return {"type": "preset", **preset_body(self._session)}

    async def background(self, kind: str, value: str | None) -> Message:
        """Choose what stands behind the subject."""
        await self._session.set_background(kind, value)
        return {"type": "background", "kind": kind, "value": value}

    async def plate(self) -> None:
        """Begin to take a clean plate."""
        if not self._session.published:
            raise Refusal(409, "plate", "there is no picture to take a plate of")
        if self._plate is not None and not self._plate.done():
            raise Refusal(409, "plate", "a plate is being taken already")
        self._plate = asyncio.create_task(self._take_plate())

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
            kept = (self._session.background[1], self._session.opening)
            oldest = next(name for name in uploads if name not in kept)
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
        tasks = [task for task in (self._plate, self._ticking) if task is not None]
        self._plate = self._ticking = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._endings, return_exceptions=True)

    def _left(self, party: Party) -> None:
        """React to a connection that was lost: the picture stops, the channel stays."""
        self._session.exit(party)
        if self._party is party:
            self._party = None
        task = asyncio.create_task(party.close())
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _take_plate(self) -> None:
        say = self._session.say
        say({"type": "plate", "state": "taking", "why": ""})
        try:
            await self._session.take_plate()
        except (StirredError, TimeoutError) as exc:
            say({"type": "plate", "state": "failed", "why": str(exc)})
        except Exception:  # the client waits for an end, whatever it is
            log.exception("a plate could not be made", extra={"stream": self.stream})
            why = "the plate could not be made; the server's log says why"
            say({"type": "plate", "state": "failed", "why": why})
        else:
            say({"type": "plate", "state": "taken", "why": ""})

    async def _tick(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(1)
                self._session.say(self.stats())
