import asyncio
import itertools
import threading
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from streamfx.errors import MediaError, SettingError, SourceError
from streamfx.frame import Frame, Sound
from streamfx.live import Client
from streamfx.live.refusal import Refusal
from tests import clips
from tests.streamfx.live.remote.echo import EchoServer
from tests.streamfx.live.remote.server import eventually


def colour(red, green, blue, count=None, width=320, height=180, fps=30):
    """Yield frames of one colour, for ever or ``count`` of them."""
    image = torch.tensor([red, green, blue]).view(3, 1, 1).expand(3, height, width).contiguous()
    numbers = itertools.count() if count is None else range(count)
    return (Frame(image, Fraction(n, fps), Fraction(1, fps)) for n in numbers)


def with_server(test):
    """Run a coroutine that takes a server, and see that no thread of it is left."""

    async def run():
        async with asyncio.timeout(60), EchoServer() as server:
            await test(server)

    def call():
        before = set(threading.enumerate())
        asyncio.run(run())
        left = [t for t in threading.enumerate() if t not in before and not t.daemon]
        assert not [t for t in left if "asyncio" not in t.name], left

    return call


@with_server
async def test_frames_go_out_and_come_back(server):
    async with Client(server.url, stream="stage", preset="soft-focus") as client:
        frames = client.frames()
        await client.publish(colour(0.8, 0.3, 0.1))
        got = [await anext(frames) for _ in range(10)]
        assert (client.stream, client.preset["name"]) == ("stage", "soft-focus")
        assert [each["name"] for each in client.presets] == ["soft-focus"]
        assert client.session in server.sessions
    assert server.joins[0]["preset"] == "soft-focus"
    assert (got[-1].width, got[-1].height) == (320, 180)
    assert got[-1].image.mean((1, 2)).tolist() == pytest.approx([0.8, 0.3, 0.1], abs=0.04)
    instants = [frame.pts for frame in got]
    assert instants == sorted(set(instants))


@with_server
async def test_a_finite_source_ends_and_is_counted(server):
    async with Client(server.url) as client:
        await client.publish(colour(0.5, 0.5, 0.5, count=15))
        sent = await client.published()
    assert 1 <= sent <= 15


@with_server
async def test_a_file_is_played_with_its_sound(server):
    path = clips.cached("live.mp4", frames=50, width=320, height=180, audio=("aac",))
    async with Client(server.url) as client:
        frames, sounds = client.frames(), client.sounds()
        await client.publish(path, loop=False)
        frame = await anext(frames)
        heard = [await anext(sounds) for _ in range(20)]
        await client.published()
    assert (frame.width, frame.height) == (320, 180)
    assert isinstance(heard[0], Sound)
    assert max(sound.samples.abs().max().item() for sound in heard) > 0.1


