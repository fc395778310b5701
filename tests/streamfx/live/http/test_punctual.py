import asyncio

import httpx
import pytest
from websockets.asyncio.client import connect

from streamfx.live.http import punctual
from tests.streamfx.live.http.fake import FakeHub, serving
from tests.streamfx.live.http.test_socket import say


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(punctual, "PATIENCE", 0.3)


@pytest.mark.parametrize("said", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost:"])
def test_a_connection_that_does_not_ask_is_ended(hub: FakeHub, said: bytes) -> None:
    async def run() -> None:
        async with serving(hub) as address:
            host, _, port = address.partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            for byte in said:
                writer.write(bytes([byte]))
            assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()

    asyncio.run(run())


def test_neither_a_second_request_nor_an_unwanted_body_is_waited_for_longer(hub: FakeHub) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    body = b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999\r\n\r\n"

    async def run() -> None:
        async with serving(hub) as address:
            host, _, port = address.partition(":")
            for sent, then in ((head, b"GET"), (body, b"x")):
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(sent)
                await reader.readuntil(b"}")
                writer.write(then)
                assert await asyncio.wait_for(reader.read(), 10) == b""
                writer.close()

    asyncio.run(run())


def test_those_who_ask_in_time_stay(hub: FakeHub) -> None:
    async def run() -> None:
        async with serving(hub) as address, connect(f"ws://{address}/ws") as ws:
            await say(ws, type="join")
            async with httpx.AsyncClient(base_url=f"http://{address}") as asking:
                assert (await asking.get("/healthz")).status_code == 200
                await asyncio.sleep(0.7)
                assert (await asking.get("/healthz")).status_code == 200
            assert (await say(ws, type="ping", at=1))["type"] == "pong"

    asyncio.run(run())
