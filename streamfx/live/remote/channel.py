"""The control channel: joins, asks and is answered, and comes back when the line breaks."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from streamfx.errors import MediaError, SettingError
from streamfx.live.refusal import Refusal

log = logging.getLogger(__name__)

Message = dict[str, Any]

ANSWER = 20.0
"""Seconds that a question may take: a switch of the graph loads networks."""
MESSAGE = 1 << 20
"""Bytes of the longest message that is taken."""
BACKOFF = (0.1, 0.3, 1.0, 2.0, 3.0)
"""Seconds between attempts to come back; the last one repeats."""
FINAL = frozenset({"token", "origin", "unknown", "message"})
"""Codes of refusals that another attempt does not change."""
STATUS = {"token": 401, "origin": 403, "unknown": 404, "taken": 409, "slow": 429, "full": 503}
"""Statuses of HTTP that stand for the codes of refusals; others are 400."""


class Channel:
    """A WebSocket to ``/ws`` of a server, which outlives single connections.

    ``tell`` gets every message that answers nothing; ``welcomed`` is awaited each time that the
    server took us in. A line that breaks is made again with the session's token for ``patience``
    seconds; after that, :attr:`over` holds why. After a ``bye`` the server ends the line when it
    is ready to, and there is no way back.
    """

    def __init__(
        self,
        url: str,
        join: Message,
        *,
        tell: Callable[[Message], None],
        welcomed: Callable[[Message], Awaitable[None]],
        patience: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._join, self._tls = url, join, tls
        self._tell, self._welcomed, self._patience = tell, welcomed, patience
        self._socket: ClientConnection | None = None
        self._asking = asyncio.Lock()
        self._wanted: tuple[str, str, asyncio.Future[Message]] | None = None
        self._running: asyncio.Task[None] | None = None
        self._closing = False
        self._bye: str | None = None
        self.welcome: Message = {}
        """The latest ``welcome``."""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the channel is; with the exception where it did not end on purpose."""

    async def open(self) -> Message:
        """Join, and return the ``welcome``.

        Raises :exc:`Refusal` with the server's reason, :exc:`SettingError` for an address that is
        none, :exc:`MediaError` when nobody answers there.
        """
        try:
            await self._connect()
        except (SettingError, Refusal):
            raise
        except _LOST as exc:
            raise MediaError(f"{self._url}: {_reason(exc)}") from exc
        self._running = asyncio.create_task(self._run())
        return self.welcome

    async def ask(self, question: Message, answer: str, *, patience: float = ANSWER) -> Message:
        """Send a message and return the next one of the type ``answer``.

        Raises :exc:`Refusal` with the server's reason, :exc:`MediaError` when the line is lost or
        ``patience`` seconds are over. Questions are put one after the other.
        """
        async with self._asking:
            future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            self._wanted = (answer, str(question["type"]), future)
            try:
                await self.say(question)
                return await asyncio.wait_for(future, patience)
            except TimeoutError:
                raise MediaError(
                    f"the server left {question['type']!r} unanswered for {patience:g} s"
                ) from None
            finally:
                self._wanted = None
                if future.done() and not future.cancelled():
                    future.exception()  # the line may break while the question is being sent

    async def say(self, message: Message) -> None:
        """Send a message. Raises :exc:`MediaError` when there is no line."""
        socket = self._socket
        if socket is None:
            raise MediaError(f"{self._url}: the line is down")
        try:
            await socket.send(json.dumps(message))
        except ConnectionClosed as exc:
            raise MediaError(f"{self._url}: {_reason(exc)}") from exc

    async def close(self) -> None:
        """Leave the session and close. Safe to call twice."""
        self._closing = True
        if self._socket is not None:
            try:
                await self._socket.send('{"type":"leave"}')
                await self._socket.close()
            except ConnectionClosed:
                pass
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._finish(None)

    async def drop(self) -> None:
        """Break the line without leaving, as a lost network does; it is made again."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _connect(self) -> None:
        try:
            socket = await connect(
                self._url, max_size=MESSAGE, open_timeout=10, close_timeout=2, ssl=self._tls
            )
        except InvalidURI as exc:
            raise SettingError(
                f"a server is ws://HOST[:PORT]/ws or wss://…, got {self._url!r}"
            ) from exc
        except InvalidStatus as exc:
            _refused(exc)
        try:
            session = self.welcome.get("session")
            resume = {"session": session} if session else {}
            await socket.send(json.dumps({"type": "join", **self._join, **resume}))
            self.welcome = await asyncio.wait_for(_expect(socket, "welcome"), ANSWER)
        except BaseException:
            await socket.close()
            raise
        self._socket = socket

    async def _run(self) -> None:
        """Read until the line breaks, come back, and again."""
        try:
            while True:
                await self._read()
                if self._closing:
                    return
                if self._bye is not None:
                    raise MediaError(self._bye)
                await self._come_back()
                welcoming = asyncio.ensure_future(self._welcomed(self.welcome))
                welcoming.add_done_callback(_report)
        except (MediaError, Refusal, SettingError) as exc:
            self._finish(exc)

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for text in self._socket:
                self._take(text)
        except ConnectionClosed as exc:
            log.info("the control channel broke: %s", _reason(exc))
        finally:
            self._socket = None
            self._answer(MediaError(f"{self._url}: the line broke"))

    async def _come_back(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience
        attempt = 0
        while True:
            await asyncio.sleep(BACKOFF[min(attempt, len(BACKOFF) - 1)])
            attempt += 1
            try:
                await self._connect()
            except Refusal as exc:
                if exc.code in FINAL or loop.time() >= end:
                    raise
            except _LOST as exc:
                if loop.time() >= end:
                    raise MediaError(
                        f"{self._url}: lost for {self._patience:g} s: {_reason(exc)}"
                    ) from exc
            else:
                return

    def _take(self, text: str | bytes) -> None:
        message = _parse(text)
        kind = message.get("type")
        if kind == "bye":
            self._bye = _last_word(message)
        if self._wanted is not None and not self._wanted[2].done():
            answer, question, _ = self._wanted
            if kind == answer:
                self._answer(message)
                if kind != "stats":
                    return
            elif kind == "error" and message.get("about") in (question, None, ""):
                self._answer(_refusal(message))
                return
        self._tell(message)

    def _answer(self, result: Message | Exception) -> None:
        if self._wanted is None or self._wanted[2].done():
            return
        if isinstance(result, Exception):
            self._wanted[2].set_exception(result)
        else:
            self._wanted[2].set_result(result)

    def _finish(self, error: Exception | None) -> None:
        if self.over.done():
            return
        if error is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(error)
            self.over.exception()  # whoever is interested looks; nobody has to


_LOST = (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, MediaError)
"""What a server that cannot be reached, or goes away, looks like."""


async def _expect(socket: ClientConnection, kind: str) -> Message:
    while True:
        message = _parse(await socket.recv())
        if message.get("type") == kind:
            return message
        if message.get("type") == "error":
            raise _refusal(message)
        if message.get("type") == "bye":
            raise MediaError(_last_word(message))


def _last_word(message: Message) -> str:
    return str(message.get("why") or "the server ended the session")


def _parse(text: str | bytes) -> Message:
    try:
        message = json.loads(text)
    except ValueError as exc:
        raise MediaError("the server sent what is no JSON") from exc
    if not isinstance(message, dict):
        raise MediaError("the server sent JSON that is no object")
    return message


def _refusal(message: Message) -> Refusal:
    code = str(message.get("code") or "error")
    return Refusal(STATUS.get(code, 400), code, str(message.get("why") or code))


def _refused(exc: InvalidStatus) -> NoReturn:
    status = exc.response.status_code
    try:
        why = str(json.loads(exc.response.body or b"")["error"])
    except (ValueError, KeyError, TypeError):
        why = f"the server answers {status} {exc.response.reason_phrase}"
    codes = {number: code for code, number in STATUS.items()}
    raise Refusal(status, codes.get(status, "http"), why)


def _reason(exc: BaseException) -> str:
    if isinstance(exc, TimeoutError):
        return "no answer"
    if isinstance(exc, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(exc, ConnectionClosed):
        return exc.rcvd.reason if exc.rcvd and exc.rcvd.reason else "the connection broke"
    return getattr(exc, "strerror", None) or str(exc) or type(exc).__name__


def _report(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and done.exception() is not None:
        log.warning("after coming back: %s", done.exception())
