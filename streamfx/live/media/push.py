"""The result of a session sent on to a service: RTMP, SRT, RTSP or WHIP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from streamfx.errors import SettingError, StreamfxError
from streamfx.live.media import srt
from streamfx.live.media.address import hide_secrets
from streamfx.live.media.push_events import Events
from streamfx.live.media.push_program import Program
from streamfx.live.media.push_whip import Whip
from streamfx.live.transport.terms import PeerSettings
from streamfx.media.packets import AnyPacket

__all__ = ["Push"]

log = logging.getLogger(__name__)

FORMATS = {
    "rtmp": "flv",
    "rtmps": "flv",
    "srt": "mpegts",
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "http": "whip",
    "https": "whip",
}
"""What goes out by each scheme."""

LONGEST = 2000
"""Characters of an address, at the most."""

FIRST_PAUSE = 1.0
"""Seconds until a lost push is tried again for the first time; each time twice as long."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries, at the most."""

STEADY = 10.0
"""Seconds that a push must have lasted for the pauses to begin anew."""

TRIES = 5
"""Failures in a row after which a push that never worked is given up."""

KEYFRAME_EVERY = 2.0
"""Seconds between keyframes that services ask for, so that viewers can join."""


class Carrier(Protocol):
    """One connection to a service, in the loop's thread."""

    async def run(self) -> None:
        """Connect and carry on until the connection ends, which raises :exc:`StreamfxError`."""

    def send_video(self, packet: AnyPacket) -> None:
        """Take an encoded picture; never waits."""

    def send_sound(self, packet: AnyPacket) -> None:
        """Take a packet of Opus; never waits."""

    async def close(self) -> None:
        """End the connection as its protocol wants it."""


class Push:
    """Send a session's encoded packets to ``url``, connecting again whenever that is lost.

    ``url`` is ``rtmp[s]://HOST/APP/KEY``, ``srt://HOST:PORT[?streamid=…&passphrase=…]``,
    ``rtsp[s]://…`` or ``http[s]://…`` of a WHIP endpoint (RFC 9725), whose Bearer token is
    ``token`` or stands before the host: ``https://TOKEN@HOST/…``. Pictures are H.264 in Annex B
    without B-frames, sound is Opus (AAC is made of it where the protocol wants that; silence where
    none comes); the times of both count seconds on one clock.

    ``tell`` hears ``connecting``, ``live``, ``lost`` (tried again), ``failed`` (given up) and
    ``stopped``, with the reason; ``want_keyframe`` that a keyframe is due. A push belongs to the
    thread of one event loop and never waits there: packets that the service has no time for are
    dropped up to the next keyframe, and counted.

    Raises :exc:`SettingError` for an address that cannot be pushed to.
    """

    def __init__(
        self,
        url: str,
        tell: Callable[[str, str], None],
        want_keyframe: Callable[[], None],
        *,
        token: str | None = None,
        sound: bool = True,
        peers: PeerSettings | None = None,
    ) -> None:
        self._format = check(url)
        self.name = hide_secrets(url)
        """What to call it in messages: without keys and passwords."""
        self.state = "new"
        """What was told last."""
        self._url, self._token, self._sound = url, token, sound
        self._peers = peers or PeerSettings()
        self._tell, self._want = tell, want_keyframe
        self._carrier: Carrier | None = None
        self._task: asyncio.Task[None] | None = None
        self._worked = False
        self._live_since = 0.0
        self._last_keyframe: float | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.ensure_future(self._run())

    def send_video(self, packet: AnyPacket) -> None:
        """Take an encoded picture; never waits."""
        assert packet.pts is not None
        at = float(packet.pts * packet.time_base)
        if packet.is_keyframe or self._last_keyframe is None:
            self._last_keyframe = at
        elif at - self._last_keyframe >= KEYFRAME_EVERY:
            self._last_keyframe = at
            self._want()
        if self._carrier is not None:
            self._carrier.send_video(packet)

    def send_sound(self, packet: AnyPacket) -> None:
        """Take a packet of Opus; never waits."""
        if self._carrier is not None and self._sound:
            self._carrier.send_sound(packet)

    async def stop(self) -> None:
        """End the push; what was sent is finished as the protocol wants. Safe to call twice."""
        if self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        await asyncio.wait([task])
        if self.state != "failed":
            self._say("stopped", "")

    async def _run(self) -> None:
        pause, failures = FIRST_PAUSE, 0
        loop = asyncio.get_running_loop()
        while True:
            self._say("connecting", "")
            self._live_since = 0.0
            why = await self._carry()
            if self._task is None:  # stopped, whatever became of the cancellation inside
                return
            if self._live_since and loop.time() - self._live_since > STEADY:
                pause = FIRST_PAUSE
            failures = 0 if self._live_since else failures + 1
            if failures >= TRIES and not self._worked:
                self._say("failed", why)
                return
            self._say("lost", why)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _carry(self) -> str:
        """Keep one connection; return why it ended."""
        events = Events(live=self._live, keyframe_wanted=self._want)
        carrier = self._carrier = self._make(events)
        self._want()
        try:
            await carrier.run()
        except StreamfxError as exc:
            return hide_secrets(str(exc))
        except OSError as exc:
            return f"no process could be started: {exc.strerror}"
        finally:
            self._carrier = None
            await carrier.close()
        return "the connection ended"

    def _make(self, events: Events) -> Carrier:
        if self._format == "whip":
            return Whip(self._url, self._token, self._peers, events, sound=self._sound)
        return Program(self._url, self._format, events, sound=self._sound)

    def _live(self) -> None:
        self._worked = True
        self._live_since = asyncio.get_running_loop().time()
        self._say("live", "")

    def _say(self, state: str, why: str) -> None:
        self.state = state
        level = logging.WARNING if state in ("lost", "failed") else logging.INFO
        log.log(level, "push to %s: %s%s", self.name, state, f": {why}" if why else "")
        self._tell(state, why)


def check(url: str) -> str:
    """Return what goes out to ``url``: ``flv``, ``mpegts``, ``rtsp`` or ``whip``.

    Raises :exc:`SettingError`, which never quotes a key.
    """
    known = "rtmp, rtmps, srt, rtsp, rtsps, and http or https for WHIP"
    if len(url) > LONGEST or not url.isprintable() or " " in url:
        raise SettingError(f"not an address to push to: a URL of at most {LONGEST} characters is")
    scheme, mark, _ = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in FORMATS:
        raise SettingError(f"a push cannot go to {hide_secrets(url)!r}; what can be: {known}")
    if scheme == "srt":
        if srt.Route.parse(url).listener:
            raise SettingError("a push calls, it does not listen: srt://HOST:PORT")
        srt.load()
        return FORMATS[scheme]
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as exc:
        raise SettingError(f"not an address to push to: {exc}") from exc
    if not host:
        raise SettingError(f"an address to push to needs a host: {scheme}://HOST/…")
    if scheme.startswith("rtmp") and len([p for p in parts.path.split("/") if p]) < 1:
        raise SettingError(f"an RTMP address needs an application: {scheme}://HOST/APP/KEY")
    return FORMATS[scheme]
