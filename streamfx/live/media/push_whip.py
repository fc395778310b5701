"""A push by WHIP (RFC 9725): WebRTC to an HTTP endpoint."""

from __future__ import annotations

import asyncio
import logging
from fractions import Fraction
from urllib.parse import urlsplit, urlunsplit

import av

from streamfx.errors import MediaError
from streamfx.live.media import http_call
from streamfx.live.media.push_events import Events
from streamfx.live.transport.peer import Peer
from streamfx.live.transport.terms import PeerSettings
from streamfx.media.packets import AnyPacket

log = logging.getLogger(__name__)


class Whip:
    """One WHIP session, as its client. Belongs to the loop's thread."""

    def __init__(
        self,
        url: str,
        token: str | None,
        settings: PeerSettings,
        events: Events,
        *,
        sound: bool = True,
    ) -> None:
        self._url, login = _without_login(url)
        self._token = token or login
        self._events = events
        self._sound = sound
        self._peer = Peer(settings, self)
        self._resource: str | None = None
        self._lost = asyncio.Event()

    async def run(self) -> None:
        """Connect and carry on; raises :exc:`MediaError` when it ends."""
        offer = await self._peer.offer(video=True, audio=self._sound, receive=False, send=True)
        call = http_call.Call("POST", self._url, self._token, offer.encode(), "application/sdp")
        reply = await asyncio.to_thread(http_call.make, call)
        if reply.status != 201:
            raise MediaError(f"the endpoint refused: {reply.said()}")
        self._resource = reply.location
        if reply.location is None or not http_call.same_origin(reply.location, self._url):
            self._token = None
        await self._peer.answer(reply.body.decode(errors="replace"))
        if self._peer.video_codec != "H264":
            raise MediaError("the endpoint takes no H.264")
        await self._lost.wait()
        raise MediaError(self._peer.why or "the connection ended")

    def send_video(self, packet: AnyPacket) -> None:
        """Take an encoded picture; the peer drops what it cannot send."""
        self._peer.send_video(packet)

    def send_sound(self, packet: AnyPacket) -> None:
        """Take a packet of Opus."""
        self._peer.send_sound(packet)

    async def close(self) -> None:
        """Close the connection and the session at the endpoint."""
        await self._peer.close()
        if self._resource is None:
            return
        call = http_call.Call("DELETE", self._resource, self._token)
        try:
            await asyncio.to_thread(http_call.make, call)
        except MediaError as exc:
            log.debug("a WHIP session could not be deleted: %s", exc)

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Ignore what comes back: nothing was asked for."""

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Ignore what comes back: nothing was asked for."""

    def state(self, state: str) -> None:
        """Follow the connection."""
        if state == "connected":
            self._events.live()
            self._events.keyframe_wanted()
        elif state == "lost":
            self._lost.set()

    def keyframe_wanted(self) -> None:
        """Pass on that the endpoint wants a keyframe."""
        self._events.keyframe_wanted()

    def bandwidth(self, bits: int) -> None:
        """Ignore the estimate: a push does not decide on the bitrate."""


def _without_login(url: str) -> tuple[str, str | None]:
    """Return the URL without its login, and the token that stood there."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = login.partition(":")
    return urlunsplit(parts._replace(netloc=host)), password or user
