import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamfx.live.http import socket
from streamfx.live.http.replies import FROM_SERVER
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.http.fake import ANSWER, OFFER, FakeHub, serving, until


async def say(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await hear(socket)


async def hear(socket: ClientConnection) -> dict[str, Any]:
    text = await asyncio.wait_for(socket.recv(), 10)
    FROM_SERVER.validate_json(text)
    found: dict[str, Any] = json.loads(text)
    return found


async def closed(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(10):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


@asynccontextmanager
async def joined(hub: FakeHub, **join: Any) -> AsyncIterator[ClientConnection]:
    async with serving(hub) as address, connect(f"ws://{address}/ws") as socket:
        welcome = await say(socket, type="join", **join)
        assert welcome["type"] == "welcome"
        yield socket


def test_every_request_has_its_answer(hub: FakeHub) -> None:
    async def talk() -> None:
        async with joined(hub, stream="me") as ws:
            (desk,) = hub.desks.values()
            assert desk.stream == "me"
            assert await say(ws, type="offer", sdp=OFFER) == {"type": "answer", "sdp": ANSWER}
            changed = await say(ws, type="set", node="soft", param="radius", value=2.5)
            assert changed == {"type": "set", "node": "soft", "param": "radius", "value": 2.5}
            assert (await say(ws, type="preset", name="on-stage"))["inputs"] == ["background"]
            behind = await say(ws, type="background", kind="colour", value="#00ff00")
            assert behind == {"type": "background", "kind": "colour", "value": "#00ff00"}
            assert (await say(ws, type="plate"))["state"] == "taking"
            assert (await hear(ws))["state"] == "taken"
            assert (await say(ws, type="record", on=True))["on"] is True
            assert (await say(ws, type="push", url="rtmp://x/y"))["state"] == "connecting"
            assert (await say(ws, type="stop-push"))["state"] == "stopped"
            assert (await say(ws, type="stats"))["type"] == "stats"
            assert await say(ws, type="ping", at=1.5) == {"type": "pong", "at": 1.5}
            await ws.send(json.dumps({"type": "candidate", "candidate": "", "mid": "0"}))
            await say(ws, type="ping", at=2)
            assert desk.asked[-1] == (
                "trickle",
                "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n",
            )
            await ws.send(json.dumps({"type": "leave"}))
            assert await closed(ws) == 1000
            await until(lambda: desk.left is False)

    asyncio.run(talk())


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "null", '{"type":"nope"}', '{"type":"set"}', "[" * 50_000, b"\x00\x01",
        '{"type":"ping","at":1,"more":2}', '{"type":"ping","at":1e999}',
        '{"type":"candidate","candidate":"a\\r\\nb","mid":"0"}', '{"type":"join"}',
        '{"type":"preset","name":"../secret"}', '{"type":"push","url":"a b"}',
    ],
)  # fmt: skip
def test_what_is_no_message_is_an_error_and_the_channel_goes_on(
    hub: FakeHub, text: str | bytes
) -> None:
    async def talk() -> None:
        async with joined(hub) as ws:
            await ws.send(text)
            error = await hear(ws)
            assert (error["type"], error["code"]) == ("error", "message")
            assert "\n" not in error["why"]
            assert (await say(ws, type="ping", at=1))["type"] == "pong"

    asyncio.run(talk())


def test_what_a_session_refuses_or_fails_at_is_an_error_about_that_message(hub: FakeHub) -> None:
    async def talk() -> None:
        async with joined(hub) as ws:
            error = await say(ws, type="preset", name="nope")
            assert error == {
                "type": "error", "code": "unknown", "why": "no preset 'nope'", "about": "preset",
            }  # fmt: skip
            assert (await say(ws, type="offer", sdp="v=0"))["code"] == "sdp"
            fault = await say(ws, type="set", node="broken", param="x", value=1)
            assert (fault["code"], fault["about"]) == ("fault", "set")
            assert "secret detail" not in fault["why"]
            assert (await say(ws, type="ping", at=1))["type"] == "pong"

    asyncio.run(talk())


def test_a_client_that_breaks_off_leaves_its_session_waiting(hub: FakeHub) -> None:
    async def talk() -> None:
        async with serving(hub) as address:
            async with connect(f"ws://{address}/ws") as ws:
                first = await say(ws, type="join")
                ws.transport.abort()
            await until(lambda: hub.desks[first["session"]].left is True)
            async with connect(f"ws://{address}/ws") as ws:
                again = await say(ws, type="join", session=first["session"])
                assert (again["session"], again["resumed"]) == (first["session"], True)

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("first", "code", "close"),
    [
        ('{"type":"ping","at":1}', "message", 1008),
        ("hello", "message", 1008),
        ('{"type":"join","session":"../../x"}', "message", 1008),
    ],
)
def test_who_does_not_join_first_is_told_and_closed(
    hub: FakeHub, first: str, code: str, close: int
) -> None:
    async def talk() -> None:
        async with serving(hub) as address, connect(f"ws://{address}/ws") as ws:
            await ws.send(first)
            assert (await hear(ws))["code"] == code
            assert await closed(ws) == close
            assert hub.desks == {}

    asyncio.run(talk())


