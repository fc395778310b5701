"""FFmpeg's WHIP muxer, in both roles of DTLS."""

import asyncio
import datetime
import logging
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from streamfx.live.transport.peer import Peer, PeerSettings
from tests.streamfx.live.transport.pairs import Heard, until

SCRIPT = Path(__file__).with_name("ffmpeg_whip.py")

pytestmark = pytest.mark.skipif(
    "whip" not in av.formats_available, reason="this FFmpeg has no WHIP muxer"
)


@pytest.fixture
def p256(tmp_path):
    """Options of the muxer for a certificate with a key on P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "whip")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return [f"cert_file={tmp_path / 'cert.pem'}", f"key_file={tmp_path / 'key.pem'}"]


@asynccontextmanager
async def endpoint(peer):
    """A WHIP endpoint for one peer (RFC 9725): its URL, and the methods that were asked for."""
    asked = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split(" ", 1)[0])
        body, status = b"", "200 OK"
        if asked[-1] == "POST":
            fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
            offer = (await reader.readexactly(int(fields["content-length"]))).decode()
            body = (await peer.accept(offer, receive=True, send=False)).encode()
            status = "201 Created\r\nLocation: /resource\r\nContent-Type: application/sdp"
        text = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(text.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/whip/me", asked
    finally:
        server.close()
        await server.wait_closed()


async def publish(options, listener, settings=None, seconds=2.0):
    peer = Peer(settings or PeerSettings(), listener)
    async with endpoint(peer) as (url, asked):
        program = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), url, str(seconds), *options, stderr=-1
        )
        try:
            async with asyncio.timeout(60):
                _, said = await program.communicate()
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        await until(lambda: listener.states[-1] == "lost")
        why = peer.why
        await peer.close()
    return program.returncode, said.decode(), asked, why


@pytest.mark.parametrize("flags", [[], ["whip_flags=dtls_active"]], ids=["server", "client"])
def test_it_publishes_with_a_certificate_on_p256(p256, flags):
    heard = Heard()
    code, said, asked, _ = asyncio.run(publish([*flags, *p256], heard))
    assert code == 0, said
    assert asked == ["POST", "DELETE"]
    assert heard.states == ["connecting", "connected", "lost"]
    assert len(heard.pictures) >= 30 and len(heard.sounds) >= 50
    assert (heard.pictures[-1][0].width, heard.pictures[-1][0].height) == (640, 360)


def test_its_media_is_its_sign_of_life_since_it_answers_no_checks(p256):
    heard = Heard()
    settings = PeerSettings(silence=1.5)
    code, said, _, _ = asyncio.run(publish(p256, heard, settings, seconds=4.0))
    assert code == 0, said
    assert len(heard.pictures) >= 90


def test_without_one_the_reason_is_said_in_one_line(caplog):
    heard = Heard()
    with caplog.at_level(logging.WARNING, logger="streamfx"):
        code, _, _, why = asyncio.run(publish([], heard))
    if code == 0:
        pytest.skip("this FFmpeg makes a key that TLS has")
    assert heard.states == ["connecting", "lost"]
    assert "-cert_file and -key_file" in why
    assert [record.getMessage() for record in caplog.records] == [f"a peer is lost: {why}"]
