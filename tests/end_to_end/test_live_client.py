"""The client against the real server: what goes out comes back through a graph."""

import asyncio
import contextlib
import itertools
from fractions import Fraction

import pytest
import torch

from streamfx.errors import MediaError
from streamfx.frame import Frame
from streamfx.live import Client, Publish, Watch
from streamfx.live.refusal import Refusal
from tests.serving import serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with serving("brighten", "identity", "soft-focus", "--max-sessions", "4") as running:
        yield running


def grey(level, width=320, height=180):
    """Yield frames of one grey for ever."""
    image = torch.full((3, height, width), level)
    return (Frame(image, Fraction(n, 30), Fraction(1, 30)) for n in itertools.count())


async def shows(frames, level):
    """Wait until the picture has this grey, and return it."""
    async with asyncio.timeout(30):
        async for frame in frames:
            if abs(frame.image.mean().item() - level) < 0.02:
                return frame
    raise AssertionError("the pictures ended")


@contextlib.asynccontextmanager
async def admitted(make):
    """Open a client, again and again while the server is full with those who just left."""
    async with contextlib.AsyncExitStack() as stack:
        while True:
            try:
                client = await stack.enter_async_context(make())
            except Refusal as exc:
                if exc.status != 503:
                    raise
                await asyncio.sleep(0.3)
            else:
                break
        yield client


def run(coroutine):
    async def limited():
        async with asyncio.timeout(120):
            await coroutine

    asyncio.run(limited())


def test_a_parameter_and_another_preset_change_the_picture(server):
    async def use():
        async with admitted(lambda: Client(server.socket, preset="brighten")) as client:
            frames = client.frames()
            await client.publish(grey(0.25))
            await shows(frames, 0.29)  # half a stop
            assert await client.set("lift", "stops", 2) == 2
            await shows(frames, 0.445)
            with pytest.raises(Refusal, match="at most 6"):
                await client.set("lift", "stops", 7)
            with pytest.raises(Refusal, match="lift"):
                await client.set("lifts", "stops", 1)
            assert (await client.switch("identity"))["nodes"] == []
            await shows(frames, 0.25)
            with pytest.raises(Refusal, match="no-such"):
                await client.switch("no-such")
            stats = await client.stats()
            assert stats["frames_in"] > 0 and stats["rung"] and stats["viewers"] == 1

    run(use())


def test_who_loses_the_line_comes_back_to_the_same_values(server):
    async def use():
        async with admitted(lambda: Client(server.socket, preset="brighten")) as client:
            frames, events = client.frames(), client.events()
            await client.publish(grey(0.25))
            await client.set("lift", "stops", 2)
            await shows(frames, 0.445)
            await client._channel.drop()
            async for event in events:
                if event["type"] == "welcome":
                    break
            assert event["resumed"]
            assert event["preset"]["nodes"][0]["values"]["stops"] == 2
            await shows(client.frames(), 0.445)

    run(use())


def test_a_stream_has_viewers_while_it_is_published(server):
    async def use():
        whip, whep = server.url + "/whip/stage", server.url + "/whep/stage"
        with pytest.raises(Refusal, match="stage") as unknown:
            async with Watch(whep):
                pass
        assert unknown.value.status == 404
        async with admitted(lambda: Publish(whip + "?preset=brighten", grey(0.25))):
            async with Watch(whep) as first, Watch(whep) as second:
                await asyncio.gather(*(shows(each.frames(), 0.29) for each in (first, second)))
            with pytest.raises(Refusal) as taken:
                async with Publish(whip, grey(0.5)):
                    pass
            assert taken.value.status == 409

    run(use())


def test_a_picture_of_another_size_goes_on(server):
    async def use():
        async with admitted(lambda: Client(server.socket, preset="soft-focus")) as client:
            frames = client.frames()
            sizes = [(320, 180), (180, 320), (640, 360)]
            pictures = (
                frame.at(Fraction(index * 30 + n, 30))
                for index, (width, height) in enumerate(sizes)
                for n, frame in zip(range(30), grey(0.4, width, height), strict=False)
            )
            await client.publish(itertools.chain(pictures, grey(0.6)))
            seen = []
            async with asyncio.timeout(60):
                async for frame in frames:
                    size = (frame.width, frame.height)
                    if size not in seen:
                        seen.append(size)
                    if len(seen) == 3:
                        break
            assert seen == sizes

    run(use())


def test_an_offer_that_is_none_is_answered_with_a_sentence(server):
    async def use():
        async with admitted(lambda: Client(server.socket)) as client:
            with pytest.raises(Refusal) as refused:
                await client._channel.ask({"type": "offer", "sdp": "v=0\r\nrubbish"}, "answer")
            assert "\n" not in str(refused.value)
            assert await client.stats()

    run(use())


def test_nothing_is_left_of_those_who_came_and_went(server):
    async def visit():
        async with admitted(lambda: Client(server.socket, preset="identity")) as client:
            frames = client.frames()
            await client.publish(grey(0.5))
            await anext(frames)

    async def settled():
        for _ in range(150):
            if await asyncio.to_thread(server.metric, "streamfx_sessions") == 0:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        names = ("streamfx_threads", "streamfx_tasks", "process_open_fds")
        return [await asyncio.to_thread(server.metric, name) for name in names]

    async def use():
        await visit()
        before = await settled()
        for _ in range(5):
            await visit()
        after = await settled()
        assert [new - old for new, old in zip(after, before, strict=True)] == pytest.approx(
            [0, 0, 0], abs=1
        )

    run(use())


def test_the_end_of_the_server_is_announced_and_ends_the_client():
    async def use(server):
        async with Client(server.socket, preset="identity", patience=2) as client:
            frames, events = client.frames(), client.events()
            await client.publish(grey(0.5))
            await anext(frames)
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            async for event in events:
                if event["type"] == "bye":
                    break
            assert event["why"]
            with pytest.raises(MediaError):
                async for _ in frames:
                    pass
            assert await stopping == 0

    with serving("identity", "--drain", "1") as server:
        run(use(server))
