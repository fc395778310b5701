import asyncio
from collections.abc import AsyncIterator

import pytest

from streamfx.live.http import bodies
from tests.streamfx.live.http.fake import SDP, FakeHub, client, serving


def test_a_body_without_an_end_is_cut_off_at_the_limit(hub: FakeHub) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 << 20:
            sent += 10_000
            yield b"v" * 10_000

    async def send() -> int:
        async with client(hub) as asking:
            found = await asking.post("/whip/cam", content=endless(), headers=SDP)
            return found.status_code

    assert asyncio.run(send()) == 413
    assert sent < 1 << 20


@pytest.mark.parametrize("length", ["999999999999", "9" * 30])
def test_a_body_that_is_announced_as_too_long_is_not_read(hub: FakeHub, length: str) -> None:
    async def send() -> bytes:
        async with serving(hub) as address:
            host, _, port = address.partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                f"POST /whip/cam HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {length}\r\n\r\n".encode()
            )
            line = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            return line

    assert asyncio.run(send()).split()[1] in (b"413", b"400")


def test_a_body_that_stalls_is_given_up(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"v=0\r\n"
        await asyncio.sleep(3600)

    async def send() -> int:
        async with serving(hub) as address:
            host, _, port = address.partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                f"POST /whip/cam HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/sdp\r\n"
                "Content-Length: 100\r\n\r\nv=0".encode()
            )
            line = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            return int(line.split()[1])

    assert asyncio.run(send()) == 408
