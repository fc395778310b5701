import json
import os
import socket
import subprocess
import sys
import threading
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import av
import pytest

from streamfx.live.media import source as sources
from streamfx.live.media.source import Source
from tests.clips import make
from tests.streamfx.live.media.ears import Ear, free_port, picture


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sources, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(sources, "LONGEST_PAUSE", 0.2)


class Camera(threading.Thread):
    """An RTSP server (RFC 7826, as far as one client needs it) that sends RTP between its words."""

    SDP = (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=control:*\r\n"
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        "a=fmtp:96 packetization-mode=1\r\na=control:track\r\n"
    )

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.asked: list[str] = []
        self.cut = threading.Event()
        self.closed = threading.Event()

    def run(self) -> None:
        while not self.closed.is_set():
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client:
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        file = client.makefile("rb")
        while True:
            lines: list[str] = []
            while (line := file.readline().decode().strip()) or not lines:
                if not line:
                    return
                lines.append(line)
            method = lines[0].split()[0]
            headers = dict(line.split(": ", 1) for line in lines[1:])
            self.asked.append(method)
            extra, body = "", ""
            if method == "DESCRIBE":
                body = self.SDP
                extra = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
            if method == "SETUP":
                extra = f"Transport: {headers['Transport']}\r\nSession: 1\r\n"
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers['CSeq']}\r\n{extra}\r\n{body}"
            client.sendall(answer.encode())
            if method == "PLAY":
                self._play(client)
                return

    def _play(self, client: socket.socket) -> None:
        self.cut.clear()
        url = f"rtp://127.0.0.1:{self._rtp.getsockname()[1]}"
        sending = threading.Thread(target=self._relay, args=(client,), daemon=True)
        sending.start()
        with av.open(url, "w", format="rtp") as out:
            stream = out.add_stream("libx264", rate=25, options={"tune": "zerolatency"})
            stream.width, stream.height, stream.codec_context.gop_size = 160, 96, 5
            number = 0
            while not self.cut.wait(0.04) and not self.closed.is_set():
                out.mux(stream.encode(picture(number)))
                number += 1
        client.shutdown(socket.SHUT_RDWR)
        sending.join()

    def _relay(self, client: socket.socket) -> None:
        self._rtp.settimeout(0.5)
        try:
            while True:
                data = self._rtp.recv(2000)
                client.sendall(b"$\0" + len(data).to_bytes(2, "big") + data)
        except OSError:
            return

    def close(self) -> None:
        self.closed.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.join()
        self._rtp.close()


def children() -> set[str]:
    """Processes that read a source for this one."""
    found = set()
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                command = file.read()
            with open(f"/proc/{pid}/stat") as file:
                parent = file.read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if "source_child" in command and parent == str(os.getpid()):
            found.add(pid)
    return found


def test_an_rtsp_camera_is_shown_and_connected_again_when_it_was_lost():
    camera = Camera()
    camera.start()
    ear = Ear()
    source = Source(f"rtsp://admin:secret@127.0.0.1:{camera.port}/live", ear)
    assert "secret" not in source.name
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 10)
    camera.cut.set()
    ear.wait(lambda ear: "lost" in ear.states)
    count = len(ear.pictures)
    ear.wait(lambda ear: len(ear.pictures) >= count + 10)
    source.close()
    camera.close()
    assert ear.states == ["connected", "lost", "connected"]
    instants = [instant for instant, *_ in ear.pictures]
    assert all(later > earlier for earlier, later in pairwise(instants))
    assert ear.pictures[0][1:3] == (160, 96)
    assert children() == set()


def test_a_generated_picture_is_a_device():
    ear = Ear()
    source = Source("testsrc=size=320x180:rate=25", ear)
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 10)
    source.close()
    assert ear.pictures[0][1:3] == (320, 180)
    steps = [b[0] - a[0] for a, b in zip(ear.pictures[:10], ear.pictures[1:10], strict=False)]
    assert set(steps) == {Fraction(1, 25)}
    assert children() == set()


def test_a_file_on_a_web_server_is_played_at_its_pace_and_again(tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_): ...

    make(tmp_path / "a.mkv", frames=10, audio=("libopus",))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ear = Ear()
    source = Source(f"http://127.0.0.1:{server.server_port}/a.mkv", ear)
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 15 and ear.sounds)
    source.close()
    server.shutdown()
    server.server_close()
    assert ear.states == ["connected"]


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("rtsp://user:secret@127.0.0.1:{port}/x", "Connection refused"),
        ("/dev/video97", "No such file or directory"),
        ("lavfi:nosuchfilter", "."),
    ],
)
def test_a_source_that_is_not_there_is_lost_with_a_reason(where, why, caplog):
    ear = Ear()
    source = Source(where.format(port=free_port()), ear)
    with caplog.at_level("WARNING"):
        source.start()
        ear.wait(lambda ear: ear.states == ["lost"])
    source.close()
    assert why in source.why + "."
    assert "secret" not in caplog.text + source.why
    assert not ear.pictures


@pytest.mark.parametrize("module", ["source_child", "push_child"])
def test_the_process_ends_when_the_one_that_started_it_is_gone(module):
    order = {"where": "testsrc", "sound": True}
    if module == "push_child":
        order = {"url": "rtmp://127.0.0.1:1/a/b", "format": "flv", "sound": True}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", f"streamfx.live.media.{module}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(json.dumps(order).encode() + b"\n")
    child.stdin.flush()
    assert child.stdout.read(1)
    child.stdin.close()
    child.stdout.close()
    assert child.wait(20) in (0, 1)
