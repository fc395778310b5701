"""The keys of one connection: DTLS and SRTP (RFC 5764, RFC 8827), with more patience."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Callable

import pylibsrtp
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsTransport, SRTPProtectionProfile, State
from aiortc.rtp import is_rtcp
from OpenSSL import SSL

from streamfx.live.transport.ice import Path

CIPHERS = b":".join(
    (
        b"ECDHE-ECDSA-AES128-GCM-SHA256",
        b"ECDHE-RSA-AES128-GCM-SHA256",
        b"ECDHE-ECDSA-AES256-GCM-SHA384",
        b"ECDHE-RSA-AES256-GCM-SHA384",
        b"ECDHE-ECDSA-CHACHA20-POLY1305",
        b"ECDHE-RSA-CHACHA20-POLY1305",
        b"ECDHE-ECDSA-AES128-SHA",
        b"ECDHE-RSA-AES128-SHA",
        b"ECDHE-ECDSA-AES256-SHA",
        b"ECDHE-RSA-AES256-SHA",
    )
)
"""aiortc's, and the same for certificates with an RSA key, which GStreamer makes."""

FIRST_REPEAT = 0.05
"""Seconds after which an unanswered flight is sent again; doubled each time up to the last."""
LAST_REPEAT = 0.8
DATAGRAM = 1200
"""Bytes of handshake records in one datagram."""
_HEADER = 13

_REASONS = {
    "wrong curve": "the peer's certificate is on a curve that TLS does not have (RFC 8422): "
    "FFmpeg with GnuTLS makes such, and needs -cert_file and -key_file with a key on P-256",
    "peer did not return a certificate": "the peer presents no certificate, which WebRTC demands "
    "(RFC 8827): FFmpeg as DTLS client needs -cert_file and -key_file",
}
"""What OpenSSL says, in words that tell what to do."""

logger = logging.getLogger(__name__)


