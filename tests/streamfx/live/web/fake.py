"""A server whose HTTP is real and whose sessions are played."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import uvicorn

from streamfx.live.http.app import make_app
from streamfx.live.refusal import full, unknown
from streamfx.live.sessions.contract import Message, Negotiated, SessionGauges, Tell
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.web.offered import summaries
from tests.streamfx.live.web.played import FakeDesk


class FakeHub:
    """Played sessions of one server."""

    def __init__(self, settings: ServeSettings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.device_note = ""
        self.ready = True
        self.draining = False
        self.full = False
        self.forgetful = False
        self.desks: list[FakeDesk] = []
        self.joins: list[tuple[str | None, str | None]] = []
        self.heard: list[tuple[Any, ...]] = []

    def presets(self) -> list[dict[str, Any]]:
        """Return what is offered."""
        return summaries()

    async def publish(self, stream: str, sdp: str, preset: str | None) -> Negotiated:
        """Refuse: only the page is tried here."""
        raise full("no", 1)

    async def watch(self, stream: str, sdp: str) -> Negotiated:
        """Refuse: only the page is tried here."""
        raise unknown("stream", stream)

    async def trickle(self, resource: str, fragment: str, etag: str | None) -> None:
        """Refuse: only the page is tried here."""
        raise unknown("connection", resource)

    async def end(self, resource: str) -> None:
        """Refuse: only the page is tried here."""
        raise unknown("connection", resource)

    async def join(
        self, tell: Tell, *, session: str | None, stream: str | None, preset: str | None
    ) -> FakeDesk:
        """Open a session, or come back to one."""
        self.joins.append((session, preset))
        if self.full:
            raise full("8 sessions run, which is the most", 6)
        for desk in [] if self.forgetful else self.desks:
            if desk.session == session and desk.left is not True:
                if desk.left is None:
                    desk.tell({"type": "bye", "why": "this session was opened elsewhere"})
                desk.resumed, desk.tell, desk.left = True, tell, None
                return desk
        desk = FakeDesk(
            len(self.desks) + 1,
            preset or "soft-focus",
            self.folder,
            self.heard,
            records=self.settings.record is not None,
        )
        desk.tell = tell
        self.desks.append(desk)
        return desk

    def desk_of(self, session: str) -> FakeDesk:
        """Return a session."""
        for desk in self.desks:
            if desk.session == session:
                return desk
        raise unknown("session", session)

    async def start(self) -> None:
        """Need nothing."""

    async def drain(self, seconds: float) -> None:
        """Wait for nobody."""

    async def close(self) -> None:
        """End every session."""
        await asyncio.gather(*(desk.end() for desk in self.desks))

    def gauges(self) -> list[SessionGauges]:
        """Return nothing."""
        return []


class FakeServer:
    """The server, running in a thread."""

    def __init__(self, folder: Path, token: str | None = None) -> None:
        settings = ServeSettings(port=0, token=token, record=folder)
        self.hub = FakeHub(settings, folder)
        self._loop = asyncio.new_event_loop()
        self._server = uvicorn.Server(
            uvicorn.Config(
                make_app(self.hub, settings),
                host="127.0.0.1",
                port=0,
                ws="websockets-sansio",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._up = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def desk(self) -> FakeDesk:
        """The newest session."""
        return self.hub.desks[-1]

    def tell(self, message: Message) -> None:
        """Send a message to the newest session's page."""
        self._loop.call_soon_threadsafe(self.desk.tell, message)

    def hang_up(self) -> None:
        """Cut every connection of HTTP and WebSockets, as a network does that fails."""

        def cut() -> None:
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()

        self._loop.call_soon_threadsafe(cut)

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the server's loop."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeServer]:
        """Serve while entered."""
        self._thread.start()
        assert self._up.wait(20)
        try:
            yield self
        finally:
            self._server.should_exit = True
            self._thread.join(20)
            self._loop.close()

    async def _run(self) -> None:
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self._up.set()
        await serving
        await self.hub.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
