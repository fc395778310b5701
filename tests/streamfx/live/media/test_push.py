import asyncio

import pytest

from streamfx.errors import SettingError
from streamfx.live.media import push as pushing
from streamfx.live.media import srt
from streamfx.live.media.push import Push, check
from tests.streamfx.live.media.ears import Feeding, free_port, wait_for


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


def test_a_push_that_never_works_is_given_up_with_a_reason(monkeypatch, caplog):
    monkeypatch.setattr(pushing, "TRIES", 2)
    told: list[tuple[str, str]] = []
    url = f"rtmp://127.0.0.1:{free_port()}/live/secret"

    async def main():
        async with Feeding() as feeding:
            push = Push(url, lambda *words: told.append(words), feeding.want_keyframe)
            feeding.add(push)
            push.start()
            await wait_for(lambda: push.state == "failed")

    with caplog.at_level("INFO"):
        asyncio.run(main())
    assert [state for state, _ in told] == ["connecting", "lost", "connecting", "failed"]
    assert told[-1][1] == "Connection refused"
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://host/x", "a push cannot go to 'ftp://host/x'; what can be: rtmp"),
        ("/out.flv", "a push cannot go to '/out.flv'"),
        ("file:///out.flv", "a push cannot go to"),
        ("concat:a|b", "a push cannot go to"),
        ("rtmp://host", "an RTMP address needs an application"),
        ("rtmp:///app/key", "needs a host"),
        ("rtmp://host/app/key live=1", "not an address to push to"),
        ("rtmp://host/app\n/key", "not an address to push to"),
        ("rtmp://host:99999/app/key", "not an address to push to: Port out of range"),
        ("srt://host", "an SRT address needs a port"),
        ("srt://host:1?passphrase=short", "passphrase of an SRT address has 10 to 79 characters"),
        ("srt://host:1?colour=red", "unknown in an SRT address: colour"),
        ("srt://:9000", "a push calls, it does not listen"),
        ("srt://host:1?mode=listener", "a push calls, it does not listen"),
        ("https://", "needs a host"),
        ("rtmp://host/" + "a" * 3000, "at most 2000 characters"),
    ],
)
def test_an_address_that_cannot_be_pushed_to_is_refused_in_one_line(url, why):
    with pytest.raises(SettingError) as caught:
        Push(url, lambda state, why: None, lambda: None)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_scheme_has_its_format(needs_srt):
    assert check("RTMPS://host/app/key") == "flv"
    assert check("srt://host:9000?streamid=a&latency=200") == "mpegts"
    assert check("rtsp://user:word@host/path") == "rtsp"
    assert check("https://host/whip/stream") == "whip"
