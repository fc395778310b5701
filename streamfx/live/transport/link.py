"""The running connection of one peer: from the descriptions that agree to the end of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from aiortc import RTCIceCandidate
from aiortc.rtcicetransport import candidate_to_aioice

from streamfx.live.transport.decoding import Decoding
from streamfx.live.transport.description import MAX_CANDIDATES, Description
from streamfx.live.transport.dtls import Certificate, Secure
from streamfx.live.transport.exchange import Exchange
from streamfx.live.transport.ice import Path
from streamfx.live.transport.lines import Line
from streamfx.live.transport.terms import PeerListener, PeerSettings
from streamfx.live.transport.writing import Source

logger = logging.getLogger(__name__)


class Link:
    """Connects, exchanges media, and tells the listener where it stands.

    It is lost when the remote ends it, cannot be reached, or gives no sign of life any more. What
    it holds is given back by :meth:`close` only.
    """

    def __init__(
        self,
        settings: PeerSettings,
        listener: PeerListener,
        path: Path,
        certificate: Certificate,
        remote: Description,
        lines: list[Line],
        sources: dict[str, Source],
        epoch: float,
    ) -> None:
        self.why = ""
        """Why it is lost."""
        self._settings = settings
        self._listener = listener
        self._path = path
        self._remote = remote
        self._loop = asyncio.get_running_loop()
        self._state = "new"
        self._closed = False
        self._candidates = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._decoded = asyncio.Event()
        path.remote_username, path.remote_password = remote.ufrag, remote.password
        path.remote_is_lite = remote.lite
        path.must_consent = any(line.send for line in lines)
        self._secure = Secure(path, certificate, active=remote.dtls.role != "client")
        self._decoding = Decoding(listener, self._lost_picture, self._ended_decoding)
        self.exchange = Exchange(
            lines, self._secure, self._decoding, listener, sources, settings.max_bitrate, epoch
        )
        self._secure.incoming = self.exchange.incoming
        self._secure.on("statechange", self._follow)

    def start(self) -> None:
        """Begin to connect."""
        self._tell("connecting")
        self._spawn(self.add(self._remote.candidates))
        self._spawn(self._connect())

    async def add(self, candidates: list[RTCIceCandidate]) -> None:
        """Try these addresses of the remote, too."""
        for candidate in candidates:
            self._candidates += 1
            if self._candidates > MAX_CANDIDATES:
                return
            adding = self._path.add_remote_candidate(candidate_to_aioice(candidate))
            if candidate.ip.endswith(".local"):  # its name has to be asked for (mDNS)
                self._spawn(_quietly(adding))
            else:
                await adding

    async def close(self) -> None:
        """End it; returns when every task, thread and port of it is gone."""
        self._closed = True
        self.exchange.close()
        decodes = self._decoding.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        try:
            await self._secure.end()
        finally:
            await self._path.close()
        if decodes:
            await self._decoded.wait()
            self._decoding.join()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self._settings.patience):
                await self._path.connect()
                await self._secure.start(self._remote.dtls)
        except Exception as exc:  # what a remote sends must not leave it half open
            if not isinstance(exc, ConnectionError | TimeoutError):
                logger.warning("a peer could not be connected", exc_info=exc)
            stage = "keys were agreed" if self._path.connected else "a way to it was found"
            late = f"the peer could not be reached: time ran out before {stage}"
            self.why = self._secure.why or late
            self._tell("lost")
            return
        self._follow()

    def _follow(self) -> None:
        secure = self._secure
        if secure.ended:
            self.why = secure.why or self._path.why or "the peer ended the connection"
            self._tell("lost")
        elif secure.connected and self._state == "connecting" and not self._closed:
            self.exchange.start()
            self._tell("connected")

    def _tell(self, state: str) -> None:
        if self._closed or self._state in (state, "lost"):
            return
        before, self._state = self._state, state
        if state == "lost":
            level = logging.WARNING if before == "connecting" else logging.INFO
            logger.log(level, "a peer is lost: %s", self.why)
        self._listener.state(state)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _lost_picture(self) -> None:
        self._loop.call_soon_threadsafe(self.exchange.ask_keyframe)

    def _ended_decoding(self) -> None:
        self._loop.call_soon_threadsafe(self._decoded.set)


async def _quietly(adding: Coroutine[Any, Any, None]) -> None:
    try:
        await adding
    except OSError as exc:
        logger.debug("a name in a candidate cannot be resolved: %s", exc)
