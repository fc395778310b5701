"""A client of ``streamfx serve``: sends a file, a camera or frames, takes what comes back."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

from streamfx.errors import MediaError, SettingError
from streamfx.live.refusal import Refusal
from streamfx.live.remote import resource
from streamfx.live.remote.channel import Channel, Message
from streamfx.live.remote.feeding import Source, open_source
from streamfx.live.remote.items import Items
from streamfx.live.remote.lasting import Lasting
from streamfx.live.remote.publisher import Publisher
from streamfx.live.remote.receiver import Frames, Messages, Receiver, Sounds
from streamfx.live.settings import LINGER

PLATE = 30.0
"""Seconds in which a clean plate must be taken."""
OUTSIDE = "the client is not connected: use it as 'async with Client(…)'"


class Client:
    """One session on a server, over its WebSocket and WebRTC.

    ``url`` is ``ws://HOST[:PORT]/ws`` or ``wss://…``; ``token`` what the server asks of its
    clients; ``stream`` the name under which others may watch; ``preset`` the graph, which
    :meth:`switch` changes. A connection that breaks is made again for ``patience`` seconds; within
    ten seconds of the break the server still has the session as it was. ``tls`` replaces the
    system's trust, for servers with a certificate of their own making.

    Raises :exc:`~streamfx.live.refusal.Refusal` for what the server refuses, with its reason;
    :exc:`~streamfx.errors.SettingError` for what cannot be asked; and
    :exc:`~streamfx.errors.MediaError` when the connection is lost for good.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        stream: str | None = None,
        preset: str | None = None,
        bitrate: int | None = None,
        patience: float = LINGER,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._token, self._tls = url, token, tls
        asked = {"access": token, "stream": stream, "preset": preset}
        self._join: Message = {name: value for name, value in asked.items() if value is not None}
        self._bitrate, self._patience = bitrate, patience
        self._channel: Channel | None = None
        self._lasting: Lasting | None = None
        self._receiver = Receiver()
        self._publisher: Publisher | None = None
        self._source: Source | None = None

    async def open(self) -> None:
        """Join the session; ``async with`` does it. What has been opened is to be closed."""
        if self._channel is not None:
            return
        channel = Channel(
            self._url,
            self._join,
            tell=self._receiver.tell,
            welcomed=self._came_back,
            patience=self._patience,
            tls=self._tls,
        )
        await channel.open()
        channel.over.add_done_callback(self._over)
        self._channel, self._lasting = channel, Lasting(channel, self._receiver)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the session, end the source and all iterations. Safe to call twice."""
        await self._end_source()
        if self._lasting is not None:
            await self._lasting.close()
        if self._channel is not None:
            await self._channel.close()
        self._receiver.close(None)

    @property
    def session(self) -> str:
        """Token of the session: a secret, with which it can be come back to."""
        return str(self._open.welcome["session"])

    @property
    def stream(self) -> str:
        """Name under which the session's result can be watched."""
        return str(self._open.welcome["stream"])

    @property
    def presets(self) -> list[Message]:
        """What the server offers: ``name``, ``title`` and ``inputs`` of each."""
        return list(self._open.welcome["presets"])

    @property
    def preset(self) -> Message:
        """The graph that runs: ``name``, ``inputs``, and ``nodes`` with schema and values."""
        return dict(self._open.welcome["preset"])

    async def publish(self, source: str | Path | Items, *, loop: bool = True) -> None:
        """Send a source from now on, and return when the connection stands.

        A path, a URL or a device is read as ``streamfx serve --source`` reads it; a file starts
        again at its end unless ``loop`` is false. Frames of the program's own, from a plain or an
        asynchronous iterable, go out at their instants. A second source replaces the first.
        """
        if self._lasting is None:
            raise SettingError(OUTSIDE)
        await self._end_source()
        self._publisher = publisher = Publisher(asyncio.get_running_loop(), bitrate=self._bitrate)
        try:
            await self._lasting.connect(publisher)
            self._source = await open_source(source, publisher, loop=loop)
        except BaseException:
            await self._end_source()
            raise

    async def published(self) -> int:
        """Wait until the source has ended, and return how many pictures were sent.

        Raises what the source raised. A file that starts again and a camera never end.
        """
        publisher = self._publisher
        if publisher is None:
            raise SettingError("nothing is published: call publish() first")
        await asyncio.wait([publisher.ended, self._open.over], return_when=asyncio.FIRST_COMPLETED)
        if publisher.ended.done():
            publisher.ended.result()
        else:
            self._open.over.result()
        return publisher.sent

    def frames(self, *, waiting: int = 1) -> Frames:
        """Return the pictures that come back, to be iterated over with ``async for``.

        ``waiting`` of them are kept for a slow reader, the newest; it counts the others in
        ``dropped``. ``pts`` is on one clock with :meth:`sounds`. The iteration ends with the
        client, and raises when the connection is lost for good.
        """
        return self._receiver.frames(waiting)

    def sounds(self, *, waiting: int = 50) -> Sounds:
        """Return the sound that comes back, to be iterated over with ``async for``."""
        return self._receiver.sounds(waiting)

    def events(self, *, waiting: int = 100) -> Messages:
        """Return what the server says unasked, ``state``, ``stats``, ``push`` and the like."""
        return self._receiver.messages(waiting)

    async def set(self, node: str, param: str, value: object) -> object:
        """Set a parameter that may change live, and return the value as it was taken."""
        question = {"type": "set", "node": node, "param": param, "value": value}
        return (await self._open.ask(question, "set"))["value"]

    async def switch(self, preset: str) -> Message:
        """Change the graph while it runs, and return it as :attr:`preset` has it."""
        answer = await self._open.ask({"type": "preset", "name": preset}, "preset")
        graph = {name: value for name, value in answer.items() if name != "type"}
        self._open.welcome["preset"] = graph
        self._join["preset"] = preset  # for a server that has lost the session by then
        return graph

    async def background(self, kind: str, value: str | None = None) -> Message:
        """Choose what stands behind: ``none``, ``blur``, ``colour`` (``#rrggbb``) or ``upload``."""
        question = {"type": "background", "kind": kind}
        question |= {} if value is None else {"value": value}
        return await self._open.ask(question, "background")

    async def upload(self, path: str | Path) -> str:
        """Bring a picture or a video for :meth:`background`, and return its name there."""
        return await resource.upload(self._url, self.session, Path(path), self._token, self._tls)

    async def take_plate(self) -> None:
        """Take what the camera sees now as the clean plate. Raises :exc:`Refusal` if that fails."""
        messages = self._receiver.messages(20)
        try:
            first = await self._open.ask({"type": "plate"}, "plate")
            async with asyncio.timeout(PLATE):
                while first["state"] == "taking":
                    message = await anext(messages)
                    first = message if message["type"] == "plate" else first
        except TimeoutError:
            raise MediaError(f"no clean plate was taken in {PLATE:g} s") from None
        finally:
            messages.close()
        if first["state"] != "taken":
            raise Refusal(409, "plate", str(first.get("why") or "no clean plate was taken"))

    async def stats(self) -> Message:
        """Return what the server measures: rates, drops, latency, bits a second, ms a node."""
        return await self._open.ask({"type": "stats"}, "stats")

    async def record(self, on: bool = True) -> list[Message]:
        """Start or end a recording on the server, and return the session's files so far."""
        answer = await self._open.ask({"type": "record", "on": on}, "record")
        if answer.get("why") and bool(answer.get("on")) != on:
            raise Refusal(409, "record", str(answer["why"]))
        return list(answer.get("files", ()))

    async def download(self, name: str, to: str | Path) -> Path:
        """Fetch a finished recording by its name into the file ``to``, and return its path."""
        return await resource.download(
            self._url, self.session, name, Path(to), self._token, self._tls
        )

    async def push(self, url: str) -> None:
        """Let the server send the result on (RTMP, SRT, RTSP, WHIP, or ``camera:`` of its own).

        Returns when it begins to connect; ``push`` events tell the rest. Raises :exc:`Refusal` for
        an address that cannot be pushed to.
        """
        begun = await self._open.ask({"type": "push", "url": url}, "push")
        if begun.get("state") == "failed":
            raise Refusal(409, "push", str(begun.get("why") or "the push failed"))

    async def stop_push(self) -> None:
        """End that, if there is one."""
        await self._open.say({"type": "stop-push"})

    @property
    def _open(self) -> Channel:
        if self._channel is None:
            raise SettingError(OUTSIDE)
        return self._channel

    async def _came_back(self, welcome: Message) -> None:
        self._receiver.tell(welcome)
        if self._lasting is not None:
            self._lasting.renew()

    async def _end_source(self) -> None:
        if self._source is not None:
            source, self._source = self._source, None
            await source.close()
        if self._publisher is not None:
            publisher, self._publisher = self._publisher, None
            await asyncio.to_thread(publisher.close)

    def _over(self, over: asyncio.Future[None]) -> None:
        error = None if over.cancelled() else over.exception()
        self._receiver.close(error if isinstance(error, Exception) else None)