def test_who_says_nothing_is_closed_after_a_while(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "FIRST", 0.05)

    async def talk() -> None:
        async with serving(hub) as address, connect(f"ws://{address}/ws") as ws:
            assert (await hear(ws))["code"] == "slow"
            assert await closed(ws) == 1013

    asyncio.run(talk())


def test_a_full_server_says_so_and_hangs_up(hub: FakeHub) -> None:
    hub.is_full = True

    async def talk() -> None:
        async with serving(hub) as address, connect(f"ws://{address}/ws") as ws:
            assert (await say(ws, type="join"))["code"] == "full"
            assert await closed(ws) == 1013

    asyncio.run(talk())


def test_the_token_comes_in_the_first_message_or_in_a_header(hub: FakeHub) -> None:
    settings = ServeSettings(token="correct-horse")
    header = {"Authorization": "Bearer correct-horse"}

    async def talk() -> None:
        async with serving(hub, settings) as address:
            for access in (None, "wrong"):
                async with connect(f"ws://{address}/ws") as ws:
                    assert (await say(ws, type="join", access=access))["code"] == "token"
                    assert await closed(ws) == 1008
            async with connect(f"ws://{address}/ws") as ws:
                assert (await say(ws, type="join", access="correct-horse"))["type"] == "welcome"
            async with connect(f"ws://{address}/ws", additional_headers=header) as ws:
                assert (await say(ws, type="join"))["type"] == "welcome"

    asyncio.run(talk())


def test_pages_of_strangers_cannot_connect(hub: FakeHub) -> None:
    async def talk() -> None:
        async with serving(hub) as address:
            for origin in ("http://evil.example", "null"):
                with pytest.raises(InvalidStatus) as caught:
                    async with connect(f"ws://{address}/ws", origin=origin):  # type: ignore[arg-type]
                        pass
                assert caught.value.response.status_code == 403
            async with connect(f"ws://{address}/ws", origin=f"http://{address}") as ws:  # type: ignore[arg-type]
                assert (await say(ws, type="join"))["type"] == "welcome"

    asyncio.run(talk())


def test_a_message_that_is_too_long_closes_the_channel(hub: FakeHub) -> None:
    async def talk() -> None:
        async with joined(hub) as ws:
            await ws.send("x" * 200_000)
            assert await closed(ws) == 1009
            (desk,) = hub.desks.values()
            await until(lambda: desk.left is True)

    asyncio.run(talk())


def test_bye_closes_the_channel_unless_the_server_drains(hub: FakeHub) -> None:
    async def talk() -> None:
        async with joined(hub) as ws:
            (desk,) = hub.desks.values()
            hub.draining = True
            desk.tell({"type": "bye", "why": "soon"})
            assert (await hear(ws))["why"] == "soon"
            assert (await say(ws, type="ping", at=1))["type"] == "pong"
            hub.draining = False
            desk.tell({"type": "bye", "why": "now"})
            assert (await hear(ws))["why"] == "now"
            assert await closed(ws) == 1000

    asyncio.run(talk())


def test_a_client_that_does_not_read_is_let_go(hub: FakeHub) -> None:
    async def talk() -> None:
        async with joined(hub):
            (desk,) = hub.desks.values()
            for _ in range(2000):
                desk.tell({"type": "state", "state": "running", "why": "x", "rung": "full"})
            await until(lambda: desk.left is True)

    asyncio.run(talk())


def test_who_comes_back_takes_over_from_a_channel_that_is_still_open(hub: FakeHub) -> None:
    async def talk() -> None:
        async with serving(hub) as address, connect(f"ws://{address}/ws") as old:
            session = (await say(old, type="join"))["session"]
            before = hub.desks[session]
            async with connect(f"ws://{address}/ws") as new:
                assert (await say(new, type="join", session=session))["resumed"] is True
                before.tell({"type": "bye", "why": "opened elsewhere"})
                assert await closed(old) == 1000
                assert (await say(new, type="ping", at=1))["type"] == "pong"
                assert (before.left, hub.desks[session].left) == (None, None)

    asyncio.run(talk())


def test_a_client_that_closes_right_after_leave_has_left(hub: FakeHub) -> None:
    async def talk() -> None:
        async with joined(hub) as ws:
            (desk,) = hub.desks.values()
            await ws.send(json.dumps({"type": "leave"}))
            await ws.close()
            await until(lambda: desk.left is False)

    asyncio.run(talk())


def test_too_many_who_have_not_joined_are_turned_away(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "STRANGERS", 1)

    async def talk() -> None:
        async with serving(hub) as address, connect(f"ws://{address}/ws") as first:
            await first.ping()
            async with connect(f"ws://{address}/ws") as second:
                assert (await hear(second))["code"] == "full"
            assert (await say(first, type="join"))["type"] == "welcome"

    asyncio.run(talk())
