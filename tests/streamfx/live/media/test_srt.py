import socket
import threading

import pytest

from streamfx.errors import MediaError, SettingError
from streamfx.live.media import srt
from streamfx.live.media.srt import Receiver, Route, Sender
from tests.streamfx.live.media.ears import free_port


@pytest.fixture
def library():
    try:
        return srt.load()
    except SettingError as exc:
        pytest.skip(str(exc))


def test_a_route_is_read_from_its_url():
    route = Route.parse(
        "srt://host:9000?streamid=%23!::r=a&passphrase=100%2541%20horse&latency=200"
    )
    assert (route.host, route.port, route.listener) == ("host", 9000, False)
    assert (route.streamid, route.passphrase, route.latency) == ("#!::r=a", "100%41 horse", 200)
    assert Route.parse("srt://:9000").listener
    assert Route.parse("srt://[::1]:9000?mode=listener&pbkeylen=32&transtype=live").pbkeylen == 32


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("srt://host", "needs a port"),
        ("srt://host:0", "needs a port"),
        ("srt://host:70000", "Port out of range"),
        ("srt://:9000?mode=caller", "needs a host"),
        ("srt://host:1?mode=rendezvous", "mode of an SRT address is caller or listener"),
        ("srt://host:1?passphrase=short", "has 10 to 79 characters"),
        ("srt://host:1?pbkeylen=12", "is 16, 24 or 32, got 12"),
        ("srt://host:1?latency=120000", "in milliseconds, at most 10000, got 120000"),
        ("srt://host:1?latency=-1", "a whole number, got '-1'"),
        ("srt://host:1?color=red", "unknown in an SRT address: color; known are latency"),
    ],
)
def test_a_url_that_says_something_else_is_refused(url, why):
    with pytest.raises(SettingError, match=why):
        Route.parse(url)


def test_no_library_is_said_in_one_line(monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    monkeypatch.setattr(srt, "_FILES", ("libnosuch.so",))
    srt.load.cache_clear()
    with pytest.raises(SettingError, match="SRT needs libsrt"):
        srt.load()
    srt.load.cache_clear()


def exchange(listener: str, caller: str, data: bytes, size: int = srt.LARGEST) -> list[bytes]:
    got: list[bytes] = []

    def receive() -> None:
        receiver = Receiver(listener, 10)
        while message := receiver.read(size):
            got.append(message)
        receiver.close()

    thread = threading.Thread(target=receive)
    thread.start()
    sender = Sender(caller, 10)
    for _ in range(20):
        sender.write(data)
    threading.Event().wait(0.5)  # what is under way when the sender leaves is lost
    sender.close()
    sender.close()
    thread.join(20)
    return got


def test_what_is_sent_arrives_in_messages_of_the_right_size(library):
    port = free_port(socket.SOCK_DGRAM)
    data = bytes(range(188)) * 10
    got = exchange(f"srt://:{port}", f"srt://localhost:{port}?latency=50", data)
    assert b"".join(got) == data * 20
    assert {len(message) for message in got} == {1316, 564}


def test_a_reader_never_gets_more_than_it_asked_for(library):
    port = free_port(socket.SOCK_DGRAM)
    got = exchange(f"srt://:{port}", f"srt://127.0.0.1:{port}", bytes(range(200)), 70)
    assert {len(part) for part in got} == {70, 60}
    assert b"".join(got) == bytes(range(200)) * 20


def test_a_wrong_passphrase_is_refused(library):
    port = free_port(socket.SOCK_DGRAM)
    stop: list[Receiver] = []
    listening = threading.Thread(
        target=lambda: stop.append(Receiver(f"srt://:{port}?passphrase=0123456789", 5)), daemon=True
    )
    listening.start()
    with pytest.raises(MediaError, match="rejected|password|secret|setup"):
        Sender(f"srt://127.0.0.1:{port}?passphrase=9876543210", 5)
    Sender(f"srt://127.0.0.1:{port}?passphrase=0123456789", 5).close()
    listening.join(10)
    stop[0].close()


def test_nobody_there_is_said(library):
    with pytest.raises(MediaError, match="setup|timer|time"):
        Sender(f"srt://127.0.0.1:{free_port(socket.SOCK_DGRAM)}", 0.5)


def test_no_such_host_is_said(library):
    with pytest.raises(MediaError, match="no such host: nowhere.invalid"):
        Sender("srt://nowhere.invalid:9000", 0.5)
