import asyncio
import contextlib
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from streamfx.errors import SettingError
from streamfx.live.http import server
from streamfx.live.settings import ServeSettings
from tests.streamfx.live.http.fake import FakeHub, serving
from tests.streamfx.live.http.test_socket import closed, hear, say

FREE = ServeSettings(port=0, drain=3)


class Served:
    """A server in this process, from its start on."""

    def __init__(self, hub: FakeHub, settings: ServeSettings = FREE) -> None:
        self.url = ""
        self.was_ready = False
        self._up = asyncio.Event()
        self.task = asyncio.create_task(
            server.serve(settings, hub, listening=self._listening, ready=self._ready)
        )

    def _listening(self, url: str) -> None:
        self.url = url
        self._up.set()

    def _ready(self) -> None:
        self.was_ready = True

    async def up(self) -> str:
        async with asyncio.timeout(10):
            await self._up.wait()
        return self.url


def test_it_listens_before_it_is_ready_and_drains_on_sigterm(hub: FakeHub) -> None:
    hub.ready = False
    warm = asyncio.Event()

    async def warm_up() -> None:
        await warm.wait()
        hub.ready = True

    async def run() -> None:
        hub.start = warm_up  # type: ignore[method-assign]
        served = Served(hub)
        url = await served.up()
        async with httpx.AsyncClient(base_url=url) as asking:
            assert (await asking.get("/healthz")).status_code == 200
            assert (await asking.get("/readyz")).status_code == 503
            assert not served.was_ready
            warm.set()
            while (await asking.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(served.task, 10)
        assert served.was_ready
        assert hub.calls == ["drain 3", "close"]
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as asking:
                await asking.get(url)

    before = signal.getsignal(signal.SIGTERM)
    asyncio.run(run())
    assert signal.getsignal(signal.SIGTERM) is before


def test_while_it_drains_clients_stay_and_nobody_is_let_in(hub: FakeHub) -> None:
    draining, drained = asyncio.Event(), asyncio.Event()
    drain = hub.drain

    async def slowly(seconds: float) -> None:
        await drain(seconds)
        draining.set()
        await drained.wait()

    async def run() -> None:
        hub.drain = slowly  # type: ignore[method-assign]
        served = Served(hub)
        url = await served.up()
        async with connect(url.replace("http", "ws") + "ws") as ws:
            await say(ws, type="join")
            os.kill(os.getpid(), signal.SIGTERM)
            assert (await hear(ws))["type"] == "bye"
            await draining.wait()
            async with httpx.AsyncClient(base_url=url) as asking:
                assert (await asking.get("/readyz")).json()["code"] == "draining"
            assert (await say(ws, type="ping", at=1))["type"] == "pong"
            drained.set()
            assert await closed(ws) in (1001, 1012)
        await asyncio.wait_for(served.task, 10)
        assert hub.calls == ["start", "drain 3", "close"]

    asyncio.run(run())


def test_a_second_signal_ends_it_at_once(hub: FakeHub) -> None:
    begun = asyncio.Event()

    async def forever(seconds: float) -> None:
        begun.set()
        await asyncio.sleep(3600)

    async def run() -> None:
        hub.drain = forever  # type: ignore[method-assign]
        served = Served(hub)
        await served.up()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(begun.wait(), 10)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(served.task, 10)
        assert hub.calls == ["start", "close"]

    asyncio.run(run())


def test_a_signal_during_the_warm_up_ends_it(hub: FakeHub) -> None:
    async def forever() -> None:
        await asyncio.sleep(3600)

    async def run() -> None:
        hub.start = forever  # type: ignore[method-assign]
        served = Served(hub)
        await served.up()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(served.task, 10)
        assert not served.was_ready
        assert hub.calls[-1] == "close"

    asyncio.run(run())


def test_a_start_that_fails_closes_everything_and_says_why(hub: FakeHub) -> None:
    async def broken() -> None:
        raise SettingError("no such preset")

    async def run() -> None:
        hub.start = broken  # type: ignore[method-assign]
        served = Served(hub)
        with pytest.raises(SettingError, match="no such preset"):
            await asyncio.wait_for(served.task, 10)
        assert hub.calls == ["close"]

    asyncio.run(run())


def test_a_port_that_is_taken_is_said_in_one_line(hub: FakeHub) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingError, match=f"cannot listen on 127.0.0.1, port {port}: "):
            asyncio.run(server.serve(replace(FREE, port=port), hub))


def test_a_host_that_is_none_is_said_in_one_line() -> None:
    with pytest.raises(SettingError, match="--host no.such.host.invalid: "):
        server.bind("no.such.host.invalid", 0)
    with pytest.raises(SettingError, match="--host a+: not a name of a host"):
        server.bind("a" * 70, 0)


def test_an_address_of_version_6_is_written_in_brackets() -> None:
    settings = ServeSettings(host="::1", port=0)
    try:
        listener = server.bind(settings.host, 0)
    except SettingError:
        pytest.skip("no IPv6 here")
    with listener:
        assert server.url_of(settings, listener).startswith("http://[::1]:")


def test_tls_serves_the_page_and_a_broken_pair_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    settings = ServeSettings(port=0, tls_cert=cert, tls_key=key)

    async def run() -> None:
        served = Served(hub, settings)
        url = await served.up()
        assert url.startswith("https://")
        async with httpx.AsyncClient(verify=False) as asking:
            assert (await asking.get(f"{url}healthz")).status_code == 200
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(served.task, 10)

    asyncio.run(run())
    (tmp_path / "none.pem").write_text("no key")
    with pytest.raises(SettingError, match="--tls-cert and --tls-key cannot be used: "):
        server.check_certificate(replace(settings, tls_key=tmp_path / "none.pem"))


def certificate(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made: Any = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_garbage_on_the_port_is_survived(hub: FakeHub) -> None:
    async def run() -> None:
        async with serving(hub) as address:
            host, _, port = address.partition(":")
            for garbage in (b"\x00" * 1000, b"GET / HTTP/9\r\n\r\n", b"x" * 100_000 + b"\r\n"):
                reader, writer = await asyncio.open_connection(host, int(port))
                with contextlib.suppress(OSError):
                    writer.write(garbage)
                    await asyncio.wait_for(reader.read(), 10)
                writer.close()
            async with httpx.AsyncClient(base_url=f"http://{address}") as asking:
                assert (await asking.get("/healthz")).status_code == 200

    asyncio.run(run())
