"""A hub without media, and what it takes to talk to an application over it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from streamfx.live.http.app import make_app
from streamfx.live.http.server import WebServer, bind, configure
from streamfx.live.refusal import Refusal, bad_offer, full, unknown
from streamfx.live.sessions.contract import Desk, Message, Negotiated, SessionGauges, Tell
from streamfx.live.settings import ServeSettings

OFFER = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\na=mid:0\r\n"
ANSWER = "v=0\r\ns=answer\r\n"
FRAGMENT = "a=ice-ufrag:EsAw\r\na=ice-pwd:secret\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\n"
SDP = {"Content-Type": "application/sdp"}
PATCH = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": '"tag1"'}
PRESETS = [
    {"name": "soft-focus", "title": "Soft", "inputs": []},
    {"name": "on-stage", "title": "Stage", "inputs": ["background"]},
]
GAUGES = SessionGauges(
    stream="cam", preset="soft-focus", state="running", rung="full", viewers=2, frames_in=100,
    frames_out=98, dropped=2, late=1, load=0.5, bits_in=1e6, bits_out=2e6,
    latency_counts=(1, 2, *(0,) * 12), latency_sum=0.05, nodes={"soft": 4.0},
)  # fmt: skip


class FakeDesk:
    """A session that remembers what it was asked."""

    def __init__(self, hub: "FakeHub", tell: Tell, session: str, stream: str) -> None:
        self.hub, self.tell, self.session, self.stream = hub, tell, session, stream
        self.upload_folder = hub.folder / session
        self.asked: list[Any] = []
        self.left: bool | None = None
        self.resumed = False

    def preset(self, name: str = "soft-focus") -> dict[str, Any]:
        found = next((one for one in PRESETS if one["name"] == name), None)
        if found is None:
            raise unknown("preset", name)
        node = {
            "id": "soft", "use": "compose.blur", "title": "Blur", "schema": {"type": "object"},
            "values": {"radius": 3.0},
        }  # fmt: skip
        return {
            **found, "nodes": [node], "background": {"kind": "none", "value": None}, "plate": False,
        }  # fmt: skip

    def welcome(self) -> Message:
        return {
            "type": "welcome", "session": self.session, "stream": self.stream,
            "resumed": self.resumed, "presets": PRESETS, "preset": self.preset(),
            "ice_servers": [{"urls": ["stun:stun.example.org"]}],
            "limits": {"upload_bytes": 1, "uploads": 1}, "record": False, "linger": 10.0,
        }  # fmt: skip

    async def offer(self, sdp: str) -> str:
        self.asked.append(("offer", sdp))
        if "m=" not in sdp:
            raise bad_offer("no media")
        return ANSWER

    async def trickle(self, fragment: str) -> None:
        self.asked.append(("trickle", fragment))

    async def set(self, node: str, param: str, value: object) -> Message:
        if node == "broken":
            raise RuntimeError("secret detail")
        return {"type": "set", "node": node, "param": param, "value": value}

    async def switch(self, preset: str) -> Message:
        return {"type": "preset", **self.preset(preset)}

    async def background(self, kind: str, value: str | None) -> Message:
        return {"type": "background", "kind": kind, "value": value}

    async def plate(self) -> None:
        self.tell({"type": "plate", "state": "taking", "why": ""})
        self.tell({"type": "plate", "state": "taken", "why": ""})

    async def record(self, on: bool) -> Message:
        return {"type": "record", "on": on, "files": []}

    async def push(self, url: str) -> None:
        self.tell({"type": "push", "state": "connecting", "why": ""})

    async def stop_push(self) -> None:
        self.tell({"type": "push", "state": "stopped", "why": ""})

    async def add_upload(self, path: Path, kind: str) -> str:
        self.asked.append(("upload", path, kind))
        return path.stem

    def recording(self, name: str) -> Path:
        return self.hub.folder / "recordings" / name

    def stats(self) -> Message:
        return {
            "type": "stats", "fps_in": 30.0, "fps_out": 30.0, "frames_in": 1, "frames_out": 1,
            "dropped": 0, "late": 0, "latency_ms": {"p50": 10.0, "p95": None}, "bits_in": 1.0,
            "bits_out": 1.0, "round_trip_ms": None, "rung": "full", "load": 0.1, "nodes": [],
            "viewers": 0,
        }  # fmt: skip

    async def leave(self, *, keep: bool) -> None:
        self.left = keep


class FakeHub:
    """Sessions by name, one connection ``resource-1``."""

    def __init__(self, folder: Path, settings: ServeSettings | None = None) -> None:
        self.folder = folder
        self.settings = replace(settings or ServeSettings(), record=folder / "recordings")
        self.ready, self.draining = True, False
        self.device_note = "device cpu, as asked"
        self.desks: dict[str, FakeDesk] = {}
        self.seen: list[Any] = []
        self.is_full = False
        self.calls: list[str] = []
        self.apps: dict[ServeSettings, FastAPI] = {}

    def presets(self) -> list[dict[str, Any]]:
        return PRESETS

    async def publish(self, stream: str, sdp: str, preset: str | None) -> Negotiated:
        self.seen.append((stream, sdp, preset))
        if self.is_full:
            raise full("no room", 7.2)
        if stream == "taken":
            raise Refusal(409, "taken", "the stream 'taken' is taken")
        if stream == "boom":
            raise RuntimeError("secret detail")
        if preset not in (None, "soft-focus"):
            raise unknown("preset", preset)
        return Negotiated("resource-1", ANSWER, "tag1")

    async def watch(self, stream: str, sdp: str) -> Negotiated:
        if stream != "cam":
            raise unknown("stream", stream)
        return Negotiated("resource-1", ANSWER, "tag1")

    async def trickle(self, resource: str, fragment: str, etag: str | None) -> None:
        self.seen.append((resource, fragment, etag))
        if resource != "resource-1":
            raise unknown("connection", resource)
        if etag not in (None, "tag1"):
            raise Refusal(412, "precondition", "the ETag is of another connection")

    async def end(self, resource: str) -> None:
        if resource != "resource-1":
            raise unknown("connection", resource)
        self.seen.append(("end", resource))

    async def join(
        self, tell: Tell, *, session: str | None, stream: str | None, preset: str | None
    ) -> Desk:
        if self.is_full:
            raise full("no room", 7.2)
        resumed = session in self.desks
        token = session if resumed and session else f"session-{len(self.desks)}"
        desk = FakeDesk(self, tell, token, stream or "cam")
        desk.resumed = resumed
        self.desks[token] = desk
        return desk

    def desk_of(self, session: str) -> Desk:
        if session not in self.desks:
            raise unknown("session", "…")
        return self.desks[session]

    def gauges(self) -> list[SessionGauges]:
        return [GAUGES]

    async def start(self) -> None:
        self.calls.append("start")
        self.ready = True

    async def drain(self, seconds: float) -> None:
        self.calls.append(f"drain {seconds:g}")
        self.draining = True
        for desk in self.desks.values():
            desk.tell({"type": "bye", "why": "the server ends"})

    async def close(self) -> None:
        self.calls.append("close")


def client(hub: FakeHub, settings: ServeSettings | None = None, **words: Any) -> httpx.AsyncClient:
    """Return a client of an application in this very process."""
    settings = settings or hub.settings
    if settings not in hub.apps:
        hub.apps[settings] = make_app(hub, settings)
    transport = httpx.ASGITransport(hub.apps[settings])
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", **words)


def ask(
    hub: FakeHub, method: str, path: str, settings: ServeSettings | None = None, **words: Any
) -> httpx.Response:
    """Ask once."""

    async def once() -> httpx.Response:
        async with client(hub, settings) as asking:
            return await asking.request(method, path, **words)

    return asyncio.run(once())


@contextlib.asynccontextmanager
async def serving(hub: FakeHub, settings: ServeSettings | None = None) -> AsyncIterator[str]:
    """Serve on a free port, and return HOST:PORT."""
    settings = settings or hub.settings
    listener = bind("127.0.0.1", 0)
    server = WebServer(configure(hub, settings))
    task = asyncio.create_task(server.serve([listener]))
    try:
        await server.up(task)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


async def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)