@with_server
async def test_frames_of_pyav_go_out_too(server):
    async def made():
        for number in itertools.count():
            array = np.full((270, 320), number % 200, np.uint8)
            frame = av.VideoFrame.from_ndarray(array, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            yield frame

    async with Client(server.url) as client:
        frames = client.frames()
        await client.publish(made())
        assert (await anext(frames)).height == 180


@with_server
async def test_a_second_source_replaces_the_first(server):
    async with Client(server.url) as client:
        await client.publish(colour(1.0, 1.0, 1.0))
        await client.publish(colour(0.0, 0.0, 0.0))
        frames = client.frames()
        async for frame in frames:
            if frame.image.mean() < 0.1:
                break
    assert len(server.echoes) == 2
    assert "lost" in server.echoes[0].states


@with_server
async def test_a_lost_channel_comes_back_to_the_session_and_pictures_go_on(server):
    async with Client(server.url) as client:
        events = client.events()
        await client.publish(colour(0.2, 0.4, 0.6))
        session = client.session
        server.cut()
        async for event in events:
            if event["type"] == "welcome":
                break
        assert event["resumed"]
        assert client.session == session
        await eventually(lambda: len(server.echoes) == 2 and server.echoes[1].pictures > 3)
        assert await anext(client.frames())


@with_server
async def test_lost_media_comes_back_on_the_same_channel(server):
    async with Client(server.url) as client:
        await client.publish(colour(0.2, 0.4, 0.6))
        await server.echoes[0].peer.close()
        await eventually(lambda: len(server.echoes) == 2 and server.echoes[1].pictures > 3, 20)
    assert len(server.joins) == 1


@with_server
async def test_parameters_presets_and_backgrounds_are_asked_for(server):
    async def behind(message):
        return message

    server.answers["background"] = behind
    async with Client(server.url) as client:
        assert await client.set("soft", "radius", 4.5) == 4.5
        with pytest.raises(Refusal, match="there is radius"):
            await client.set("soft", "radios", 4.5)
        graph = await client.switch("film-look")
        assert graph["name"] == client.preset["name"] == "film-look"
        events = client.events()
        server.cut()
        async for event in events:
            if event["type"] == "welcome":
                break
        assert server.joins[1]["preset"] == "film-look"
        assert (await client.background("colour", "#00ff00"))["value"] == "#00ff00"
        await client.background("none")
        assert (await client.stats())["fps_in"] == 30.0
    assert server.of("background")[1] == {"type": "background", "kind": "none"}


@with_server
async def test_a_plate_is_waited_for(server):
    async def plate(message):
        await server.tell({"type": "plate", "state": "taking", "why": ""})
        await server.tell({"type": "state", "state": "running", "why": "", "rung": "full"})
        await server.tell({"type": "plate", "state": server.plate, "why": "somebody moved"})

    server.answers["plate"] = plate
    async with Client(server.url) as client:
        server.plate = "taken"
        await client.take_plate()
        server.plate = "failed"
        with pytest.raises(Refusal, match="somebody moved"):
            await client.take_plate()


@with_server
async def test_recording_and_pushing_are_asked_for(server):
    files = [{"name": "a.mkv", "kind": "input", "bytes": 1, "seconds": 2.0}]

    async def record(message):
        return {"type": "record", "on": message["on"], "files": files}

    async def push(message):
        return {"type": "push", "state": "connecting", "why": ""}

    server.answers |= {"record": record, "push": push, "stop-push": push}
    async with Client(server.url) as client:
        assert await client.record() == files
        assert await client.record(False) == files
        await client.push("rtmp://127.0.0.1/live/key")
        await client.stop_push()
    assert [message["on"] for message in server.of("record")] == [True, False]


@with_server
async def test_a_recording_that_is_not_allowed_is_refused(server):
    async def record(message):
        return {"type": "record", "on": False, "files": [], "why": "nobody may record here"}

    server.answers["record"] = record
    async with Client(server.url) as client:
        with pytest.raises(Refusal, match="nobody may record here"):
            await client.record()


@with_server
async def test_the_end_of_the_server_ends_the_pictures_with_a_reason(server):
    async with Client(server.url, patience=0.2) as client:
        frames = client.frames()
        await client.publish(colour(0.2, 0.4, 0.6))
        await anext(frames)
        await server.__aexit__()
        with pytest.raises(MediaError, match="lost for 0.2 s"):
            async for _ in frames:
                pass
        with pytest.raises(MediaError, match="lost for 0.2 s"):
            await client.published()


@with_server
async def test_closing_ends_the_iterations(server):
    async with Client(server.url) as client:
        frames, events = client.frames(), client.events()
    assert [frame async for frame in frames] == []
    assert [event async for event in events] == []


@with_server
async def test_what_the_source_raises_reaches_who_waits(server):
    def broken():
        yield from colour(0.1, 0.1, 0.1, count=2)
        raise OSError("the camera was unplugged")

    async with Client(server.url) as client:
        await client.publish(broken())
        with pytest.raises(OSError, match="the camera was unplugged"):
            await client.published()


@with_server
async def test_a_missing_file_is_named_before_anything_is_sent(server):
    async with Client(server.url) as client:
        with pytest.raises(SourceError, match=r"no-such\.mp4"):
            await client.publish("no-such.mp4")
        with pytest.raises(SettingError, match="nothing is published"):
            await client.published()


def test_outside_of_async_with_it_says_how_to_use_it():
    async def run():
        client = Client("ws://127.0.0.1:1/ws")
        with pytest.raises(SettingError, match="use it as 'async with"):
            await client.publish("clip.mp4")
        with pytest.raises(SettingError, match="use it as 'async with"):
            await client.stats()

    asyncio.run(run())
