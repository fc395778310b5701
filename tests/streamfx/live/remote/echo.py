"""A peer that sends back what it gets, behind the small server of the client's tests."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

import av

from streamfx.live.media.encoding import SoundEncoder, VideoEncoder
from streamfx.live.transport.peer import Peer, PeerSettings
from tests.streamfx.live.remote.server import FakeServer, Message


class Echo:
    """Encodes again what it decodes; the listener of its own peer."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.peer = Peer(PeerSettings(), self)
        self.states: list[str] = []
        self.pictures = 0
        self._video: VideoEncoder | None = None
        self._sound = SoundEncoder()
        self._keyframe = True

    async def accept(self, sdp: str) -> str:
        return await self.peer.accept(sdp, receive=True, send=True)

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        self.pictures += 1
        codec: Any = self.peer.video_codec
        if codec is None:
            return
        self._video = self._video or VideoEncoder(codec)
        again = frame.reformat(format="yuv420p")
        again.pts, again.time_base = round(instant * 90_000), Fraction(1, 90_000)
        keyframe, self._keyframe = self._keyframe, False
        for packet in self._video.encode(again, keyframe=keyframe):
            self.loop.call_soon_threadsafe(self.peer.send_video, packet)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        frame.pts, frame.time_base = round(instant * 48_000), Fraction(1, 48_000)
        for packet in self._sound.encode(frame):
            self.loop.call_soon_threadsafe(self.peer.send_sound, packet)

    def state(self, state: str) -> None:
        self.states.append(state)

    def keyframe_wanted(self) -> None:
        self._keyframe = True

    def bandwidth(self, bits: int) -> None:
        pass


class EchoServer(FakeServer):
    """The small server, with a peer for each offer."""

    def __init__(self) -> None:
        super().__init__()
        self.echoes: list[Echo] = []
        self.answers["offer"] = self._offer

    async def _offer(self, message: Message) -> Message:
        echo = Echo()
        self.echoes.append(echo)
        return {"type": "answer", "sdp": await echo.accept(message["sdp"])}

    async def __aexit__(self, *exc: object) -> None:
        for echo in self.echoes:
            await echo.peer.close()
        await super().__aexit__()