class Certificate(RTCCertificate):
    """A certificate of ours on the curve P-256."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHERS)
        return context


class Secure(RTCDtlsTransport):
    """DTLS over a path, and SRTP with the keys it makes.

    ``incoming`` gets every RTP (False) or RTCP (True) packet that was decrypted, and when it came.
    ``active`` is whether we begin the handshake. The remote must present a certificate, and its
    fingerprint must be the one in its description.
    """

    def __init__(self, path: Path, certificate: Certificate, *, active: bool) -> None:
        super().__init__(path, [certificate])  # type: ignore[arg-type]  # all it needs of ICE
        self.path = path
        self.why = ""
        """Why there is no connection."""
        self.bytes_in = 0
        self.bytes_out = 0
        self.incoming: Callable[[bytes, bool, float], None] | None = None
        self._ssl: SSL.Connection  # there from start() on
        self._flight: list[bytes] = []
        self._repeat = FIRST_REPEAT
        path.media = self._receive
        self._set_role("client" if active else "server")

    @property
    def ended(self) -> bool:
        """Whether it failed or was closed, by either side."""
        return self._state in (State.CLOSED, State.FAILED)

    @property
    def connected(self) -> bool:
        """Whether media can go both ways."""
        return self._state == State.CONNECTED

    def post(self, packet: bytes) -> bool:
        """Encrypt and send an RTP or RTCP packet; False when it was not sent."""
        if self._state != State.CONNECTED:
            return False
        try:
            if is_rtcp(packet):
                packet = self._tx_srtp.protect_rtcp(packet)
            else:
                packet = self._tx_srtp.protect(packet)
        except pylibsrtp.Error as exc:
            logger.debug("cannot encrypt a packet: %s", exc)
            return False
        self.bytes_out += len(packet)
        return self.path.post(packet)

    async def end(self) -> None:
        """Tell the remote that it is over, and take nothing more."""
        task = self._task
        self.remove_all_listeners()
        await self.stop()
        if task is not None:
            await asyncio.wait([task])
        self.path.media = None

    def _receive(self, data: bytes) -> None:
        if self._state != State.CONNECTED:
            return
        control = is_rtcp(data)
        try:
            if control:
                packet = self._rx_srtp.unprotect_rtcp(data)
            else:
                packet = self._rx_srtp.unprotect(data)
        except pylibsrtp.Error:  # forged, repeated or damaged
            return
        arrived = time.perf_counter()
        self.path.heard = time.monotonic()
        self.bytes_in += len(data)
        if self.incoming is not None:
            self.incoming(packet, control, arrived)

    async def _do_handshake(self) -> None:
        try:
            while not self.encrypted:
                try:
                    self._ssl.do_handshake()
                except SSL.WantReadError:
                    await self._write_ssl()
                    await self._recv_next()
                else:
                    await self._write_ssl()
                    self.encrypted = True
        except SSL.Error as exc:
            await self._write_ssl()
            self._fail(_reason(exc))
        except ConnectionError:
            self._fail("the way to the peer closed while keys were exchanged")

    async def _recv_next(self) -> None:
        if self.encrypted:
            data = await self.path.recv()
        else:
            try:
                async with asyncio.timeout(self._repeat):  # wait_for may swallow a cancellation
                    data = await self.path.recv()
            except TimeoutError:
                await self._repeat_flight()
                return
        if not 19 < data[0] < 64:  # anything but DTLS (RFC 7983)
            return
        self._ssl.bio_write(data)
        if not self.encrypted:  # the handshake reads it, and says what is wrong with it
            return
        closed = False
        try:
            self._ssl.recv(1500)
        except SSL.ZeroReturnError:
            closed = True
        except SSL.Error:
            pass  # nothing to read, which is the rule: no data comes by DTLS itself
        await self._write_ssl()
        if closed:
            raise ConnectionError

    async def _repeat_flight(self) -> None:
        # The same records once more: a remote that has them drops them as replayed (RFC 6347,
        # section 4.1.2.6). OpenSSL's own timer starts at a second, and a remote that was not
        # ready for the first flight (FFmpeg is not) would keep the viewer waiting as long.
        self._repeat = min(2 * self._repeat, LAST_REPEAT)
        left = self._ssl.DTLSv1_get_timeout()
        if left is not None and left <= 0:
            self._ssl.DTLSv1_handle_timeout()
            await self._write_ssl()
            return
        for datagram in self._flight:
            await self.path.send(datagram)

    async def _write_ssl(self) -> None:
        waiting = b""
        while True:
            try:
                waiting += self._ssl.bio_read(1 << 16)
            except SSL.Error:
                break
        if not waiting:
            return
        self._flight = datagrams(waiting)
        for datagram in self._flight:
            await self.path.send(datagram)

    def _validate_peer_identity(self, remoteParameters: object) -> None:  # noqa: N803
        super()._validate_peer_identity(remoteParameters)  # type: ignore[arg-type]
        if self._state == State.FAILED and not self.why:
            self._fail("the certificate of the peer is not the one its description names")

    def _setup_srtp(self) -> None:
        super()._setup_srtp()
        if self._state == State.FAILED and not self.why:
            self._fail("the peer takes none of the ways to encrypt media (RFC 5764)")

    def _fail(self, why: str) -> None:
        self.why = why
        self._set_state(State.FAILED)


def datagrams(records: bytes) -> list[bytes]:
    """Return DTLS records packed into datagrams, none of them cut (RFC 6347, section 4.1)."""
    packed: list[bytes] = []
    position = 0
    while position < len(records):
        end = position + _HEADER
        if end <= len(records):
            end += struct.unpack_from("!H", records, position + 11)[0]
        record = records[position:end]
        if packed and len(packed[-1]) + len(record) <= DATAGRAM:
            packed[-1] += record
        else:
            packed.append(record)
        position = end
    return packed


def _reason(exc: SSL.Error) -> str:
    said = [entry[-1] for entry in exc.args[0]] if exc.args and exc.args[0] else []
    text = said[-1] if said else "no reason given"
    return _REASONS.get(text, f"the exchange of keys failed: {text}")
