"""The server from its start to its end: listens, warms up, serves, drains."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from streamfx.errors import SettingError
from streamfx.live.http.app import make_app
from streamfx.live.http.punctual import PunctualProtocol
from streamfx.live.sessions.contract import Hub
from streamfx.live.settings import ServeSettings

MESSAGE_BYTES = 128 << 10
"""Longest message of the control socket: a session description in JSON fits twice."""
HEARTBEAT = 4.0
"""Seconds between pings of the control socket, and within which one must be answered."""
CONNECTIONS = 1024
"""Connections at once; who comes later reads 503."""
CLOSING = 3.0
"""Seconds that connections get to close once all sessions have ended."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

_log = logging.getLogger(__name__)


async def serve(
    settings: ServeSettings,
    hub: Hub,
    *,
    listening: Callable[[str], None] = lambda url: None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends it at once.

    ``listening`` is told the URL as soon as requests are taken, ``ready`` that the warm-up is done.
    Raises :exc:`SettingError` where the address or the certificate cannot be used, and whatever the
    hub's start raises. Afterwards nothing is left running.
    """
    check_certificate(settings)
    listener = bind(settings.host, settings.port)
    stopping = _Stopping()
    server = WebServer(configure(hub, settings))
    with listener, stopping:
        task = asyncio.create_task(server.serve([listener]), name="http")
        try:
            await server.up(task)
            listening(url_of(settings, listener))
            started = await stopping.unless(hub.start())
            if started:
                ready()
                await asyncio.wait((task, stopping.first_task), return_when=asyncio.FIRST_COMPLETED)
            if not stopping.second.is_set():
                _log.info("draining", extra={"seconds": settings.drain})
                await stopping.unless(hub.drain(settings.drain), twice=True)
        finally:
            await hub.close()
            server.should_exit = True
            server.force_exit = stopping.second.is_set()
            await task
    _log.info("ended")


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises :exc:`SettingError` where that cannot be."""
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = info[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as exc:  # the latter: no name can be as long as that
        why = exc.strerror if isinstance(exc, OSError) else "not a name of a host"
        raise SettingError(f"--host {host}: {why}") from exc
    try:
        if sys.platform != "win32":  # there it lets others steal the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as exc:
        listener.close()
        raise SettingError(f"cannot listen on {host}, port {port}: {exc.strerror}") from exc
    return listener


def check_certificate(settings: ServeSettings) -> None:
    """Raise :exc:`SettingError` where certificate and key are none, or no pair."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password=lambda: "")
    except (OSError, ssl.SSLError) as exc:
        why = getattr(exc, "reason", None) or exc.strerror or exc
        raise SettingError(f"--tls-cert and --tls-key cannot be used: {why}") from exc


def url_of(settings: ServeSettings, listener: socket.socket) -> str:
    """Return where the page is."""
    scheme = "http" if settings.tls_cert is None else "https"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}/"


class WebServer(uvicorn.Server):
    """uvicorn without its own signals: the first one drains before uvicorn is to end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to who runs it."""
        yield

    async def up(self, task: asyncio.Task[None]) -> None:
        """Wait until requests are taken, or raise why not."""
        while not self.started:
            if task.done():
                await task
                raise SettingError("the web server ended before it had begun")
            await asyncio.sleep(0.01)


class _Stopping:
    """The signals that end the server, while it is entered."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Stopping:
        self.first_task = self._loop.create_task(_true(self.first), name="first signal")
        self._second_task = self._loop.create_task(_true(self.second), name="second signal")
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._signalled)
        return self

    def __exit__(self, *_: object) -> None:
        self.first_task.cancel()
        self._second_task.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._came)

    def _came(self) -> None:
        (self.second if self.first.is_set() else self.first).set()

    async def unless(self, work: Awaitable[None], *, twice: bool = False) -> bool:
        """Do some work; return False where the first (or second) signal broke it off."""
        doing = asyncio.ensure_future(work)
        broken = self._second_task if twice else self.first_task
        await asyncio.wait((doing, broken), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            await doing
            return True
        doing.cancel()
        await asyncio.wait((doing,))
        return False


async def _true(event: asyncio.Event) -> None:
    await event.wait()


def configure(hub: Hub, settings: ServeSettings) -> uvicorn.Config:
    """Return how uvicorn is to serve the application."""
    return uvicorn.Config(
        make_app(hub, settings),
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES,
        ws_ping_interval=HEARTBEAT,
        ws_ping_timeout=HEARTBEAT,
        ws_per_message_deflate=False,
        http=PunctualProtocol,
        h11_max_incomplete_event_size=32 << 10,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(CLOSING),
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,  # anybody could write what address she comes from
        server_header=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=None if settings.tls_key is None else str(settings.tls_key),
    )
