"""Sessions as their control channel sees them, over real sockets."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from streamfx.live.refusal import Refusal
from streamfx.live.sessions import outlets
from streamfx.live.sessions import session as sessions
from streamfx.live.sessions.backdrop import make_feed
from streamfx.live.sessions.hub import LiveHub
from streamfx.live.sessions.offered import Offer
from streamfx.live.sessions.party import Party
from tests.streamfx.live.sessions.calling import Caller, sending, until
from tests.streamfx.live.sessions.hubs import call, cheap, live

__all__ = ["cheap"]  # every test here runs in it


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


def test_what_stands_behind_stays_with_another_graph_and_the_loop_opens_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[tuple[str, bool]] = []

    def noted(kind: str, *rest: Any) -> Any:
        opened.append((kind, threading.current_thread() is threading.main_thread()))
        return make_feed(kind, *rest)

    monkeypatch.setattr(sessions, "make_feed", noted)

    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        await desk.background("colour", "#ffffff")
        changed = await desk.switch("plate-background")
        assert changed["background"] == {"kind": "colour", "value": "#ffffff"}
        assert opened == [("blur", True), ("colour", False)]

    live(work)


class Failing:
    """Takes a plate as soon as it is let, and fails."""

    def __init__(self) -> None:
        self.done = threading.Event()

    def plate(self) -> None:
        raise RuntimeError("no memory")


def test_one_plate_is_taken_at_a_time_and_its_end_is_told_whatever_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taker = Failing()
    monkeypatch.setattr(sessions, "PlateTaker", lambda: taker)

    async def work(hub: LiveHub) -> None:
        heard: list[dict[str, Any]] = []
        desk = await hub.join(heard.append, session=None, stream="me", preset="plate-background")
        hub._sessions["me"].publish(object())
        await desk.plate()
        with pytest.raises(Refusal, match="being taken already"):
            await desk.plate()
        taker.done.set()
        await until(lambda: any(m.get("state") == "failed" for m in heard))
        await desk.plate()

    live(work)


@pytest.mark.parametrize("watches", [True, False])
def test_an_offer_that_outlives_its_session_leaves_nothing(
    watches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        accept = Party.accept

        async def late(party: Party, sdp: str) -> str:
            answer = await accept(party, sdp)
            await hub.drop(party.session)
            return answer

        monkeypatch.setattr(Party, "accept", late)
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=True, receive=True, send=True)
        with pytest.raises(Refusal, match="the session has ended") as caught:
            await (hub.watch("me", sdp) if watches else desk.offer(sdp))
        assert caught.value.status == 404
        for ask in (desk.record(True), desk.push("rtmp://127.0.0.1/a/b"), desk.offer(sdp)):
            with pytest.raises(Refusal, match="the session has ended"):
                await ask
        assert not hub._parties
        await caller.close()

    live(work)


def test_the_last_of_two_offers_on_one_desk_counts() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        callers = [Caller(), Caller()]
        offers = [
            await one.peer.offer(video=True, audio=False, receive=True, send=True)
            for one in callers
        ]
        await asyncio.gather(*(desk.offer(sdp) for sdp in offers))
        session = hub._sessions["me"]
        assert session.parties == [desk._party]
        assert session._publisher is desk._party
        for one in callers:
            await one.close()

    live(work)


def test_a_push_that_was_given_up_makes_room_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    class Given:
        """Fails at once."""

        state = "new"

        def __init__(self, url: str, tell: Callable[[str, str], None], *_: Any, **__: Any) -> None:
            self._tell = tell

        def start(self) -> None:
            self._tell("failed", "nobody is there")

    monkeypatch.setattr(outlets, "Push", Given)

    async def work(hub: LiveHub) -> None:
        heard: list[dict[str, Any]] = []
        desk = await hub.join(heard.append, session=None, stream="me", preset="identity")
        await desk.push("rtmp://127.0.0.1/a/b")
        session = hub._sessions["me"]
        assert not len(session.line("H264").viewers)
        assert not len(session.sounding.viewers)
        await desk.push("rtmp://127.0.0.1/a/b")
        await desk.stop_push()
        assert [m["state"] for m in heard] == ["failed", "failed", "stopped"]

    live(work)


def test_a_recording_that_is_stopped_by_someone_who_goes_is_there_all_the_same(
    tmp_path: Path,
) -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=False, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        async with sending(caller, 100):
            await until(lambda: len(caller.pictures) > 3)
            await desk.record(True)
            await asyncio.sleep(1.5)
            stopping = asyncio.create_task(desk.record(False))
            await asyncio.sleep(0)
            stopping.cancel()
            files = hub._sessions["me"].outlets.recording_message
            await until(lambda: len(files()["files"]) == 2)
        await caller.close()

    live(work, record=tmp_path)


STUCK = """
from streamfx import Context, Frame, Node

