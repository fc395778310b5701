"""One remote peer: its session description, its connection, and the media both ways."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid

from aiortc.rtcicetransport import candidate_from_aioice

from streamfx.live.refusal import Refusal, full
from streamfx.live.transport.description import Description, read, read_fragment
from streamfx.live.transport.dtls import Certificate
from streamfx.live.transport.ice import Path
from streamfx.live.transport.lines import Line
from streamfx.live.transport.link import Link
from streamfx.live.transport.negotiation import answered, proposed, taken
from streamfx.live.transport.terms import AnyPacket, PeerListener, PeerSettings, PeerStats
from streamfx.live.transport.writing import Local, Source, write

__all__ = ["Peer", "PeerListener", "PeerSettings", "PeerStats"]

RETRY = 5.0
"""Seconds after which a peer for whom no port was free may try again."""


class Peer:
    """A remote peer; made, used and closed in one event loop.

    Either :meth:`accept` an offer, or make an :meth:`offer` and take its :meth:`answer`.
    """

    def __init__(self, settings: PeerSettings, listener: PeerListener) -> None:
        self._settings = settings
        self._listener = listener
        self._certificate = Certificate.generateCertificate()
        stream, cname = str(uuid.uuid4()), secrets.token_hex(8)
        self._sources = {
            kind: Source(secrets.randbits(31) + 1, secrets.randbits(31) + 1, cname, stream)
            for kind in ("audio", "video")
        }
        self._path: Path | None = None
        self._link: Link | None = None
        self._offered: list[Line] = []
        self._remote_ufrag = ""
        self._closing: asyncio.Task[None] | None = None
        self.epoch = time.perf_counter()
        """Where instants count from, on :func:`time.perf_counter`."""

    @property
    def why(self) -> str:
        """Why the peer was lost, in words for a person; empty before."""
        return self._link.why if self._link is not None else ""

    @property
    def video_codec(self) -> str | None:
        """``H264`` or ``VP8``, in which video is sent; None: not agreed, or none is sent."""
        return self._link.exchange.video_codec if self._link is not None else None

    @property
    def ice_ufrag(self) -> str:
        """Our ICE user name fragment, which tells this connection from any other; empty before."""
        return self._path.local_username if self._path is not None else ""

    @property
    def remote_ufrag(self) -> str:
        """The remote's; one that changes means an ICE restart (RFC 8445, section 9)."""
        return self._remote_ufrag

    @property
    def sends(self) -> frozenset[str]:
        """Kinds of media agreed to go to the remote: ``audio``, ``video``."""
        return self._link.exchange.sends if self._link is not None else frozenset()

    @property
    def receives(self) -> frozenset[str]:
        """Kinds of media agreed to come from the remote."""
        return self._link.exchange.receives if self._link is not None else frozenset()

    async def accept(self, sdp: str, *, receive: bool, send: bool) -> str:
        """Return the answer to an offer, with all our candidates in it, and begin to connect.

        Raises the :class:`Refusal` with status 400 for an offer that is malformed, or with which
        nothing can be exchanged; 503 where no UDP port is free.
        """
        remote = read(sdp)
        lines, rejected = taken(remote, self._settings.codecs, receive=receive, send=send)
        path = await self._gather(controlling=remote.lite)
        setup = "passive" if remote.dtls.role == "client" else "active"
        local = self._local(path, setup)
        text = write(local, lines, self._sources, rejected=rejected, bundle=bool(remote.bundle))
        self._connect(remote, lines)
        return text

    async def offer(self, *, video: bool, audio: bool, receive: bool, send: bool) -> str:
        """Return an offer with all our candidates in it."""
        kinds = [kind for kind, wanted in (("audio", audio), ("video", video)) if wanted]
        if not kinds or not (receive or send):
            raise ValueError("an offer needs video or audio, to receive or to send")
        path = await self._gather(controlling=True)
        codecs = self._settings.codecs
        self._offered = proposed(kinds, codecs, receive=receive, send=send)
        return write(self._local(path, "actpass"), self._offered, self._sources)

    async def answer(self, sdp: str) -> None:
        """Take the answer to our offer, and begin to connect.

        Raises the :class:`Refusal` with status 400 for an answer that cannot be used.
        """
        if not self._offered or self._link is not None:
            raise ValueError("there is no offer that this could answer")
        remote = read(sdp, answer=True)
        lines = answered(remote, self._offered, self._settings.codecs)
        self._connect(remote, lines)

    async def trickle(self, fragment: str) -> None:
        """Take candidates that come after the description (RFC 8838, RFC 8840).

        Raises the :class:`Refusal` with status 400 for a malformed fragment, 422 for a restart of
        ICE (RFC 9725, section 4.3.3), 409 before there is a description.
        """
        ufrag, candidates, _ = read_fragment(fragment)
        if self._link is None:
            raise Refusal(409, "sdp", "candidates came before a session description")
        if ufrag is not None and ufrag != self._remote_ufrag:
            raise Refusal(422, "ice-restart", "ICE cannot be restarted here: connect anew")
        await self._link.add(candidates)

    async def close(self) -> None:
        """End the connection; returns when every task, thread and port of it is gone."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    def send_video(self, packet: AnyPacket) -> None:
        """Send an encoded picture: H.264 in Annex B, or VP8, as :attr:`video_codec` says.

        ``pts`` and ``time_base`` give its instant, in seconds on a clock that sound shares. Until a
        keyframe comes where one is needed, others are dropped.
        """
        if self._link is not None:
            self._link.exchange.send("video", packet)

    def send_sound(self, packet: AnyPacket) -> None:
        """Send a packet of Opus."""
        if self._link is not None:
            self._link.exchange.send("audio", packet)

    def ask_keyframe(self) -> None:
        """Ask the remote for a keyframe, at most twice a second."""
        if self._link is not None:
            self._link.exchange.ask_keyframe()

    def stats(self) -> PeerStats:
        """Return what is known of the peer now."""
        return self._link.exchange.stats() if self._link is not None else PeerStats()

    async def _gather(self, *, controlling: bool) -> Path:
        if self._path is not None or self._closing is not None:
            raise ValueError("a peer is connected once")
        self._path = Path(self._settings, controlling=controlling)
        await self._path.gather_candidates()
        if self._closing is not None:  # the ports that it found meanwhile are nobody's
            await self._path.close()
            raise Refusal(409, "closed", "the peer was closed meanwhile")
        if not self._path.local_candidates:
            raise full("no UDP port is free for another peer", RETRY)
        return self._path

    def _local(self, path: Path, setup: str) -> Local:
        fingerprints = self._certificate.getFingerprints()
        digest = next(one.value for one in fingerprints if one.algorithm == "sha-256")
        candidates = [candidate_from_aioice(one) for one in path.local_candidates]
        candidates.sort(key=lambda one: -one.priority)
        return Local(path.local_username, path.local_password, digest, setup, candidates)

    def _connect(self, remote: Description, lines: list[Line]) -> None:
        assert self._path is not None
        if self._closing is not None:
            raise Refusal(409, "closed", "the peer was closed meanwhile")
        self._remote_ufrag = remote.ufrag
        self._link = Link(
            self._settings,
            self._listener,
            self._path,
            self._certificate,
            remote,
            lines,
            self._sources,
            self.epoch,
        )
        self._link.start()

    async def _close(self) -> None:
        if self._link is not None:
            await self._link.close()
        elif self._path is not None:
            await self._path.close()
