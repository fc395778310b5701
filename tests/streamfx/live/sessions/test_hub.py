"""Sessions from their first offer to their end, over real sockets."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from streamfx.errors import RunError
from streamfx.live.refusal import Refusal
from streamfx.live.sessions import hub as hubs
from streamfx.live.sessions import session as sessions
from streamfx.live.sessions.hub import LiveHub
from streamfx.live.sessions.warmup import WarmupError
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.sessions.calling import Caller, sending, until
from tests.streamfx.live.sessions.hubs import PRESETS, call, cheap, live, watch

__all__ = ["cheap"]  # every test here runs in it


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


def test_viewers_that_ask_again_and_again_do_not_keep_a_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "LINGER", 0.5)

    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        await desk.leave(keep=True)
        for _ in range(100):
            with pytest.raises(Refusal) as caught:
                await hub.watch("me", "v=0")
            if caught.value.status == 404:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the session never ended")

    live(work)


def test_a_session_that_waits_for_its_client_is_no_other_s() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        await desk.leave(keep=True)
        with pytest.raises(Refusal, match="somebody publishes 'me' already"):
            await hub.join(lambda _: None, session=None, stream="me", preset=None)
        again = await hub.join(lambda _: None, session=desk.session, stream="me", preset=None)
        assert again is desk

    live(work)


def test_whoever_comes_back_in_the_last_moment_is_in_time() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        await desk.leave(keep=True)
        hub._expire(hub._sessions["me"])
        await hub.join(lambda _: None, session=desk.session, stream=None, preset=None)
        await asyncio.sleep(0.05)
        assert len(hub.gauges()) == 1

    live(work)


def test_a_session_ends_whole_although_whoever_waits_for_that_goes() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        leaving = asyncio.create_task(desk.leave(keep=False))
        while "me" in hub._sessions:
            await asyncio.sleep(0)
        leaving.cancel()
        await hub.close()
        assert not desk.upload_folder.exists()

    live(work)


def test_a_server_whose_first_preset_fails_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(offered: Any, equipment: Any, stopped: Any = None) -> float:
        raise WarmupError("preset brighten fails: no such luck")

    async def run() -> None:
        hub = LiveHub(ServeSettings(presets=PRESETS))
        with pytest.raises(RunError, match="no such luck"):
            await hub.start()
        assert not hub.ready
        await hub.close()

    monkeypatch.setattr(hubs, "warm_up", fail)
    asyncio.run(run())


def test_a_draining_server_warms_nothing_up_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed: list[str] = []

    def note(offered: Any, equipment: Any, stopped: Callable[[], bool]) -> float | None:
        warmed.append(offered.name)
        return None if stopped() else 0.0

    monkeypatch.setattr(hubs, "warm_up", note)

    async def work(hub: LiveHub) -> None:
        hub.draining = True
        await asyncio.sleep(0.2)
        assert len(warmed) <= 2

    live(work)