class Stuck(Node):
    \"\"\"Cannot open.\"\"\"

    def open(self, ctx: Context) -> None:
        raise OSError("no weights")

    def process(self, frame: Frame) -> Frame:
        return frame
"""


def test_a_graph_that_cannot_be_opened_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(STUCK)
    path = tmp_path / "bad.toml"
    path.write_text('title = "Bad"\n[[node]]\nid = "bad"\nuse = "stuck.stuck"\n')

    async def work(hub: LiveHub) -> None:
        hub.offer._known["bad"] = Offer([str(path)], [str(tmp_path / "stuck.py")]).first
        heard: list[dict[str, Any]] = []
        desk = await hub.join(heard.append, session=None, stream="me", preset="brighten")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=False, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        async with sending(caller, 100):
            await until(lambda: len(caller.pictures) > 3)
            assert (await desk.switch("bad"))["name"] == "bad"
            await until(lambda: any(m["type"] == "error" for m in heard))
        (back,) = (m for m in heard if m["type"] == "preset")
        assert back["name"] == "brighten"
        await desk.set(back["nodes"][0]["id"], "stops", 1.0)
        assert hub.gauges()[0].preset == "brighten"
        await caller.close()

    live(work)


def test_who_only_listens_hears() -> None:
    async def work(hub: LiveHub) -> None:
        caller, _ = await call(hub, "studio", "identity")
        hearer = Caller()
        sdp = await hearer.peer.offer(video=False, audio=True, receive=True, send=False)
        await hearer.peer.answer((await hub.watch("studio", sdp)).sdp)
        async with sending(caller):
            await until(lambda: hearer.sounds)
        assert hub.gauges()[0].viewers == 1
        await caller.close()
        await hearer.close()

    live(work)


def test_an_offer_that_is_none_leaves_the_connection_before_it() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset="identity")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=False, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        with pytest.raises(Refusal, match="not a session description"):
            await desk.offer("nonsense")
        async with sending(caller):
            await until(lambda: caller.pictures)
        await caller.close()

    live(work)


def test_a_recording_that_a_full_disk_ends_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamfx.live.media.recording_track.RESERVE", 1 << 62)

    async def work(hub: LiveHub) -> None:
        heard: list[dict[str, Any]] = []
        desk = await hub.join(heard.append, session=None, stream="me", preset="identity")
        caller = Caller()
        sdp = await caller.peer.offer(video=True, audio=False, receive=True, send=True)
        await caller.peer.answer(await desk.offer(sdp))
        async with sending(caller, 100):
            await until(lambda: len(caller.pictures) > 3)
            assert (await desk.record(True))["on"] is True
            await until(lambda: any(m["type"] == "record" and not m["on"] for m in heard))
            assert len(hub._sessions["me"].line("H264").viewers) == 1
            monkeypatch.setattr("streamfx.live.media.recording_track.RESERVE", 0)
            assert (await desk.record(True))["on"] is True
        await caller.close()

    live(work, record=tmp_path)


def test_a_server_that_is_open_to_everybody_pushes_nowhere() -> None:
    async def work(hub: LiveHub) -> None:
        desk = await hub.join(lambda _: None, session=None, stream="me", preset=None)
        for url in ("srt://127.0.0.1:9", "camera:"):
            with pytest.raises(Refusal, match="open to everybody") as caught:
                await desk.push(url)
            assert caught.value.status == 403

    live(work, host="0.0.0.0", insecure=True)
