"""The way to one remote peer: connectivity checks and consent (RFC 8445, RFC 7675)."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from aioice import Candidate, Connection, stun
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCIceServer
from aiortc.rtcicetransport import connection_kwargs

from streamfx.errors import SettingError
from streamfx.live.transport.ports import GATHERING, open_ports, reflexive
from streamfx.live.transport.terms import PeerSettings

CONSENT_INTERVAL = 4.2
"""Seconds between consent checks, of which RFC 7675, section 5.1, wants at least 4."""
CONSENT_EXPIRY = 30.0
"""Seconds for which an answered check allows media to be sent (RFC 7675, section 5.1)."""
MAX_WAITING = 512
"""Datagrams kept until DTLS takes them; more are dropped, as a full network drops them."""
MAX_UNSENT = 1 << 20
"""Bytes that the system may refuse before datagrams are dropped."""

logger = logging.getLogger(__name__)


class Path(Connection):
    """An ICE connection of one component that says when the remote was last heard.

    ``media`` gets every RTP and RTCP datagram, at once and without a queue between; the others
    wait for :meth:`recv`, which is where DTLS takes them. Raises SettingError for an address of an
    ICE server that is none.
    """

    def __init__(self, settings: PeerSettings, *, controlling: bool) -> None:
        servers = [
            RTCIceServer(server.url, server.username, server.credential)
            for server in settings.ice_servers
        ]
        try:
            known = connection_kwargs(servers)
        except ValueError as exc:
            raise SettingError(f"--ice-server: {exc}") from exc
        super().__init__(ice_controlling=controlling, **known)
        self._settings = settings
        self.media: Callable[[bytes], None] | None = None
        self.heard = time.monotonic()
        """When something came that only the remote can have sent."""
        self.consented = time.monotonic()
        """When the remote last answered one of our checks."""
        self.must_consent = True
        """Whether media goes out, which needs answered checks and not just signs of life."""
        self.silence = settings.silence
        """Seconds without a sign of life after which the remote is lost."""
        self.why = ""
        """Why it closed by itself."""
        self._recv = self.recv
        self._send = self.send

    @property
    def role(self) -> str:
        """Our role, as DTLS asks for it."""
        return "controlling" if self.ice_controlling else "controlled"

    @property
    def connected(self) -> bool:
        """Whether a pair of candidates works."""
        return bool(self._nominated)

    @property
    def unsent(self) -> int:
        """Bytes that the system has not taken yet."""
        pair = self._nominated.get(1)
        size = getattr(pair.protocol.transport, "get_write_buffer_size", None) if pair else None
        return int(size()) if size is not None else 0

    def post(self, data: bytes) -> bool:
        """Send a datagram now; False when there is no way yet, or the system takes no more."""
        pair = self._nominated.get(1)
        if pair is None:
            return False
        transport = pair.protocol.transport
        if transport.is_closing() or self.unsent > MAX_UNSENT:
            return False
        transport.sendto(data, pair.remote_addr)
        return True

    def data_received(self, data: bytes, component: int) -> None:
        """Hand media on, keep the rest in a bounded queue."""
        if not data:  # as a relay may hand on
            return
        if 127 < data[0] < 192:
            if self.media is not None:
                self.media(data)
        elif self._queue.qsize() < MAX_WAITING:
            self._queue.put_nowait((data, component))

    def check_incoming(
        self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol
    ) -> None:
        """Take a check that is known to be the remote's."""
        self.heard = time.monotonic()
        try:
            super().check_incoming(message, addr, protocol)
        except KeyError:  # a check without PRIORITY from an unknown address
            logger.debug("a check from %s lacks what RFC 8445 demands", addr[0])

    async def get_component_candidates(
        self, component: int, addresses: list[str], timeout: int = 5
    ) -> list[Candidate]:
        """Return our candidates: one a local address, what STUN sees, what TURN lends."""
        ports = await open_ports(self, addresses, self._settings.udp_ports)
        found = [port.local_candidate for port in ports]
        server, self.stun_server = self.stun_server, None
        if server is not None:
            found += await reflexive(ports, server)
        if self.turn_server is not None:
            found += await super().get_component_candidates(component, [], int(GATHERING))
        return found

    async def query_consent(self) -> None:
        """Check that the remote lives and consents, until it does not; then close.

        Signs of life are answers to our checks, checks of its own, and media that its keys
        decrypt. Media is sent no longer than checks are answered; a remote that only sends
        (FFmpeg, which answers none) lives by its media.
        """
        self.heard = self.consented = time.monotonic()
        due = 0.0
        checks: set[asyncio.Task[None]] = set()
        try:
            while not self._expired():
                if time.monotonic() >= due:
                    due = time.monotonic() + CONSENT_INTERVAL * random.uniform(1.0, 1.2)
                    for pair in list(self._nominated.values()):
                        task = asyncio.create_task(self._check_consent(pair))
                        checks.add(task)
                        task.add_done_callback(checks.discard)
                await self._rest(min(0.5, self.silence / 4))
        finally:
            for task in list(checks):
                task.cancel()
            if checks:
                await asyncio.wait(list(checks))
        self._query_consent_task = None
        await self.close()

    async def _check_consent(self, pair: CandidatePair) -> None:
        assert self.remote_password is not None
        try:
            await pair.protocol.request(
                self.build_request(pair, nominate=False),
                pair.remote_addr,
                integrity_key=self.remote_password.encode(),
                retransmissions=0,
            )
        except stun.TransactionError:
            return
        self.heard = self.consented = time.monotonic()

    async def _rest(self, seconds: float) -> None:
        began = time.monotonic()
        await asyncio.sleep(seconds)
        # While the loop could not run, neither could it hear the remote.
        overslept = time.monotonic() - began - 2 * seconds
        if overslept > 0:
            self.heard += overslept
            self.consented += overslept

    def _expired(self) -> bool:
        now = time.monotonic()
        if now - self.heard > self.silence:
            self.why = f"nothing came from the peer for {now - self.heard:.0f} s"
        elif self.must_consent and now - self.consented > max(CONSENT_EXPIRY, self.silence):
            self.why = "the peer no longer consents to receive (RFC 7675)"
        return bool(self.why)
