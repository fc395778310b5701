"""WHIP and WHEP from Python: publish to an endpoint, or watch a stream, on any server of theirs."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from streamfx.errors import MediaError, SettingError, StreamfxError
from streamfx.live.remote import resource
from streamfx.live.remote.feeding import Source, open_source
from streamfx.live.remote.items import Items
from streamfx.live.remote.link import Link
from streamfx.live.remote.publisher import Publisher
from streamfx.live.remote.receiver import Frames, Receiver, Sounds
from streamfx.live.settings import IceServer
from streamfx.live.transport.peer import PeerSettings

log = logging.getLogger(__name__)

CONNECT = 15.0
"""Seconds in which the connection must stand."""


class _Visit:
    """A connection to one endpoint, for as long as the ``async with`` lasts."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        ice_servers: tuple[IceServer, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._token, self._tls = url, token, tls
        self._settings = PeerSettings(ice_servers=ice_servers)
        self._receiver = Receiver()
        self._link: Link | None = None
        self._made: resource.Made | None = None
        self._watching: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End the connection, here and on the server. Safe to call twice."""
        if self._watching is not None:
            self._watching.cancel()
        made, self._made = self._made, None
        if made is not None:
            try:
                await resource.end(made.url, made.token, self._tls)
            except StreamfxError as exc:
                log.info("%s was not ended: %s", self._url, exc)
        if self._link is not None:
            await self._link.close()
        self._receiver.close(None)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _open(self, publisher: Publisher | None) -> Link:
        self._link = link = Link(self._settings, publisher, self._receiver)
        try:
            async with asyncio.timeout(CONNECT):
                offer = await link.offer(receive=publisher is None)
                self._made = await resource.make(self._url, offer, self._token, self._tls)
                await link.connect(self._made.sdp)
        except TimeoutError:
            await self.close()
            raise MediaError(f"{self._url}: no connection within {CONNECT:g} s") from None
        except BaseException:
            await self.close()
            raise
        self._watching = asyncio.create_task(self._watch(link))
        return link

    async def _watch(self, link: Link) -> None:
        await link.lost.wait()
        self._receiver.close(MediaError(f"{self._url}: the connection broke"))


class Watch(_Visit):
    """Watch a stream by WHEP: ``async with Watch(url) as stream: async for frame in stream.frames()``.

    ``url`` is ``http(s)://HOST/whep/STREAM``. Raises :exc:`~streamfx.live.refusal.Refusal` for what
    the server refuses, :exc:`~streamfx.errors.MediaError` when it cannot be reached.
    """  # noqa: E501  one sentence

    async def __aenter__(self) -> Self:
        await self._open(None)
        return self

    def frames(self, *, waiting: int = 1) -> Frames:
        """Return the pictures from now on; ``waiting`` of them are kept, the newest."""
        return self._receiver.frames(waiting)

    def sounds(self, *, waiting: int = 50) -> Sounds:
        """Return the sound from now on."""
        return self._receiver.sounds(waiting)


class Publish(_Visit):
    """Publish a source by WHIP (RFC 9725): ``async with Publish(url, source) as stream``.

    ``url`` is ``http(s)://HOST/whip/STREAM``; ``source`` is what
    :meth:`streamfx.live.Client.publish` takes. Raises as :class:`Watch` does.
    """

    def __init__(
        self,
        url: str,
        source: str | Path | Items,
        *,
        loop: bool = True,
        bitrate: int | None = None,
        token: str | None = None,
        ice_servers: tuple[IceServer, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(url, token=token, ice_servers=ice_servers, tls=tls)
        self._what, self._loop, self._bitrate = source, loop, bitrate
        self._publisher: Publisher | None = None
        self._source: Source | None = None

    async def __aenter__(self) -> Self:
        self._publisher = Publisher(asyncio.get_running_loop(), bitrate=self._bitrate)
        try:
            await self._open(self._publisher)
            self._source = await open_source(self._what, self._publisher, loop=self._loop)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """End the source and the connection. Safe to call twice."""
        source, self._source = self._source, None
        if source is not None:
            await source.close()
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await asyncio.to_thread(publisher.close)
        await super().close()

    async def published(self) -> int:
        """Wait until the source or the connection has ended; return how many pictures were sent."""
        publisher, link = self._publisher, self._link
        if publisher is None or link is None:
            raise SettingError("nothing is published: use it as 'async with Publish(…)'")
        lost: asyncio.Future[Any] = asyncio.ensure_future(link.lost.wait())
        await asyncio.wait([publisher.ended, lost], return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        if not publisher.ended.done():
            raise MediaError(f"{self._url}: the connection broke")
        publisher.ended.result()
        return publisher.sent
