"""One remote peer of a session: it publishes, it watches, or both."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av

from streamfx.live.transport.peer import Peer, PeerSettings
from streamfx.media.packets import AnyPacket

if TYPE_CHECKING:
    from streamfx.live.media.encoding import VideoCodec
    from streamfx.live.sessions.session import Session

log = logging.getLogger(__name__)


class Party:
    """Carries what a peer brings to its session, and what the session shows to the peer."""

    def __init__(
        self,
        session: Session,
        settings: PeerSettings,
        *,
        publishes: bool,
        watches: bool,
        left: Callable[[Party], None],
    ) -> None:
        self.resource = secrets.token_urlsafe(18)
        self.session = session
        self.publishes = publishes
        self.watches = watches
        self.alive = True
        self.connected = False
        self.peer = Peer(settings, self)
        self._left = left

    @property
    def codec(self) -> VideoCodec | None:
        """What the peer is sent, once it was agreed on."""
        return cast("VideoCodec | None", self.peer.video_codec)

    @property
    def etag(self) -> str:
        """Entity tag of the ICE session."""
        return self.peer.ice_ufrag

    async def accept(self, sdp: str) -> str:
        """Return the answer to an offer. Raises a 400 :class:`Refusal` for one that is no use."""
        answer = await self.peer.accept(sdp, receive=self.publishes, send=self.watches)
        self.watches = self.watches and bool(self.peer.sends)
        return answer

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a decoded picture, in the decoder's thread."""
        self.session.picture(frame, instant, arrived, self)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take decoded sound, in the decoder's thread."""
        self.session.sound(frame, instant, arrived, self)

    def state(self, state: str) -> None:
        """Follow the connection."""
        log.info("peer %s", state, extra={"stream": self.session.name, "peer": self.resource[:6]})
        if state == "connected":
            self.connected = True
            self.session.connected(self)
        elif state == "lost" and self.alive:
            self.alive = False
            self._left(self)

    def keyframe_wanted(self) -> None:
        """Pass the wish of the remote on to the encoder."""
        self.session.keyframe_wanted(self)

    def bandwidth(self, bits: int) -> None:
        """Note what the remote can take."""
        self.session.bandwidth(self, bits)

    def send_video(self, packet: AnyPacket) -> None:
        """Send an encoded picture."""
        self.peer.send_video(packet)

    def send_sound(self, packet: AnyPacket) -> None:
        """Send encoded sound."""
        self.peer.send_sound(packet)

    async def close(self) -> None:
        """End the connection; whoever calls has let go of it already."""
        self.alive = False
        try:
            await asyncio.wait_for(self.peer.close(), 5)
        except TimeoutError:
            log.warning("a peer took too long to close", extra={"stream": self.session.name})
