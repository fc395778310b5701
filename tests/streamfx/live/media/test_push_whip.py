import asyncio
import contextlib

import pytest

from streamfx.live.media import push as pushing
from streamfx.live.media.push import Push
from streamfx.live.transport.peer import Peer
from streamfx.live.transport.terms import PeerSettings
from tests.streamfx.live.media.ears import Ear, Feeding, wait_for


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(pushing, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(pushing, "TRIES", 1)


class Taking(Ear):
    """A peer's listener."""

    def keyframe_wanted(self) -> None: ...

    def bandwidth(self, bits: int) -> None: ...


class Endpoint:
    """A WHIP endpoint on the loopback, just large enough for one client."""

    def __init__(self, *, token: str = "", codecs: tuple[str, ...] = ("H264", "VP8")) -> None:
        self.ear = Taking()
        self.requests: list[tuple[str, str, str]] = []
        """Method, path and Authorization of each."""
        self.redirect = ""
        self._token = token
        self._settings = PeerSettings(codecs=codecs)
        self._peers: list[Peer] = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        for peer in self._peers:
            await peer.close()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split()
        self.requests.append((method, path, headers.get("authorization", "")))
        writer.write(await self._answer(method, path, headers, body.decode()))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def _answer(self, method, path, headers, body):
        if self.redirect and path == "/old":
            return f"HTTP/1.1 307 Moved\r\nLocation: {self.redirect}\r\n\r\n".encode()
        if self._token and headers.get("authorization") != f"Bearer {self._token}":
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 11\r\n\r\nwrong token"
        if method != "POST":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        assert headers["content-type"] == "application/sdp"
        peer = Peer(self._settings, self.ear)
        self._peers.append(peer)
        sdp = (await peer.accept(body, receive=True, send=False)).encode()
        head = f"HTTP/1.1 201 Created\r\nLocation: /r/1\r\nContent-Length: {len(sdp)}\r\n\r\n"
        return head.encode() + sdp


def test_pictures_and_sound_reach_a_whip_endpoint_that_wants_a_token():
    async def main():
        async with Endpoint(token="word") as endpoint, Feeding() as feeding:
            url = f"http://word@127.0.0.1:{endpoint.port}/whip/me?preset=x"
            push = Push(url, lambda state, why: None, feeding.want_keyframe)
            feeding.add(push)
            push.start()
            await wait_for(lambda: len(endpoint.ear.pictures) > 20 and endpoint.ear.sounds)
            assert push.state == "live"
            await push.stop()
            return endpoint

    endpoint = asyncio.run(main())
    assert endpoint.requests == [
        ("POST", "/whip/me?preset=x", "Bearer word"),
        ("DELETE", "/r/1", "Bearer word"),
    ]
    assert endpoint.ear.pictures[-1][1:3] == (160, 96)


async def failure(url: str) -> str:
    told: list[tuple[str, str]] = []
    async with Feeding() as feeding:
        push = Push(url, lambda *words: told.append(words), feeding.want_keyframe)
        feeding.add(push)
        push.start()
        await wait_for(lambda: push.state == "failed")
    return told[-1][1]


def test_a_wrong_token_is_said():
    async def main():
        async with Endpoint(token="word") as endpoint:
            return await failure(f"http://127.0.0.1:{endpoint.port}/whip/me")

    assert asyncio.run(main()) == "the endpoint refused: 401 Unauthorized: wrong token"


def test_an_endpoint_without_h264_is_said():
    async def main():
        async with Endpoint(codecs=("VP8",)) as endpoint:
            return await failure(f"http://127.0.0.1:{endpoint.port}/whip/me")

    assert "H.264" in asyncio.run(main())


def test_an_endpoint_that_is_not_there_is_said():
    async def main():
        async with Endpoint() as endpoint:
            port = endpoint.port
        return await failure(f"http://127.0.0.1:{port}/whip/me")

    assert asyncio.run(main()) == "the endpoint cannot be reached: Connection refused"


def test_a_redirect_to_another_host_is_followed_without_the_token():
    async def main():
        async with Endpoint() as old, Endpoint() as new, Feeding() as feeding:
            old.redirect = f"http://127.0.0.1:{new.port}/new"
            url = f"http://127.0.0.1:{old.port}/old"
            push = Push(url, lambda state, why: None, feeding.want_keyframe, token="word")
            feeding.add(push)
            push.start()
            await wait_for(lambda: new.ear.pictures)
            await push.stop()
            return old.requests, new.requests

    old, new = asyncio.run(main())
    assert old == [("POST", "/old", "Bearer word")]
    assert new == [("POST", "/new", ""), ("DELETE", "/r/1", "")]
