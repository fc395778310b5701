"""``streamfx serve`` as a process: what it refuses, who gets in, how it ends."""

import asyncio
import json
import signal
import ssl
from pathlib import Path

import pytest

from streamfx.live import Client, Watch
from streamfx.live.refusal import Refusal
from tests import certificates, clips
from tests.serving import serving
from tests.shell import streamfx

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--host", "0.0.0.0"], "--insecure"),
        (["--host", "0.0.0.0", "--token", "t0ken-t0ken"], "--tls-cert"),
        (["--tls-cert", "cert.pem"], "go together"),
        (["--tls-cert", "none.pem", "--tls-key", "none.pem"], "none.pem"),
        (["--udp-ports", "7-3"], "--udp-ports"),
        (["--ice-server", "http://x"], "ICE server"),
        (["no-such-preset"], "no-such-preset"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_2(words, why):
    assert why in streamfx("serve", "--port", "0", *words).refused(2)


def test_a_source_that_is_not_there_is_one_line_and_exit_code_2():
    done = streamfx("serve", "identity", "--port", "0", "--source", "no-such.mp4")
    assert done.code == 2
    assert done.err.splitlines()[-1] == "streamfx: no-such.mp4: no such file"


def test_a_taken_port_is_one_line():
    with serving("identity", ready=False) as server:
        port = server.url.rpartition(":")[2]
        line = streamfx("serve", "identity", "--port", port)
        assert line.code in (1, 2)
        assert line.err.splitlines()[-1].startswith("streamfx: ")
        assert port in line.err.splitlines()[-1]


def test_tls_and_token_let_in_who_knows_both(tmp_path):
    certificate, key = certificates.make(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))

    async def use(server):
        url = server.socket.replace("ws:", "wss:")
        async with Client(url, token="right-token", tls=trust) as client:
            assert client.presets[0]["name"] == "identity"
        with pytest.raises(Refusal, match="token is wrong"):
            await Client(url, token="wrong-token", tls=trust).open()
        with pytest.raises(Refusal) as refused:
            whep = server.url.replace("http:", "https:") + "/whep/none"
            async with Watch(whep, token="wrong-token", tls=trust):
                pass
        assert refused.value.status == 401

    words: list[str | Path] = [
        "--tls-cert",
        certificate,
        "--tls-key",
        key,
        "--token",
        "right-token",
    ]
    with serving("identity", *words) as server:
        asyncio.run(asyncio.wait_for(use(server), 60))
        assert not [line for line in server.lines if "right-token" in line]


def test_a_file_is_published_from_the_start_and_can_be_watched():
    path = clips.cached("serve.mp4", frames=50, width=320, height=180, audio=("aac",))

    async def use(server):
        async with asyncio.timeout(60), Watch(server.url + "/whep/tape") as watched:
            frame, sound = await anext(watched.frames()), await anext(watched.sounds())
            assert (frame.width, frame.height) == (320, 180)
            assert sound.rate == 48_000

    with serving("identity", "--source", f"tape={path}") as server:
        asyncio.run(use(server))


def test_json_logs_are_one_object_a_line():
    async def use(server):
        async with Client(server.socket) as client:
            await client.stats()

    with serving("identity", "--log-format", "json") as server:
        asyncio.run(use(server))
        assert server.stop() == 0
    lines = [json.loads(line) for line in server.lines if line.startswith("{")]
    assert len(lines) > 2
    assert all(isinstance(line, dict) for line in lines)


def test_the_second_signal_ends_it_at_once():
    async def use(server):
        async with Client(server.socket, patience=0.1) as client:
            server.process.send_signal(signal.SIGTERM)
            async for event in client.events():
                if event["type"] == "bye":
                    break
            assert server.get("/readyz")[0] == 503
            server.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(server.process.wait, 10)

    with serving("identity", "--drain", "60") as server:
        asyncio.run(asyncio.wait_for(use(server), 60))
