"""Programs that are not ours publish to ``streamfx serve`` and watch it: FFmpeg, GStreamer."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import av
import pytest

from streamfx.live import Watch
from streamfx.live.refusal import Refusal
from tests import certificates
from tests.serving import serving

PEERS = Path(__file__).parents[1] / "streamfx" / "live" / "transport"
PYTHON = "/usr/bin/python3"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with serving("identity") as running:
        yield running


def lacks_gstreamer():
    code = (
        "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstWebRTC', '1.0');"
        "from gi.repository import Gst, GstWebRTC; Gst.init(None);"
        "assert all(map(Gst.ElementFactory.find, ('webrtcbin', 'nicesrc', 'x264enc', 'vp8enc')))"
    )
    if not Path(PYTHON).exists():
        return True
    return subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode != 0


async def sees(server, stream, seconds=30):
    """Watch a stream as soon as it is there, and return its first picture."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(Refusal):
                async with Watch(f"{server.url}/whep/{stream}") as watched:
                    return await anext(watched.frames())
            await asyncio.sleep(0.3)


@pytest.mark.skipif("whip" not in av.formats_available, reason="this FFmpeg has no WHIP muxer")
@pytest.mark.parametrize("role", ["server", "client"])
def test_ffmpeg_publishes_by_whip(server, role, tmp_path):
    certificate, key = certificates.make(tmp_path)
    url = f"{server.url}/whip/ffmpeg-{role}"
    command = [sys.executable, str(PEERS / "ffmpeg_whip.py"), url, "15"]
    command += [f"cert_file={certificate}", f"key_file={key}"]
    command += ["whip_flags=dtls_active"] if role == "client" else []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        try:
            frame = asyncio.run(sees(server, f"ffmpeg-{role}"))
        finally:
            program.kill()
            program.communicate()
    assert (frame.width, frame.height) == (640, 360)


class GStreamer:
    """A peer on webrtcbin, which we bring to an endpoint."""

    def __init__(self, codec, direction, seconds):
        command = [PYTHON, str(PEERS / "gstreamer.py"), codec, direction, str(seconds)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.into, self.out = self.process.stdin, self.process.stdout

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.communicate()

    def post(self, url):
        offer = json.loads(self.out.readline())["sdp"]
        headers = {"Content-Type": "application/sdp"}
        request = urllib.request.Request(url, offer.encode(), headers)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    assert answer.status == 201
                    sdp = answer.read().decode()
                break
            except urllib.error.HTTPError as exc:
                with exc:
                    assert exc.code == 503, exc.read()
                time.sleep(0.5)  # the sessions of programs that were killed linger
        self.into.write(json.dumps({"sdp": sdp}) + "\n")
        self.into.flush()

    def counted(self):
        return json.loads(self.out.readline())


@pytest.mark.skipif(lacks_gstreamer(), reason="GStreamer's webrtcbin is not there")
@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_gstreamer_publishes_by_whip_and_watches_by_whep(server, codec):
    stream = f"gst-{codec.lower()}"
    with GStreamer(codec, "sendonly", 30) as publisher:
        publisher.post(f"{server.url}/whip/{stream}")
        asyncio.run(sees(server, stream))
        with GStreamer(codec, "recvonly", 4) as viewer:
            viewer.post(f"{server.url}/whep/{stream}")
            counted = viewer.counted()
    assert counted["video"] >= 10
    assert counted["width"] == 640
    assert counted["audio"] >= 10
