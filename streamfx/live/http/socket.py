"""``/ws``: signalling and control of one session, message by message."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import assert_never

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from streamfx.errors import UserError
from streamfx.live.http import messages
from streamfx.live.http.guard import Guard, bearer
from streamfx.live.http.metrics import Metrics
from streamfx.live.http.outbox import Outbox
from streamfx.live.http.pace import Pace
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.contract import Desk, Hub, Message

FIRST = 5.0
"""Seconds within which ``join`` must come."""
STRANGERS = 64
"""Sockets that may be open without having joined."""
BACKLOG = 64
"""Messages of a client that may wait for the one before them."""
PER_SECOND = 100.0
"""Messages a second that a client may send in the long run; more are taken later."""

GONE, POLICY, BROKEN, LATER = 1000, 1008, 1011, 1013
"""Close codes (RFC 6455, section 7.4.1, and IANA's registry)."""

_CLOSES = {408: LATER, 429: LATER, 500: BROKEN, 503: LATER}

_log = logging.getLogger(__name__)


def routes(hub: Hub, guard: Guard, metrics: Metrics) -> APIRouter:
    """Return the route of the control socket."""
    router = APIRouter()
    strangers = 0
    holders: dict[str, _Channel] = {}

    @router.websocket("/ws")
    async def control(socket: WebSocket) -> None:
        nonlocal strangers
        await socket.accept()
        channel = _Channel(socket, hub, guard, metrics)
        if strangers >= STRANGERS:
            await channel.refuse(Refusal(503, "full", "too many are about to join"), "join")
            return
        strangers += 1
        try:
            joined = await channel.join()
        finally:
            strangers -= 1
        if joined:
            await channel.serve(holders)

    return router


class _Channel:
    """One socket from ``join`` to its end."""

    def __init__(self, socket: WebSocket, hub: Hub, guard: Guard, metrics: Metrics) -> None:
        self._socket = socket
        self._hub = hub
        self._guard = guard
        self._metrics = metrics
        self._outbox = Outbox()
        self._backlog: asyncio.Queue[str] = asyncio.Queue(BACKLOG)
        self._desk: Desk | None = None
        self._left = False

    async def join(self) -> bool:
        """Take the first message; return whether it opened a session."""
        try:
            async with asyncio.timeout(FIRST):
                first = messages.read(await self._receive())
            if not isinstance(first, messages.Join):
                raise Refusal(400, "message", "the first message must be join")
            token = first.access or bearer(self._socket.headers.get("authorization"))
            client = self._socket.client
            self._guard.check(token, client.host if client is not None else "")
            self._desk = await self._hub.join(
                self._outbox.put, session=first.session, stream=first.stream, preset=first.preset
            )
        except TimeoutError:
            await self.refuse(Refusal(408, "slow", f"join did not come in {FIRST:g} s"), "join")
        except WebSocketDisconnect:
            pass
        except Exception as exc:  # noqa: BLE001  becomes the error that the client reads
            await self.refuse(self._refusal(exc, "join"), "join")
        return self._desk is not None

    async def serve(self, holders: dict[str, _Channel]) -> None:
        """Pass messages both ways until one side ends it.

        ``holders`` are the channels by session. To be called without a pause after :meth:`join`:
        who came back first is who holds the session.
        """
        assert self._desk is not None
        session = self._desk.session
        holders[session] = self
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._socket.send_text(_text(self._desk.welcome()))
            tasks = [
                asyncio.create_task(work(), name=f"ws {work.__name__}")
                for work in (self._read, self._handle, self._write)
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except WebSocketDisconnect:
            pass
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for fault in ended:
                if isinstance(fault, Exception) and not isinstance(fault, WebSocketDisconnect):
                    _log.error("a control socket failed", exc_info=fault)
            self._see_unread()
            if holders.get(session) is self:  # nobody has taken over
                del holders[session]
                await self._desk.leave(keep=not self._left)
            await self._close(LATER if self._outbox.overflowed else GONE)

    async def refuse(self, refusal: Refusal, about: str) -> None:
        """Say why not, and hang up."""
        self._metrics.refused(refusal.code)
        try:
            await self._socket.send_text(_text(_error(refusal, about)))
        except (WebSocketDisconnect, RuntimeError):
            return
        await self._close(_CLOSES.get(refusal.status, POLICY))

    async def _read(self) -> None:
        """Read on while a message is worked on, so that pongs are seen."""
        pace = Pace(PER_SECOND)
        while True:
            text = await self._receive()
            await asyncio.sleep(pace.wait())
            await self._backlog.put(text)

    async def _handle(self) -> None:
        while not self._left:
            text = await self._backlog.get()
            about = ""
            try:
                message = messages.read(text)
                about = message.type
                await self._answer(message)
            except Exception as exc:  # noqa: BLE001  becomes the error that the client reads
                refusal = self._refusal(exc, about)
                self._metrics.refused(refusal.code)
                self._outbox.put(_error(refusal, about))

    async def _write(self) -> None:
        while (message := await self._outbox.take()) is not None:
            await self._socket.send_text(_text(message))
            if message.get("type") == "bye" and not self._hub.draining:
                return

    async def _answer(self, message: messages.FromClient) -> None:
        desk, put = self._desk, self._outbox.put
        assert desk is not None
        match message:
            case messages.Join():
                raise Refusal(400, "message", "this channel has joined already")
            case messages.Offer():
                put({"type": "answer", "sdp": await desk.offer(message.sdp)})
            case messages.Candidate():
                await desk.trickle(message.fragment())
            case messages.SetParam():
                put(await desk.set(message.node, message.param, message.value))
            case messages.ChoosePreset():
                put(await desk.switch(message.name))
            case messages.ChooseBackground():
                put(await desk.background(message.kind, message.value))
            case messages.TakePlate():
                await desk.plate()
            case messages.Record():
                put(await desk.record(message.on))
            case messages.PushTo():
                await desk.push(message.url)
            case messages.StopPush():
                await desk.stop_push()
            case messages.AskStats():
                put(desk.stats())
            case messages.Ping():
                put({"type": "pong", "at": message.at})
            case messages.Leave():
                self._left = True
            case _:
                assert_never(message)

    def _see_unread(self) -> None:
        """Find the ``leave`` of a client that closed right after it."""
        while not self._backlog.empty():
            with suppress(Refusal):
                unread = messages.read(self._backlog.get_nowait())
                self._left = self._left or isinstance(unread, messages.Leave)

    async def _receive(self) -> str:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", GONE))
        text = event.get("text")
        return text if isinstance(text, str) else ""  # binary: no JSON, which its reader says

    def _refusal(self, exc: Exception, about: str) -> Refusal:
        if isinstance(exc, Refusal):
            return exc
        if isinstance(exc, UserError):
            return Refusal(400, "request", str(exc))
        _log.error("%s failed", about or "a message", exc_info=exc)
        return Refusal(500, "fault", "something went wrong in the server; its log says what")

    async def _close(self, code: int) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it is closed already
            await self._socket.close(code)


def _error(refusal: Refusal, about: str) -> Message:
    why = " ".join(str(refusal).split())
    return {"type": "error", "code": refusal.code, "why": why, "about": about}


def _text(message: Message) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
