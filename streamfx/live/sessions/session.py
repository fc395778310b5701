"""One live session: a publisher's pictures through a graph to whoever watches."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av

from streamfx.engine.feeds import Feed, StillFeed
from streamfx.engine.realtime import Event, Realtime, Shown
from streamfx.live.media.encoding import VideoCodec
from streamfx.live.media.pictures import incoming
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.backdrop import ShotFeed, make_feed
from streamfx.live.sessions.contract import Tell
from streamfx.live.sessions.crossing import into_loop
from streamfx.live.sessions.equipment import Equipment
from streamfx.live.sessions.latency import Latency
from streamfx.live.sessions.line import Line
from streamfx.live.sessions.offered import Offered
from streamfx.live.sessions.outlets import Outlets
from streamfx.live.sessions.party import Party
from streamfx.live.sessions.plate import PlateTaker
from streamfx.live.sessions.sounding import Sounding
from streamfx.live.sessions.telling import preset_body
from streamfx.live.sessions.timeline import Timeline
from streamfx.live.settings import LINGER

log = logging.getLogger(__name__)

ARRIVALS = 64
"""Pictures whose arrival is remembered while they are worked on."""

FRAME = Fraction(1, 30)
"""Seconds that a picture lasts before the next one has shown how long."""


class Session:
    """Belongs to the loop's thread, but for what decoders and the graph call.

    It lives as long as somebody holds it (a control channel, a publisher, a source) and
    ``LINGER`` seconds longer.
    """

    def __init__(
        self,
        name: str,
        offered: Offered,
        equipment: Equipment,
        ended: Callable[[Session], None],
    ) -> None:
        self.name = name
        self.token = secrets.token_urlsafe(24)
        self.background: tuple[str, str | None] = ("blur", None)
        self.opening: str | None = None
        """An upload that is about to be the background."""
        self.plate = False
        self.latency = Latency()
        self.parties: list[Party] = []
        self.uploads: dict[str, Path] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="streamfx-session-"))
        self.tell: Tell | None = None
        """Takes messages for the client, while its control channel is open."""
        self.closed = False
        self.equipment = equipment
        self._told = offered
        self._ended = ended
        self._holders: set[object] = set()
        self._lingering: asyncio.TimerHandle | None = None
        self._publisher: object | None = None
        self._timeline = Timeline()
        self._arrivals: dict[Fraction, float] = {}
        self._last_pts: Fraction | None = None
        self._shots: tuple[ShotFeed, ...] = ()
        self._taker: PlateTaker | None = None
        self._lines: dict[VideoCodec, Line] = {}
        self._sounding = Sounding(equipment.loop, self._timeline, name)
        self.outlets = Outlets(self)
        self.realtime = Realtime(
            offered.pipeline(),
            self._shown,
            device=equipment.device,
            models=equipment.models,
            batcher=equipment.batcher,
            tell=self._tell_event,
            name=name,
            label=offered,
        )
        self._put_behind(*self.background, make_feed(*self.background, {}))
        self.realtime.start()

    # What comes in, in the threads of decoders.

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float, by: object) -> None:
        """Take a decoded picture of the publisher ``by``; another's is dropped."""
        if by is not self._publisher:
            return
        pts = self._timeline.place(instant, arrived)
        last = self._last_pts
        if last is not None and pts <= last:
            return
        self._last_pts = pts
        duration = min(pts - last, 3 * FRAME) if last is not None else FRAME
        made = incoming(frame, pts, duration, self.equipment.device)
        self._arrivals[pts] = arrived
        for old in list(self._arrivals)[:-ARRIVALS]:
            self._arrivals.pop(old, None)
        for shot in self._shots:
            shot.show(made)
        if (taker := self._taker) is not None:
            taker.show(made)
        self.outlets.came_in(frame, pts)
        self.realtime.offer(made)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float, by: object) -> None:
        """Take decoded sound of the publisher ``by``; another's is dropped."""
        if by is not self._publisher:
            return
        pts = self._timeline.place(instant, arrived)
        self.outlets.heard(frame, pts)
        self._sounding.put(frame, pts)

    # Who is there.

    def publish(self, by: object) -> None:
        """Let ``by`` be the publisher from now on."""
        self._publisher = by
        self._timeline.restart()
        self._sounding.restart()

    @property
    def published(self) -> bool:
        """Whether somebody publishes."""
        return self._publisher is not None

    def enter(self, party: Party, *, holds: bool) -> None:
        """Take in a peer whose offer was answered; one that ``holds`` keeps the session alive."""
        self.parties.append(party)
        if party.publishes:
            self.publish(party)
        if holds:
            self.hold(party)
        if party.watches and party.codec is not None:
            self.line(party.codec).add(party)
        if party.watches:
            self._sounding.viewers.add(party)

    def exit(self, party: Party) -> None:
        """Let a peer go."""
        if party not in self.parties:
            return
        self.parties.remove(party)
        for line in self._lines.values():
            line.remove(party)
        self._sounding.viewers.remove(party)
        if self._publisher is party:
            self._publisher = None
        self.release(party)

    def connected(self, party: Party) -> None:
        """Give a peer that has just connected a keyframe to begin with."""
        if party.codec in self._lines:
            self._lines[party.codec].want_keyframe()

    def hold(self, holder: object) -> None:
        """Keep the session for ``holder``."""
        self._holders.add(holder)
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None

    def release(self, holder: object) -> None:
        """Let go; when nobody holds the session it ends after ``LINGER`` seconds."""
        self._holders.discard(holder)
        if self._holders or self.closed or self._lingering is not None:
            return
        self._lingering = self.equipment.loop.call_later(LINGER, self._ended, self)

    @property
    def held(self) -> bool:
        """Whether somebody holds the session."""
        return bool(self._holders)

    def line(self, codec: VideoCodec) -> Line:
        """Return the encoder for a codec, made when it is first wanted."""
        if codec not in self._lines:
            self._lines[codec] = Line(codec, self.equipment.loop, self.latency.add, self.name)
        return self._lines[codec]

    @property
    def sounding(self) -> Sounding:
        """Where the sound goes out."""
        return self._sounding

    @property
    def encoder_drops(self) -> int:
        """Pictures that encoders were too slow for."""
        return sum(line.dropped for line in self._lines.values())

    @property
    def watching(self) -> int:
        """How many peers watch."""
        return sum(party.watches for party in self.parties)

    def keyframe_wanted(self, party: Party) -> None:
        """Make a keyframe for a viewer that lost the picture."""
        if party.codec in self._lines:
            self._lines[party.codec].want_keyframe()

    def bandwidth(self, party: Party, bits: int) -> None:
        """Note what a viewer can take."""
        if party.codec in self._lines:
            self._lines[party.codec].note_bandwidth(party, bits)

    # What may be asked of it.

    @property
    def offered(self) -> Offered:
        """The graph that runs, or is about to: one that cannot be opened leaves the old one."""
        return cast("Offered", self.realtime.label)

    def check_open(self) -> None:
        """Raise a 404 :class:`Refusal` where the session has ended."""
        if self.closed:
            raise Refusal(404, "ended", "the session has ended")

    def switch(self, offered: Offered) -> None:
        """Run another graph from the next picture on. What stands behind stays, and the plate."""
        self.realtime.switch(offered.pipeline(), offered)
        self._told = offered

    async def set_background(self, kind: str, value: str | None) -> None:
        """Choose what stands behind the subject. Raises a :class:`Refusal`."""
        self.check_open()
        self.opening = value
        try:
            feed = await asyncio.to_thread(make_feed, kind, value, self.uploads)
        finally:
            self.opening = None
        self._put_behind(kind, value, feed)

    def _put_behind(self, kind: str, value: str | None, feed: Feed) -> None:
        self.background = kind, value
        self._shots = (feed,) if isinstance(feed, ShotFeed) else ()
        self.realtime.set_feed("background", feed)

    async def take_plate(self) -> None:
        """Collect pictures and make them the plate. Raises StirredError, TimeoutError."""
        self._taker = taker = PlateTaker()
        try:
            for _ in range(100):
                if taker.done.is_set():
                    break
                await asyncio.sleep(0.1)
            else:
                raise TimeoutError("no pictures came in for 10 seconds")
            plate = await asyncio.to_thread(taker.plate)
        finally:
            self._taker = None
        self.realtime.set_feed("plate", StillFeed(plate))
        self.plate = True

    def say(self, message: dict[str, Any]) -> None:
        """Tell the client, where its control channel is open."""
        if self.tell is not None:
            self.tell(message)

    def say_state(self, why: str = "") -> None:
        """Tell the client how the graph fares."""
        stats = self.realtime.stats
        words = why or stats.why
        self.say({"type": "state", "state": stats.state, "why": words, "rung": stats.rung})

    async def close(self) -> None:
        """End everything; returns when no thread and no connection is left."""
        if self.closed:
            return
        self.closed = True
        if self._lingering is not None:
            self._lingering.cancel()
        self._publisher = None
        parties, self.parties = self.parties, []
        closing = (party.close() for party in parties)
        for fault in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(fault, Exception):
                log.error("a peer failed to close", exc_info=fault, extra={"stream": self.name})
        try:
            await self.outlets.close()
        finally:
            for line in self._lines.values():
                line.close()
            self._sounding.close()
            await asyncio.to_thread(self._end_threads)
        log.info("session ended", extra={"stream": self.name})

    def _end_threads(self) -> None:
        self.realtime.close()
        for line in self._lines.values():
            line.join()
        self._sounding.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What the graph puts out, in its own thread.

    def _shown(self, shown: Shown) -> None:
        arrived = self._arrivals.pop(shown.source.pts, shown.offered)
        for line in tuple(self._lines.values()):
            line.put(shown.frame, arrived)
        self.outlets.shown(shown.frame)
        self._sounding.picture_shown(shown.source.pts)

    def _tell_event(self, event: Event) -> None:
        into_loop(self.equipment.loop, self._event, event)

    def _event(self, event: Event) -> None:
        where = {"stream": self.name, "event": event.kind, "node": event.node}
        log.log(logging.WARNING if event.kind == "failed" else logging.INFO, event.why, extra=where)
        if self.offered is not self._told:  # it could not be opened, and the one before goes on
            self._told = self.offered
            self.say({"type": "preset", **preset_body(self)})
            self.say({"type": "error", "code": "graph", "why": event.why, "about": "preset"})
        self.say_state(event.why)
