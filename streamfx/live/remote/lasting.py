"""A client's connection for media that is made again whenever it breaks."""

from __future__ import annotations

import asyncio
import logging

from streamfx.errors import MediaError
from streamfx.live.refusal import Refusal
from streamfx.live.remote.channel import Channel, Message
from streamfx.live.remote.link import Link, first_of
from streamfx.live.remote.publisher import Publisher
from streamfx.live.remote.receiver import Receiver
from streamfx.live.settings import IceServer
from streamfx.live.transport.peer import PeerSettings

log = logging.getLogger(__name__)

CONNECT = 15.0
"""Seconds in which a connection must stand."""
PAUSE = 0.5
"""Seconds between attempts to make it again; they go on for as long as the channel does."""


class Lasting:
    """Negotiates a :class:`Link` over a channel, and another one when that is lost or stale."""

    def __init__(self, channel: Channel, receiver: Receiver) -> None:
        self._channel, self._receiver = channel, receiver
        self._publisher: Publisher | None = None
        self._link: Link | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._stale = asyncio.Event()

    async def connect(self, publisher: Publisher) -> None:
        """Send what ``publisher`` encodes from now on, and return when the connection stands.

        Raises :exc:`Refusal` or :exc:`MediaError`, after which there is none.
        """
        await self.close()
        self._publisher = publisher
        await self._make()
        self._keeping = asyncio.create_task(self._keep())

    def renew(self) -> None:
        """Make the connection anew: the channel came back, and the server may have let go of it."""
        self._stale.set()

    async def close(self) -> None:
        """End the connection for good. Safe to call twice."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        await self._drop()

    async def _make(self) -> None:
        await self._drop()
        self._stale.clear()
        self._link = Link(_settings(self._channel.welcome), self._publisher, self._receiver)
        try:
            async with asyncio.timeout(CONNECT):
                offer = await self._link.offer()
                answer = await self._channel.ask({"type": "offer", "sdp": offer}, "answer")
                await self._link.connect(str(answer["sdp"]))
        except TimeoutError:
            await self._drop()
            raise MediaError(
                f"no connection for media within {CONNECT:g} s (is UDP to the server let through?)"
            ) from None
        except BaseException:
            await self._drop()
            raise

    async def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _keep(self) -> None:
        while not self._channel.over.done():
            if self._link is not None:
                await first_of(self._link.lost, self._stale)
                log.info("the connection for media is made again")
            try:
                await self._make()
            except (MediaError, Refusal) as exc:
                log.info("no new connection for media: %s", exc)
                await asyncio.sleep(PAUSE)


def _settings(welcome: Message) -> PeerSettings:
    servers = [
        IceServer(url, entry.get("username"), entry.get("credential"))
        for entry in welcome.get("ice_servers", ())
        for url in entry["urls"]
    ]
    return PeerSettings(ice_servers=tuple(servers))
