"""A caller for tests of sessions: a peer that sends drawn pictures and counts what comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from fractions import Fraction

import av
import numpy as np

from streamfx.live.media.encoding import SoundEncoder, VideoEncoder
from streamfx.live.transport.peer import Peer, PeerSettings

SIZE = (160, 120)


class Caller:
    """One remote peer, seen from its own side."""

    def __init__(self) -> None:
        self.peer = Peer(PeerSettings(), self)
        self.pictures: list[av.VideoFrame] = []
        self.sounds: list[av.AudioFrame] = []
        self.states: list[str] = []
        self._video = VideoEncoder("H264")
        self._sound = SoundEncoder()
        self._number = 0
        self._key = True

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        self.pictures.append(frame)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        self.sounds.append(frame)

    def state(self, state: str) -> None:
        self.states.append(state)

    def keyframe_wanted(self) -> None:
        self._key = True

    def bandwidth(self, bits: int) -> None:
        pass

    def send(self, level: int = 120) -> None:
        """Send one grey picture and the sound beside it."""
        width, height = SIZE
        codes = np.full((height * 3 // 2, width), 128, np.uint8)
        codes[:height] = level
        frame = av.VideoFrame.from_ndarray(codes, format="yuv420p")
        frame.pts, frame.time_base = self._number * 3000, Fraction(1, 90_000)
        key, self._key = self._key, False
        for packet in self._video.encode(frame, keyframe=key):
            self.peer.send_video(packet)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 3200), np.int16), "s16", "stereo")
        tone.sample_rate, tone.pts = 48_000, self._number * 1600
        tone.time_base = Fraction(1, 48_000)
        for packet in self._sound.encode(tone):
            self.peer.send_sound(packet)
        self._number += 1

    @property
    def level(self) -> float:
        """Mean luma code of the last picture that came back."""
        return float(self.pictures[-1].to_ndarray()[: SIZE[1]].mean())

    async def close(self) -> None:
        await self.peer.close()


@contextlib.asynccontextmanager
async def sending(caller: Caller, level: int = 120) -> AsyncIterator[None]:
    """Let a caller send, in the background."""

    async def run() -> None:
        while True:
            caller.send(level)
            await asyncio.sleep(1 / 30)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so."""
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")
