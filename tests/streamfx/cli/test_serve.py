import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streamfx.graph import preset
from streamfx.live.http import server
from streamfx.live.refusal import Refusal
from tests.shell import Run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--host", "0.0.0.0"],
            "0.0.0.0 can be reached by others: give --token and --tls-cert and --tls-key, or say "
            "--insecure",
        ),
        (["--host", "0.0.0.0", "--token", "12345678"], "give --tls-cert and --tls-key"),
        (["--token", "short"], "--token must be 8 to 512 visible ASCII characters"),
        (["--token", ""], "--token must be"),
        (["--token", "with a blank in it"], "--token must be"),
        (["--port", "70000"], "--port must be 0 to 65535, got 70000"),
        (["--udp-ports", "5000"], "--udp-ports takes LOW-HIGH, got '5000'"),
        (["--udp-ports", f"{'9' * 5000}-1"], "--udp-ports takes LOW-HIGH"),
        (["--udp-ports", "9-5"], "--udp-ports must be LOW-HIGH in 1-65535, got 9-5"),
        (["--ice-server", "http://x"], "an ICE server is stun:HOST"),
        (["--ice-server", "stun:a:b"], "an ICE server is stun:HOST"),
        (["--origin", "studio.example"], "--origin takes http(s)://HOST[:PORT] or *, got 'studio"),
        (["--origin", "http://["], "--origin takes http(s)://HOST[:PORT] or *"),
        (["--origin", "https://a.example/page"], "--origin takes http(s)://HOST[:PORT] or *"),
        (["--host", "a" * 70 + ".example", "--insecure"], "not a name of a host"),
        (["--drain", "nan"], "--drain must be at least 0 seconds, got nan"),
        (["--tls-cert", "x.pem"], "--tls-cert and --tls-key go together"),
        (["--tls-cert", "x.pem", "--tls-key", "y.pem"], "there is no file x.pem"),
        (["--max-sessions", "0"], "--max-sessions must be at least 1, got 0"),
        (["--drain", "-1"], "--drain must be at least 0 seconds, got -1"),
        (["no-such-preset"], "no-such-preset"),
        (["../secret"], "../secret"),
        (["--device", "tpu"], "tpu"),
    ],
)
def test_what_cannot_be_served_is_one_line_and_exit_2(
    run: Run, words: list[str], message: str
) -> None:
    assert message in run("serve", "--port", "0", *words).refused(2)


def test_a_certificate_that_is_none_is_said_before_anything_loads(run: Run, tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("nothing")
    line = run("serve", "--tls-cert", pem, "--tls-key", pem).refused(2)
    assert line.startswith("--tls-cert and --tls-key cannot be used: ")


def test_a_preset_whose_name_no_client_could_say_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "my look.toml"
    path.write_text(preset.write(preset.load("identity")))
    line = run("serve", path, "--port", "0").refused(2)
    assert line.startswith("preset 'my look' cannot be chosen by clients")


def test_sources_that_cannot_all_play_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(settings, hub, *, listening, ready):
        raise Refusal(409, "taken", "somebody publishes 'a' already")

    monkeypatch.setattr(server, "serve", serve)
    words = ["--source", "a=testsrc", "--source", "a=testsrc"]
    line = run("serve", "identity", "--port", "0", *words).refused(2)
    assert line == "--source: somebody publishes 'a' already"


def test_an_encrypted_key_is_said_before_anything_loads(run: Run, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = serialization.Encoding.PEM
    locked = serialization.BestAvailableEncryption(b"word")
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked))
    line = run("serve", "--tls-cert", path, "--tls-key", path).refused(2)
    assert line.startswith("--tls-cert and --tls-key cannot be used: ")


def test_a_port_that_is_taken_is_one_line(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        line = run("serve", "--port", other.getsockname()[1]).refused(2)
    assert line.startswith("cannot listen on 127.0.0.1, port ")


@pytest.mark.parametrize("style", ["text", "json"])
def test_it_says_where_it_listens_and_what_was_decided_and_ends_on_a_signal(
    run: Run, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    async def serve(settings, hub, *, listening, ready):
        listening("http://127.0.0.1:1234/")
        ready()

    monkeypatch.setattr(server, "serve", serve)
    ran = run("serve", "identity", "--port", "0", "--token", "12345678", "--log-format", style)
    assert (ran.code, ran.err) == (0, "")
    if style == "json":
        listening, ready = ran.events
        assert (listening["event"], listening["url"]) == ("listening", "http://127.0.0.1:1234/")
        assert (listening["presets"], listening["token"]) == (["identity"], True)
        assert ready == {"event": "ready"}
    else:
        assert "Listening on http://127.0.0.1:1234/" in ran.out
        assert "presets    identity" in ran.out
        assert "token      asked for" in ran.out
    assert "12345678" not in ran.out


def test_a_server_of_its_own_serves_and_ends_with_exit_0_on_sigterm() -> None:
    words = [sys.executable, "-m", "streamfx", "serve", "identity", "--port", "0"]
    child = subprocess.Popen(
        [*words, "--log-format", "json", "--drain", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    killer = threading.Timer(120, child.kill)
    killer.start()
    try:
        assert child.stdout is not None
        events = []
        for line in child.stdout:
            events.append(json.loads(line)["event"])
            if events[-1] == "ready":
                os.kill(child.pid, signal.SIGTERM)
        _, log = child.communicate()
    finally:
        killer.cancel()
        child.kill()
        child.wait()
    assert (child.returncode, events) == (0, ["listening", "ready"]), log
    assert all(json.loads(line)["message"] for line in log.splitlines())
