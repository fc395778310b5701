import asyncio
import json

import pytest
from websockets.asyncio.server import serve

from streamfx.errors import MediaError, SettingError
from streamfx.live.refusal import Refusal
from streamfx.live.remote.channel import Channel
from tests.streamfx.live.remote.server import FakeServer, Message, eventually


class Desk:
    """A channel to a fake server, and what it was told."""

    def __init__(self, server, **options):
        self.told: list[Message] = []
        self.welcomes: list[Message] = []
        join = options.pop("join", {})
        options = {"patience": 5.0, **options}
        self.channel = Channel(
            server.url, join, tell=self.told.append, welcomed=self._welcomed, **options
        )

    async def _welcomed(self, welcome):
        self.welcomes.append(welcome)

    async def __aenter__(self):
        await self.channel.open()
        return self

    async def __aexit__(self, *exc):
        await self.channel.close()


def with_server(test):
    """Run a coroutine that takes a server."""

    async def run():
        async with FakeServer() as server:
            await test(server)

    def call():
        asyncio.run(run())

    return call


@with_server
async def test_it_joins_and_leaves(server):
    async with Desk(server, join={"access": "s3cret", "stream": "stage"}) as desk:
        assert desk.channel.welcome["stream"] == "stage"
        assert server.joins == [{"type": "join", "access": "s3cret", "stream": "stage"}]
    await eventually(lambda: server.of("leave"))
    assert desk.channel.over.done()
    assert desk.channel.over.exception() is None


@with_server
async def test_it_asks_and_is_answered(server):
    async with Desk(server) as desk:
        question = {"type": "set", "node": "soft", "param": "radius", "value": 3}
        assert await desk.channel.ask(question, "set") == question
        with pytest.raises(Refusal, match="no parameter 'radios'; there is radius"):
            await desk.channel.ask({**question, "param": "radios"}, "set")
        assert desk.told == []


@with_server
async def test_it_hears_what_it_did_not_ask(server):
    async with Desk(server) as desk:
        await server.tell({"type": "state", "state": "passing", "why": "too slow", "rung": "pass"})
        await server.tell({"type": "error", "code": "push", "why": "lost", "about": "push"})
        await eventually(lambda: len(desk.told) == 2)
        assert [message["type"] for message in desk.told] == ["state", "error"]


@with_server
async def test_it_comes_back_with_the_session(server):
    async with Desk(server) as desk:
        first = desk.channel.welcome["session"]
        server.cut()
        await eventually(lambda: desk.welcomes)
        assert desk.welcomes[0]["resumed"] is True
        assert server.joins[1]["session"] == first
        assert (await desk.channel.ask({"type": "stats"}, "stats"))["fps_in"] == 30.0


@with_server
async def test_an_open_question_fails_when_the_line_breaks(server):
    async def never(message):
        server.cut()

    server.answers["stats"] = never
    async with Desk(server) as desk:
        with pytest.raises(MediaError, match="the line broke"):
            await desk.channel.ask({"type": "stats"}, "stats")
        await eventually(lambda: desk.welcomes)


@with_server
async def test_an_unanswered_question_ends(server):
    async def never(message):
        return None

    server.answers["stats"] = never
    async with Desk(server) as desk:
        with pytest.raises(MediaError, match="left 'stats' unanswered for 0.05 s"):
            await desk.channel.ask({"type": "stats"}, "stats", patience=0.05)


@with_server
async def test_it_is_told_why_it_may_not_join(server):
    server.refusal = {"type": "error", "code": "token", "why": "wrong token", "about": "join"}
    with pytest.raises(Refusal, match="wrong token") as caught:
        async with Desk(server):
            pass
    assert caught.value.code == "token"


@with_server
async def test_it_gives_up_at_once_when_coming_back_is_refused_for_good(server):
    async with Desk(server) as desk:
        server.refusal = {"type": "error", "code": "token", "why": "wrong token", "about": "join"}
        server.cut()
        with pytest.raises(Refusal, match="wrong token"):
            await asyncio.wait_for(asyncio.shield(desk.channel.over), 5)


@with_server
async def test_a_bye_announces_the_end(server):
    async with Desk(server) as desk:
        await server.tell({"type": "bye", "why": "the server is going down"})
        await eventually(lambda: desk.told)
        assert (await desk.channel.ask({"type": "stats"}, "stats"))["fps_in"] == 30.0
        await server.sockets[-1].close()
        with pytest.raises(MediaError, match="the server is going down"):
            await asyncio.wait_for(asyncio.shield(desk.channel.over), 5)
        with pytest.raises(MediaError, match="the line is down"):
            await desk.channel.say({"type": "stats"})


@with_server
async def test_it_gives_up_when_nobody_comes_back_in_time(server):
    async with Desk(server, patience=0.2) as desk:
        await server.__aexit__()
        with pytest.raises(MediaError, match="lost for 0.2 s: nobody listens there"):
            await asyncio.wait_for(asyncio.shield(desk.channel.over), 5)


@with_server
async def test_it_says_when_nobody_listens(server):
    await server.__aexit__()
    with pytest.raises(MediaError, match="nobody listens there"):
        async with Desk(server):
            pass


class _Url:
    def __init__(self, url):
        self.url = url


def test_an_address_of_another_kind_is_refused():
    async def run():
        async with Desk(_Url("http://127.0.0.1/ws")):
            pass

    with pytest.raises(SettingError, match="a server is ws://HOST"):
        asyncio.run(run())


@pytest.mark.parametrize(("status", "code"), [(401, "token"), (403, "origin"), (503, "full")])
def test_a_refused_handshake_says_why(status, code):
    async def refuse(connection, request):
        return connection.respond(status, json.dumps({"error": "not you"}))

    async def run():
        async with serve(_nothing, "127.0.0.1", 0, process_request=refuse) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with Desk(_Url(f"ws://127.0.0.1:{port}/ws")):
                pass

    with pytest.raises(Refusal, match="not you") as caught:
        asyncio.run(run())
    assert (caught.value.status, caught.value.code) == (status, code)


async def _nothing(connection):
    await connection.wait_closed()


@pytest.mark.parametrize("junk", ["no json", "[]", "\u0000"])
def test_junk_of_the_server_ends_it_with_a_sentence(junk):
    async def speak(connection):
        await connection.send(junk)
        await connection.wait_closed()

    async def run():
        async with serve(speak, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with Desk(_Url(f"ws://127.0.0.1:{port}/ws")):
                pass

    with pytest.raises(MediaError, match="the server sent"):
        asyncio.run(run())
