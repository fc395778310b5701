"""GStreamer's webrtcbin, an implementation that shares nothing with ours."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from streamfx.live.transport.peer import Peer, PeerSettings
from tests.streamfx.live.transport.pairs import Heard, pictures, sounds, until

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gstreamer.py")
NEEDED = ("webrtcbin", "nicesrc", "x264enc", "vp8enc", "rtph264pay", "opusenc", "avdec_h264")


def _lacking():
    if shutil.which(PYTHON) is None:
        return "the system has no Python"
    find = (
        "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstWebRTC', '1.0'); "
        "from gi.repository import Gst, GstWebRTC; Gst.init(None); "
        f"print(*(n for n in {NEEDED} if not Gst.ElementFactory.find(n)))"
    )
    asked = subprocess.run([PYTHON, "-c", find], capture_output=True, text=True)
    return asked.stderr[-200:] if asked.returncode else asked.stdout.strip()


pytestmark = pytest.mark.skipif(bool(_lacking()), reason="GStreamer lacks what this needs")


async def _against_gstreamer(codec, direction, *, receive, send):
    """What GStreamer counted, what our peer heard, and its statistics."""
    count = 45 if send else 0
    video, audio = pictures(count, codec), sounds(75)  # before, since encoding holds up the loop
    heard = Heard()
    peer = Peer(PeerSettings(), heard)
    program: Any = await asyncio.create_subprocess_exec(
        PYTHON, str(SCRIPT), codec, direction, "2", stdin=-1, stdout=-1
    )
    try:
        async with asyncio.timeout(60):
            offer = json.loads(await program.stdout.readline())["sdp"]
            answer = await peer.accept(offer, receive=receive, send=send)
            program.stdin.write(json.dumps({"sdp": answer}).encode() + b"\n")
            await until(lambda: heard.states[-1] != "connecting", 20)
            assert heard.states[-1] == "connected", peer.why
            for i, packet in enumerate(video):
                peer.send_video(packet)
                for sound in audio[i * 5 // 3 : (i + 1) * 5 // 3]:
                    peer.send_sound(sound)
                await asyncio.sleep(1 / 30)
            counted = json.loads(await program.stdout.readline())
            stats, codec_sent = peer.stats(), peer.video_codec
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()
        await peer.close()
    return counted, heard, stats, codec_sent


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_pictures_and_sound_go_both_ways(codec):
    counted, heard, stats, sent = asyncio.run(
        _against_gstreamer(codec, "sendrecv", receive=True, send=True)
    )
    assert sent == codec
    assert counted["video"] >= 20 and counted["audio"] >= 20 and counted["width"] == 320
    assert len(heard.pictures) >= 20 and len(heard.sounds) >= 20
    assert stats.size == (640, 360)


def test_it_watches():
    counted, heard, _, sent = asyncio.run(
        _against_gstreamer("VP8", "recvonly", receive=False, send=True)
    )
    assert sent == "VP8"
    assert counted["video"] >= 20 and counted["audio"] >= 20
    assert not heard.pictures


def test_it_publishes():
    counted, heard, _, sent = asyncio.run(
        _against_gstreamer("H264", "sendonly", receive=True, send=False)
    )
    assert sent is None
    assert len(heard.pictures) >= 20 and len(heard.sounds) >= 20
    assert counted["video"] == 0
