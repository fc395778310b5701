"""A small server for tests of the client: it speaks the protocol and does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]
Answer = Callable[[Message], Awaitable[Message | None]]

GRAPH: Message = {
    "name": "soft-focus",
    "title": "Soft focus",
    "inputs": [],
    "nodes": [
        {
            "id": "soft",
            "use": "compose.blur",
            "title": "Blur",
            "schema": {"properties": {"radius": {"type": "number"}}},
            "values": {"radius": 10.0},
        }
    ],
    "background": {"kind": "none", "value": None},
    "plate": False,
}


class FakeServer:
    """Answers with what :attr:`answers` holds for a type; keeps what it was sent."""

    def __init__(self) -> None:
        self.received: list[Message] = []
        self.joins: list[Message] = []
        self.sockets: list[ServerConnection] = []
        self.answers: dict[str, Answer] = {"set": _as_taken, "preset": _graph, "stats": _stats}
        self.refusal: Message | None = None
        """What ``join`` is answered with, instead of ``welcome``."""
        self.sessions: set[str] = set()
        self._server: Server | None = None

    async def __aenter__(self) -> FakeServer:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        self.url = f"ws://{host}:{port}/ws"
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def tell(self, message: Message) -> None:
        await self.sockets[-1].send(json.dumps(message))

    def cut(self) -> None:
        """Break the line as a lost network does."""
        self.sockets[-1].transport.abort()

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.received if message["type"] == kind]

    async def _serve(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await self._talk(socket)

    async def _talk(self, socket: ServerConnection) -> None:
        join = json.loads(await socket.recv())
        self.joins.append(join)
        if self.refusal is not None:
            await socket.send(json.dumps(self.refusal))
            return
        resumed = join.get("session") in self.sessions
        session = join["session"] if resumed else f"session-{len(self.joins)}"
        self.sessions.add(session)
        self.sockets.append(socket)
        await socket.send(json.dumps(_welcome(session, join.get("stream") or "mine", resumed)))
        async for text in socket:
            message = json.loads(text)
            self.received.append(message)
            answer = self.answers.get(message["type"])
            reply = await answer(message) if answer is not None else None
            if reply is not None:
                await socket.send(json.dumps(reply))


def _welcome(session: str, stream: str, resumed: bool) -> Message:
    return {
        "type": "welcome",
        "session": session,
        "stream": stream,
        "resumed": resumed,
        "presets": [{"name": "soft-focus", "title": "Soft focus", "inputs": []}],
        "preset": GRAPH,
        "ice_servers": [],
        "limits": {"upload_bytes": 1000, "uploads": 2},
        "record": True,
        "linger": 10,
    }


async def _as_taken(message: Message) -> Message:
    if message["param"] != "radius":
        why = f"node 'soft': no parameter {message['param']!r}; there is radius"
        return {"type": "error", "code": "param", "why": why, "about": "set"}
    return message


async def _graph(message: Message) -> Message:
    return {**GRAPH, "type": "preset", "name": message["name"]}


async def _stats(message: Message) -> Message:
    return {"type": "stats", "fps_in": 30.0}


async def eventually(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
