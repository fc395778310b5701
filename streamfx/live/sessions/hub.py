"""All sessions of a server: who gets in, who comes back, who has to go."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import torch

from streamfx.engine.batching import Batcher
from streamfx.engine.settings import choose_device
from streamfx.errors import SettingError
from streamfx.live.media.recording import recover
from streamfx.live.refusal import Refusal, unknown
from streamfx.live.sessions.admission import Admission, Promise
from streamfx.live.sessions.contract import Negotiated, SessionGauges, Tell
from streamfx.live.sessions.desk import SessionDesk
from streamfx.live.sessions.equipment import Equipment
from streamfx.live.sessions.memory import few_arenas, give_back, set_aside, take_back
from streamfx.live.sessions.offered import Offer, Offered
from streamfx.live.sessions.party import Party
from streamfx.live.sessions.playing import Playing
from streamfx.live.sessions.session import Session
from streamfx.live.sessions.telling import gauges
from streamfx.live.sessions.warmup import WarmupError, warm_up
from streamfx.live.settings import ServeSettings
from streamfx.live.transport.peer import PeerSettings
from streamfx.models.shared import SharedModels
from streamfx.models.store import ModelStore

log = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a stream may be called: nothing that means something in a path."""

SHARE = 4
"""Cores for each thread of a torch operation. Sessions compute beside each other, and beside
decoders and encoders; threads that wait for one another there made a blur take twice as long."""

SWITCH = 0.0005
"""Seconds after which a thread that wants to go on gets its turn; Python's own are 5 ms, for which
a picture would wait at every step while the loop sends packets."""

VIEWERS = 64
"""Peers that may watch one stream."""


