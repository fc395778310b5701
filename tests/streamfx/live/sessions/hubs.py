"""A hub for tests, and callers that publish to it and watch."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streamfx.live.sessions import hub as hubs
from streamfx.live.sessions.admission import Admission
from streamfx.live.sessions.hub import LiveHub
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.sessions.calling import Caller

PRESETS = ("brighten", "identity", "plate-background")


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[LiveHub]:
    hub = LiveHub(ServeSettings(presets=PRESETS, **settings))
    hub.admission._most = settings.get("max_sessions", 8)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.close()


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions here must not depend on how busy the machine is."""
    monkeypatch.setattr(hubs, "warm_up", lambda offered, equipment, stopped=None: 0.0)
    monkeypatch.setattr(Admission, "load", 0.0)


def live(work: Callable[[LiveHub], Awaitable[None]], **settings: Any) -> None:
    """Run ``work`` on a hub; afterwards no thread of it may be left."""
    before = set(threading.enumerate())

    async def run() -> None:
        async with serving(**settings) as hub:
            await work(hub)

    asyncio.run(run())
    left = [t for t in set(threading.enumerate()) - before if t.is_alive()]
    assert not left, left


async def call(hub: LiveHub, stream: str, preset: str | None = None) -> tuple[Caller, str]:
    """Publish to a stream as WHIP does."""
    caller = Caller()
    sdp = await caller.peer.offer(video=True, audio=True, receive=False, send=True)
    try:
        let_in = await hub.publish(stream, sdp, preset)
    except BaseException:
        await caller.close()
        raise
    await caller.peer.answer(let_in.sdp)
    return caller, let_in.resource


async def watch(hub: LiveHub, stream: str) -> tuple[Caller, str]:
    """Watch a stream as WHEP does."""
    viewer = Caller()
    sdp = await viewer.peer.offer(video=True, audio=True, receive=True, send=False)
    let_in = await hub.watch(stream, sdp)
    await viewer.peer.answer(let_in.sdp)
    return viewer, let_in.resource
