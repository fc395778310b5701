import asyncio
import socket
import sys

import pytest

from streamfx.errors import SettingError
from streamfx.live.media import push as pushing
from streamfx.live.media import srt
from streamfx.live.media.push import Push
from streamfx.live.media.push_events import Events
from streamfx.live.media.push_program import Program
from streamfx.live.media.source import Source
from tests.streamfx.live.media.ears import Ear, Feeding, free_port, wait_for


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(pushing, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(pushing, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(pushing, "TRIES", 50)
    monkeypatch.setattr("streamfx.live.media.source.FIRST_PAUSE", 0.2)


@pytest.fixture
def needs_srt():
    try:
        srt.load()
    except SettingError as exc:
        pytest.skip(str(exc))


async def push_until_heard(where: str, url: str, *, sound: bool = True) -> tuple[Ear, list[str]]:
    """Push to ``url``, where a source of our own listens, until pictures and sound came."""
    ear = Ear()
    told: list[str] = []
    source = Source(where, ear)
    source.start()
    try:
        async with Feeding(sound=sound) as feeding:
            push = Push(url, lambda state, why: told.append(state), feeding.want_keyframe)
            feeding.add(push)
            push.start()
            await wait_for(lambda: len(ear.pictures) > 30 and len(ear.sounds) > 30)
            assert push.state == "live"
    finally:
        await asyncio.to_thread(source.close)
    return ear, told


def check_what_was_heard(ear: Ear) -> None:
    instants = [instant for instant, *_ in ear.pictures]
    assert instants == sorted(set(instants))
    assert {(width, height) for _, width, height, _ in ear.pictures} == {(160, 96)}
    assert max(level for _, level in ear.sounds) > 0.1


def test_pictures_and_sound_reach_an_rtmp_server():
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/secret"
    ear, told = asyncio.run(push_until_heard(f"{url}?listen=1", url))
    check_what_was_heard(ear)
    assert told[-2:] == ["live", "stopped"]


def test_pictures_and_sound_reach_an_rtsp_server():
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/live"
    ear, told = asyncio.run(push_until_heard(f"{url}?listen=1", url))
    check_what_was_heard(ear)
    assert told[-2:] == ["live", "stopped"]


def test_pictures_and_sound_reach_an_srt_listener_that_wants_a_passphrase(needs_srt):
    port = free_port(socket.SOCK_DGRAM)
    secret = "passphrase=correct-horse"
    where = f"srt://127.0.0.1:{port}?mode=listener&{secret}"
    ear, told = asyncio.run(push_until_heard(where, f"srt://127.0.0.1:{port}?{secret}&streamid=a"))
    check_what_was_heard(ear)
    assert told[-2:] == ["live", "stopped"]


def test_silence_takes_the_place_of_sound_that_does_not_come():
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/secret"
    ear, _ = asyncio.run(push_until_heard(f"{url}?listen=1", url, sound=False))
    assert max(level for _, level in ear.sounds) < 0.001


def test_a_push_whose_service_went_away_comes_back():
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/secret"
    told: list[str] = []

    async def main():
        first, second = Ear(), Ear()
        async with Feeding() as feeding:
            source = Source(f"{url}?listen=1", first)
            source.start()
            push = Push(url, lambda state, why: told.append(state), feeding.want_keyframe)
            feeding.add(push)
            push.start()
            await wait_for(lambda: len(first.pictures) > 3)
            await asyncio.to_thread(source.close)
            await wait_for(lambda: "lost" in told[told.index("live") :])
            source = Source(f"{url}?listen=1", second)
            source.start()
            await wait_for(lambda: len(second.pictures) > 3)
            await asyncio.to_thread(source.close)

    asyncio.run(main())
    assert told[-1] == "stopped"


def test_pictures_that_change_their_size_are_pushed_on():
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/secret"

    async def main():
        ear = Ear()
        source = Source(f"{url}?listen=1", ear)
        source.start()
        async with Feeding() as feeding:
            push = Push(url, lambda state, why: None, feeding.want_keyframe)
            feeding.add(push)
            push.start()
            await wait_for(lambda: len(ear.pictures) > 3)
            feeding.size = (96, 160)
            await wait_for(lambda: ear.pictures[-1][1:3] == (96, 160))
        await asyncio.to_thread(source.close)

    asyncio.run(main())


def test_a_process_is_ended_also_where_who_waits_for_its_goodbye_goes(tmp_path, monkeypatch):
    stubborn = tmp_path / "stubborn"
    stubborn.write_text("#!/bin/sh\nexec sleep 60\n")
    stubborn.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stubborn))

    async def run():
        program = Program("rtmp://127.0.0.1/a/b", "flv", Events(lambda: None, lambda: None))
        running = asyncio.create_task(program.run())
        await wait_for(lambda: program._process is not None)
        process = program._process
        assert process is not None
        running.cancel()
        await asyncio.wait([running])
        closing = asyncio.create_task(program.close())
        await asyncio.sleep(0.1)
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()
        assert process.returncode is not None

    asyncio.run(run())