class LiveHub:
    """The sessions of one server. Belongs to the loop's thread."""

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self.ready = False
        self.draining = False
        self.device, self.device_note = choose_device(settings.device)
        self.offer = Offer(settings.presets, settings.node_files)
        self.admission = Admission(settings.max_sessions)
        self._equipment: Equipment | None = None
        self._sessions: dict[str, Session] = {}
        self._desks: dict[str, SessionDesk] = {}
        self._parties: dict[str, Party] = {}
        self._playing: list[Playing] = []
        self._promises: dict[str, Promise] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Warm up; the server is ready afterwards. Sources begin to play."""
        few_arenas()
        sys.setswitchinterval(SWITCH)
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // SHARE))
        if self.settings.record is not None:
            await asyncio.to_thread(self._open_folder, self.settings.record)
        self._equipment = Equipment(
            asyncio.get_running_loop(),
            self.settings,
            PeerSettings(self.settings.ice_servers, self.settings.udp_ports),
            self.device,
            SharedModels(ModelStore.installed(offline=self.settings.offline)),
            Batcher(),
        )
        await self._measure(self.offer.first)
        set_aside()
        self.ready = True
        self._start(self._watch_load())
        self._start(self._warm_up_the_rest())
        for number, text in enumerate(self.settings.sources, 1):
            await self._play(text, number)

    async def drain(self, seconds: float) -> None:
        """Take nobody in any more; wait until sessions have ended, ``seconds`` at the most."""
        self.draining = True
        self.ready = False
        for session in list(self._sessions.values()):
            session.say({"type": "bye", "code": "draining", "why": "the server is going down"})
        for playing in self._playing:
            await playing.close()
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(s.held for s in self._sessions.values()):
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """End every session; returns when nothing is left over."""
        self.draining = True
        self.ready = False
        for playing in self._playing:
            await playing.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for session in list(self._sessions.values()):
            self._start_end(self._drop(session))
        while self._endings:
            await asyncio.wait(list(self._endings))
        take_back()

    def presets(self) -> list[dict[str, Any]]:
        """Return what is offered, first choices first."""
        return [offered.summary() for offered in self.offer]

    async def publish(self, stream: str, sdp: str, preset: str | None) -> Negotiated:
        """Let a publisher in."""
        session, made = self._session_for(stream, preset, joins=False)
        party = self.make_party(session, publishes=True, watches=False, left=self._left)
        return await self._let_in(party, sdp, drop=made)

    async def watch(self, stream: str, sdp: str) -> Negotiated:
        """Let a viewer in."""
        self._check_open()
        session = self._sessions.get(stream)
        if session is None:
            raise unknown("stream", stream)
        if session.watching >= VIEWERS:
            raise Refusal(503, "full", f"{VIEWERS} peers watch this stream", retry_after=5)
        party = self.make_party(session, publishes=False, watches=True, left=self._left)
        return await self._let_in(party, sdp, drop=False)

    async def trickle(self, resource: str, fragment: str, etag: str | None) -> None:
        """Take candidates of a peer."""
        party = self._party(resource)
        if etag is not None and etag != party.etag:
            raise Refusal(412, "etag", "this is not the ICE session that the peer is in")
        await party.peer.trickle(fragment)

    async def end(self, resource: str) -> None:
        """End a connection; a publisher's session ends with it."""
        party = self._party(resource)
        await self._forget(party)
        session = party.session
        if party.publishes and not session.held:
            await self.drop(session)

    async def join(
        self, tell: Tell, *, session: str | None, stream: str | None, preset: str | None
    ) -> SessionDesk:
        """Open a session for a control channel, or come back to one that lingers."""
        desk = self._desks.get(session) if session is not None else None
        if desk is not None:
            if preset is not None and preset != self._session_of(desk).offered.name:
                await desk.switch(preset)
            desk.open(tell, resumed=True)
            return desk
        name = stream or f"s-{secrets.token_hex(6)}"
        made, _ = self._session_for(name, preset, joins=True)
        desk = self._desks[made.token]
        desk.open(tell, resumed=False)
        return desk

    def desk_of(self, session: str) -> SessionDesk:
        """Return a session by its token."""
        if session not in self._desks:
            raise Refusal(404, "unknown", "no such session")
        return self._desks[session]

    def gauges(self) -> list[SessionGauges]:
        """Return every session in numbers."""
        return [gauges(session) for session in self._sessions.values()]

    def make_party(
        self,
        session: Session,
        *,
        publishes: bool,
        watches: bool,
        left: Callable[[Party], None],
    ) -> Party:
        """Return a peer of a session that has not been let in yet."""
        return Party(
            session, self._ready_equipment().peers, publishes=publishes, watches=watches, left=left
        )

    async def drop(self, session: Session) -> None:
        """End a session; that goes on where who waits for it is broken off."""
        await asyncio.shield(self._start_end(self._drop(session)))

    async def _drop(self, session: Session) -> None:
        if self._sessions.get(session.name) is not session:
            return
        del self._sessions[session.name]
        self.admission.withdraw(self._promises.pop(session.token))
        desk = self._desks.pop(session.token)
        for party in [p for p in self._parties.values() if p.session is session]:
            del self._parties[party.resource]
        session.say({"type": "bye", "code": "ended", "why": "the session has ended"})
        await desk.close()
        await session.close()
        await asyncio.to_thread(give_back)

    def _session_for(self, stream: str, preset: str | None, *, joins: bool) -> tuple[Session, bool]:
        """Return the session of a stream, and whether it had to be made.

        One that waits for its control channel to come back is not for another that ``joins``, which
        would get its token, and with it its recordings.
        """
        self._check_open()
        if not NAME.fullmatch(stream):
            raise Refusal(400, "stream", f"a stream is named by {NAME.pattern}, got {stream!r}")
        offered = self.offer.find(preset)
        there = self._sessions.get(stream)
        if there is not None:
            if there.held or (joins and self._desks[there.token].opened):
                raise Refusal(409, "taken", f"somebody publishes {stream!r} already")
            if preset is not None and offered.name != there.offered.name:
                there.switch(offered)
            return there, False
        promise = self.admission.check(offered.name, len(self._sessions))
        session = Session(stream, offered, self._ready_equipment(), self._expire)
        self._promises[session.token] = promise
        self._sessions[stream] = session
        self._desks[session.token] = SessionDesk(self, session)
        log.info("session begins", extra={"stream": stream, "preset": offered.name})
        return session, True

    async def _let_in(self, party: Party, sdp: str, *, drop: bool) -> Negotiated:
        session = party.session
        if party.publishes:
            session.hold(party)
        try:
            answer = await party.accept(sdp)
            session.check_open()
        except BaseException:
            session.release(party)
            await party.close()
            if drop:
                await self.drop(session)
            raise
        self._parties[party.resource] = party
        session.enter(party, holds=party.publishes)
        return Negotiated(party.resource, answer, party.etag)

    def _left(self, party: Party) -> None:
        self._start_end(self._forget(party))

    async def _forget(self, party: Party) -> None:
        self._parties.pop(party.resource, None)
        party.session.exit(party)
        await party.close()

    def _party(self, resource: str) -> Party:
        if resource not in self._parties:
            raise Refusal(404, "unknown", "no such connection")
        return self._parties[resource]

    def _session_of(self, desk: SessionDesk) -> Session:
        return self._sessions[desk.stream]

    def _expire(self, session: Session) -> None:
        self._start_end(self._drop_unheld(session))

    async def _drop_unheld(self, session: Session) -> None:
        if not session.held:  # nobody came back in the last moment
            await self._drop(session)

    def _check_open(self) -> None:
        if self.draining:
            raise Refusal(503, "draining", "the server is going down", retry_after=10)
        if not self.ready:
            raise Refusal(503, "warming", "the server is warming up", retry_after=2)

    def _ready_equipment(self) -> Equipment:
        assert self._equipment is not None, "nobody is let in before start()"
        return self._equipment

    def _open_folder(self, folder: Path) -> None:
        """Make the folder of recordings, and name what a crash left there."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            recover(folder)
        except OSError as exc:
            raise SettingError(f"--record {folder}: {exc.strerror or exc}") from exc

    async def _play(self, text: str, number: int) -> None:
        name, sign, where = text.partition("=")
        if not sign or name == "testsrc" or not NAME.fullmatch(name):
            name, where = ("source" if number == 1 else f"source-{number}"), text
        session, _ = self._session_for(name, None, joins=False)
        self._playing.append(await Playing.start(session, where))

    async def _measure(self, offered: Offered, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Warm a preset up and note its cost; return false where that was ``stopped``.

        Raises :exc:`WarmupError` where the preset does not work.
        """
        cost = await asyncio.to_thread(warm_up, offered, self._ready_equipment(), stopped)
        if cost is not None:
            self.admission.measured(offered.name, cost)
        return cost is not None

    def _wanted_elsewhere(self) -> bool:
        """Return whether a warm-up must make room: somebody came, or the server ends."""
        return bool(self._sessions) or self.draining

    async def _warm_up_the_rest(self) -> None:
        waiting = list(self.offer)[1:]
        while waiting and not self.draining:
            if self._sessions:  # whoever is there comes first
                await asyncio.sleep(1)
                continue
            try:
                settled = await self._measure(waiting[0], self._wanted_elsewhere)
            except Exception as exc:
                log.error("%s", exc, exc_info=not isinstance(exc, WarmupError))
                settled = True
            if settled:
                waiting.pop(0)

    async def _watch_load(self) -> None:
        while True:
            self.admission.sample(time.process_time())
            await asyncio.sleep(1)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start_end(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin what must come to its end, also where the hub closes meanwhile."""
        task = asyncio.create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return task
