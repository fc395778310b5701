"""Sessions from their first offer to their end, over real sockets."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from streamfx.live.refusal import Refusal
from streamfx.live.sessions import hub as hubs
from streamfx.live.sessions import session as sessions
from streamfx.live.sessions.admission import Admission
from streamfx.live.sessions.hub import LiveHub
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.sessions.calling import Caller, sending, until

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
    monkeypatch.setattr(hubs, "warm_up", lambda offered, equipment, stopped: 0.0)
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


def test_two_viewers_see_the_graph_s_result_and_hear_the_sound() -> None:
    async def work(hub: LiveHub) -> None:
        caller, _ = await call(hub, "studio", "brighten")
        one, _ = await watch(hub, "studio")
        two, _ = await watch(hub, "studio")
        async with sending(caller, 100):
            await until(lambda: len(one.pictures) > 5 and len(two.pictures) > 5)
            await until(lambda: one.sounds and two.sounds)
            assert one.level > 110
            assert abs(one.level - two.level) < 3
            gauges = hub.gauges()[0]
        assert (gauges.stream, gauges.preset, gauges.viewers) == ("studio", "brighten", 2)
        assert gauges.frames_out > 0
        assert sum(gauges.latency_counts) > 0
        for each in (caller, one, two):
            await each.close()

    live(work)


def test_a_control_channel_publishes_watches_and_changes_what_it_sees() -> None:
    async def work(hub: LiveHub) -> None:
        heard: list[dict[str, Any]] = []
        desk = await hub.join(heard.append, session=None, stream=None, preset="identity")
        welcome = desk.welcome()
        assert welcome["preset"]["name"] == "identity"
        assert not welcome["resumed"]
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=True, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        async with sending(caller, 100):
            await until(lambda: len(caller.pictures) > 3 and abs(caller.level - 100) < 4)
            changed = await desk.switch("brighten")
            node = changed["nodes"][0]
            await until(lambda: caller.level > 110)
            taken = await desk.set(node["id"], "stops", -1.0)
            assert taken["value"] == -1.0
            await until(lambda: caller.level < 95)
            await until(lambda: any(m["type"] == "stats" and m["frames_out"] for m in heard))
        await caller.close()
        await desk.leave(keep=False)
        assert hub.gauges() == []

    live(work)


def test_a_plate_is_taken_and_puts_the_background_behind() -> None:
    async def work(hub: LiveHub) -> None:
        heard: list[dict[str, Any]] = []
        desk = await hub.join(heard.append, session=None, stream="me", preset="plate-background")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=False, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        await desk.background("colour", "#ffffff")
        async with sending(caller, 100):
            await until(lambda: any(m["type"] == "state" for m in heard))
            assert any("plate" in m["why"] for m in heard if m["type"] == "state")
            await until(lambda: len(caller.pictures) > 3)
            await desk.plate()
            await until(lambda: {"type": "plate", "state": "taken", "why": ""} in heard)
            await until(lambda: caller.level > 200)
        assert desk.welcome()["preset"]["plate"] is True
        await caller.close()
        await desk.leave(keep=False)

    live(work)


def test_a_client_that_comes_back_in_time_finds_its_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(hub: LiveHub) -> None:
        monkeypatch.setattr(sessions, "LINGER", 5.0)
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="brighten")
        node = desk.welcome()["preset"]["nodes"][0]["id"]
        await desk.set(node, "stops", 2.0)
        await desk.leave(keep=True)
        again = await hub.join(lambda _: None, session=desk.session, stream=None, preset=None)
        welcome = again.welcome()
        assert welcome["resumed"]
        assert welcome["preset"]["nodes"][0]["values"]["stops"] == 2.0
        monkeypatch.setattr(sessions, "LINGER", 0.05)
        await again.leave(keep=True)
        await until(lambda: not hub.gauges())
        late = await hub.join(lambda _: None, session=desk.session, stream=None, preset=None)
        assert not late.welcome()["resumed"]
        assert late.session != desk.session

    live(work)


def test_a_publisher_that_vanishes_is_gone_and_its_stream_is_free_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "LINGER", 0.2)

    async def work(hub: LiveHub) -> None:
        caller, resource = await call(hub, "studio")
        await until(lambda: "connected" in caller.states)
        with pytest.raises(Refusal, match="somebody publishes 'studio' already") as caught:
            await call(hub, "studio")
        assert caught.value.status == 409
        await hub.end(resource)
        await until(lambda: not hub.gauges())
        again, _ = await call(hub, "studio")
        await caller.close()
        await again.close()

    live(work)


@pytest.mark.parametrize(
    ("stream", "preset", "status"),
    [("../x", None, 400), ("", None, 400), ("a" * 65, None, 400), ("ok", "no-such", 404)],
)
def test_names_are_checked(stream: str, preset: str | None, status: int) -> None:
    async def work(hub: LiveHub) -> None:
        with pytest.raises(Refusal) as caught:
            await call(hub, stream, preset)
        assert caught.value.status == status
        assert hub.gauges() == []

    live(work)


def test_an_offer_that_is_none_leaves_nothing_behind() -> None:
    async def work(hub: LiveHub) -> None:
        with pytest.raises(Refusal) as caught:
            await hub.publish("studio", "v=0\r\nnonsense", None)
        assert caught.value.status == 400
        assert hub.gauges() == []
        with pytest.raises(Refusal, match="no stream 'studio'") as caught:
            await hub.watch("studio", "v=0")
        assert caught.value.status == 404

    live(work)


def test_a_full_server_says_when_to_come_back() -> None:
    async def work(hub: LiveHub) -> None:
        await hub.join(lambda _: None, session=None, stream="one", preset=None)
        with pytest.raises(Refusal, match="all 1 sessions are taken") as caught:
            await hub.join(lambda _: None, session=None, stream="two", preset=None)
        assert (caught.value.status, caught.value.retry_after) == (503, 5)

    live(work, max_sessions=1)


def test_a_draining_server_takes_nobody_and_says_goodbye() -> None:
    async def work(hub: LiveHub) -> None:
        heard: list[dict[str, Any]] = []
        await hub.join(heard.append, session=None, stream="one", preset=None)
        await hub.drain(0.1)
        assert [m for m in heard if m["type"] == "bye"]
        with pytest.raises(Refusal, match="going down"):
            await hub.join(lambda _: None, session=None, stream="two", preset=None)

    live(work)


def test_both_sides_are_recorded_and_can_be_fetched(tmp_path: Path) -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="brighten")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=True, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        async with sending(caller, 100):
            await until(lambda: len(caller.pictures) > 3)
            assert (await desk.record(True))["on"] is True
            await asyncio.sleep(1)
            message = await desk.record(False)
        assert message["on"] is False
        assert {file["kind"] for file in message["files"]} == {"input", "output"}
        for file in message["files"]:
            path = desk.recording(file["name"])
            with av.open(str(path)) as container:
                picture = next(container.decode(video=0))
            level = picture.to_ndarray()[: picture.height].mean()
            assert (level > 110) == (file["kind"] == "output")
            assert path.parent == tmp_path
        with pytest.raises(Refusal):
            desk.recording("../hub.py")
        await caller.close()

    live(work, record=tmp_path)


def test_a_server_without_a_folder_does_not_record() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset=None)
        assert desk.welcome()["record"] is False
        with pytest.raises(Refusal, match="--record DIR"):
            await desk.record(True)

    live(work)


def test_a_source_publishes_from_the_start(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_clip(clip)

    async def work(hub: LiveHub) -> None:
        viewer, _ = await watch(hub, "cam")
        await until(lambda: len(viewer.pictures) > 5)
        await viewer.close()

    live(work, sources=(f"cam={clip}",))


def write_clip(path: Path) -> None:
    """Write two seconds of grey pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(60):
            codes = np.full((180, 160), 128, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="yuv420p")))
        container.mux(stream.encode(None))


def test_a_page_that_is_closed_is_gone_after_the_time_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "LINGER", 0.2)

    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=False, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        async with sending(caller):
            await until(lambda: len(caller.pictures) > 2)
            await desk.leave(keep=True)
            await until(lambda: not hub.gauges())
        await until(lambda: "lost" in caller.states)
        await caller.close()

    live(work)


def test_whoever_comes_back_hears_what_goes_on(tmp_path: Path) -> None:
    async def work(hub: LiveHub) -> None:
        first: list[dict[str, Any]] = []
        then: list[dict[str, Any]] = []
        desk = await hub.join(first.append, session=None, stream="me", preset="identity")
        await desk.record(True)
        await hub.join(then.append, session=desk.session, stream=None, preset=None)
        assert [(m["type"], m.get("code")) for m in first] == [("bye", "replaced")]
        kinds = {m["type"]: m for m in then}
        assert kinds["record"]["on"] is True
        assert kinds["state"]["state"] == "running"

    live(work, record=tmp_path)
