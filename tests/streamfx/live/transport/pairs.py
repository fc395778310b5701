"""Two peers over loopback, and encoded pictures and sound to send between them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from fractions import Fraction

import av
import numpy as np

from streamfx.live.transport.peer import Peer, PeerSettings


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self):
        self.pictures = []
        self.sounds = []
        self.states = []
        self.keyframes = 0
        self.bandwidths = []

    def picture(self, frame, instant, arrived):
        self.pictures.append((frame, instant, arrived))

    def sound(self, frame, instant, arrived):
        self.sounds.append((frame, instant, arrived))

    def state(self, state):
        self.states.append(state)

    def keyframe_wanted(self):
        self.keyframes += 1

    def bandwidth(self, bits):
        self.bandwidths.append(bits)


async def until(condition, seconds=10.0):
    """Wait until a condition holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def pair(settings=None, *, offerer=None, send=True, receive=True, audio=True):
    """Two connected peers: the one that offered, and the one that answered."""
    heard, other_heard = Heard(), Heard()
    settings = settings or PeerSettings()
    client = Peer(offerer or settings, heard)
    server = Peer(settings, other_heard)
    try:
        offer = await client.offer(video=True, audio=audio, receive=receive, send=send)
        await client.answer(await server.accept(offer, receive=send, send=receive))
        await until(lambda: heard.states[-1] == other_heard.states[-1] == "connected")
        yield client, heard, server, other_heard
    finally:
        await client.close()
        await server.close()


def pictures(count, codec="H264", size=(320, 240), start=Fraction(0), rate=30):
    """Encoded pictures, the first of them a keyframe; picture ``i`` is a grey of ``8 * i``."""
    context = av.CodecContext.create({"H264": "libx264", "VP8": "libvpx"}[codec], "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 90000)
    context.framerate = Fraction(rate)
    context.gop_size = 10_000
    context.bit_rate = 2_000_000
    context.thread_count = 1  # the threads of libvpx wait for each other by spinning
    if codec == "H264":
        context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        context.profile = "Baseline"
    else:
        context.options = {"deadline": "realtime", "cpu-used": "16", "lag-in-frames": "0"}
    found = []
    for i in range(count):
        image = np.full((size[1], size[0], 3), 8 * i % 256, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
        frame.pts = round((start + Fraction(i, rate)) * 90000)
        frame.time_base = Fraction(1, 90000)
        found += context.encode(frame)
    return found


def sounds(count, start=Fraction(0)):
    """Packets of Opus, 20 ms each."""
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate = 48000
    context.layout = "stereo"
    context.format = "s16"
    context.time_base = Fraction(1, 48000)
    found = []
    for i in range(count):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1920), np.int16), "s16", "stereo")
        frame.sample_rate = 48000
        frame.pts = round(start * 48000) + i * 960
        frame.time_base = Fraction(1, 48000)
        found += context.encode(frame)
    return found
