"""What a server may be told, and what it refuses before it listens."""

from pathlib import Path

import pytest
from aiortc import RTCIceServer
from aiortc.rtcicetransport import connection_kwargs

from streamfx.errors import SettingError
from streamfx.live.settings import IceServer, ServeSettings


def pem(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_text("x")
    key.write_text("x")
    return cert, key


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
def test_loopback_needs_nothing(host: str) -> None:
    assert ServeSettings(host=host).loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org"])
def test_a_public_address_needs_token_and_tls(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="--token and --tls-cert and --tls-key, or say --insec"):
        ServeSettings(host=host)
    with pytest.raises(SettingError, match="give --tls-cert and --tls-key"):
        ServeSettings(host=host, token="t")
    cert, key = pem(tmp_path)
    with pytest.raises(SettingError, match="give --token"):
        ServeSettings(host=host, tls_cert=cert, tls_key=key)
    assert not ServeSettings(host=host, token="t", tls_cert=cert, tls_key=key).loopback
    assert not ServeSettings(host=host, insecure=True).loopback


def test_certificate_and_key_go_together(tmp_path: Path) -> None:
    cert, _ = pem(tmp_path)
    with pytest.raises(SettingError, match="go together"):
        ServeSettings(tls_cert=cert)
    with pytest.raises(SettingError, match="no file"):
        ServeSettings(tls_cert=cert, tls_key=tmp_path / "absent.pem")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": 70000}, "--port must be 0 to 65535, got 70000"),
        ({"max_sessions": 0}, "--max-sessions must be at least 1, got 0"),
        ({"drain": -1.0}, "--drain must be at least 0 seconds, got -1"),
        ({"drain": float("nan")}, "--drain must be at least 0 seconds, got nan"),
        ({"drain": float("inf")}, "--drain must be at least 0 seconds, got inf"),
        ({"udp_ports": (9, 3)}, "--udp-ports must be LOW-HIGH in 1-65535, got 9-3"),
    ],
)
def test_bounds_are_named(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        ServeSettings(**settings)  # type: ignore[arg-type]


def test_ice_servers_are_read_as_they_are_written() -> None:
    assert IceServer.parse("stun:stun.example.org:3478").url == "stun:stun.example.org:3478"
    turn = IceServer.parse("turn:me:se:cret@turn.example.org?transport=tcp")
    assert (turn.url, turn.username, turn.credential) == (
        "turn:turn.example.org?transport=tcp",
        "me",
        "se:cret",
    )
    for text in ("stun:s.example", "stuns:s.example:1", "turns:me:pass@t.example:5349"):
        assert connection_kwargs([RTCIceServer(IceServer.parse(text).url)]) is not None


@pytest.mark.parametrize(
    "text",
    [
        "http:x", "stun:", "stun", "", "stun:a:b", "stun:a:0", "stun:a:70000", "stun: a",
        "stun:[::1]", "stun:a?transport=udp", "stun:me:secret@a", "turn:a", "turn:me@a",
        "turn:me:@a", "turn:me:secret@", "turn:me:secret@a:b", "turn:me:secret@a?transport=tls",
        "stun:a\r\nX: y",
    ],
)  # fmt: skip
def test_what_is_no_ice_server_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(SettingError, match="an ICE server is stun:HOST") as caught:
        IceServer.parse(text)
    assert text.startswith("stun") or "secret" not in str(caught.value)
