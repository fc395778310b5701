"""A client's connection for media: what a source gives goes out, what comes back is handed on."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import av

from streamfx.errors import MediaError
from streamfx.live.remote.publisher import Publisher
from streamfx.live.remote.receiver import Receiver
from streamfx.live.transport.peer import Peer, PeerSettings


class Link:
    """One peer connection. What breaks it sets :attr:`lost`, and there is no way back."""

    def __init__(
        self, settings: PeerSettings, publisher: Publisher | None, receiver: Receiver
    ) -> None:
        self.peer = Peer(settings, self)
        self.lost = asyncio.Event()
        """Set once the connection has ended."""
        self._publisher, self._receiver = publisher, receiver
        self._connected = asyncio.Event()

    async def offer(self, *, receive: bool = True) -> str:
        """Return the offer; without a publisher nothing is sent."""
        return await self.peer.offer(
            video=True, audio=True, receive=receive, send=self._publisher is not None
        )

    async def connect(self, answer: str) -> None:
        """Take the answer, and return when the connection stands."""
        await self.peer.answer(answer)
        await first_of(self._connected, self.lost)
        if self.lost.is_set():
            raise MediaError("the connection for media broke before it stood")
        if self._publisher is not None:
            self._publisher.attach(self.peer)

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        if self._publisher is not None:
            self._publisher.attach(None)
        await self.peer.close()

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a decoded picture, in the decoder's thread."""
        self._receiver.picture(frame, instant, arrived)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take decoded sound, in the decoder's thread."""
        self._receiver.sound(frame, instant, arrived)

    def state(self, state: str) -> None:
        """Follow the connection."""
        if state == "connected":
            self._connected.set()
        elif state == "lost":
            self.lost.set()

    def keyframe_wanted(self) -> None:
        """Pass the server's wish on to the encoder."""
        if self._publisher is not None:
            self._publisher.want_keyframe()

    def bandwidth(self, bits: int) -> None:
        """Follow what the way to the server can take."""
        if self._publisher is not None:
            self._publisher.note_bandwidth(bits)


async def first_of(*events: asyncio.Event) -> None:
    """Wait until one of the events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
