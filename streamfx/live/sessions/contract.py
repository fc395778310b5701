"""What the server's doors need of the sessions behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from streamfx.live.settings import ServeSettings

Message = dict[str, Any]
"""A message of the control channel, with its ``type`` (:mod:`streamfx.live.http.replies`)."""
Tell = Callable[[Message], None]
"""Takes a message for the client; never waits, never raises. To be called in the loop's thread.

``bye`` is the last message: the channel closes after it, unless the hub drains, where it stays open
for as long as the drain lasts.
"""

UPLOAD_BYTES = 64 << 20
"""Largest file that a client may send up, in bytes."""
LATENCY_BOUNDS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0)
"""Upper bounds, in seconds, of the classes in which latencies are counted."""


@dataclass(frozen=True, slots=True)
class Negotiated:
    """A peer that was let in."""

    resource: str
    """Name of the connection: unguessable, safe in a path of a URL."""
    sdp: str
    """The answer (RFC 8829)."""
    etag: str
    """Entity tag of the ICE session (RFC 9725), without its quotes."""


@dataclass(frozen=True, slots=True)
class SessionGauges:
    """One session in numbers, as :file:`/metrics` shows it. Counts only ever grow."""

    stream: str
    """Its public name; the session's token is a secret and no label."""
    preset: str
    """The graph that runs."""
    state: str
    """``running``, ``waiting`` or ``passing``."""
    rung: str
    """Rung of the deadline ladder: ``full``, ``reuse``, ``skip``, ``smaller`` or ``pass``."""
    viewers: int
    """Peers that watch."""
    frames_in: int
    """Pictures that came."""
    frames_out: int
    """Pictures that were shown."""
    dropped: int
    """Pictures that a newer one replaced before any work."""
    late: int
    """Joins that took what was there."""
    load: float
    """Share of the frame budget that is used; 1 is all of it."""
    bits_in: float
    """Bits a second received."""
    bits_out: float
    """Bits a second sent, to all peers."""
    latency_counts: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS) + 1)
    """Pictures by how long they took: one count a class of :data:`LATENCY_BOUNDS`, one beyond."""
    latency_sum: float = 0.0
    """Seconds that all of them took together."""
    nodes: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds a picture, by node."""


class Desk(Protocol):
    """One session as one control channel sees it. All of it belongs to the loop's thread.

    Who comes back to a session takes it over: the channel before is told ``bye``, and nothing of it
    reaches the session any more, :meth:`leave` neither.

    What returns a :data:`Message` returns the whole of it, ``type`` included, for this client
    alone; what happens later (a plate taken, statistics, a push that was lost) goes to the
    :data:`Tell` that joined. Every method that is asked for something raises
    :exc:`~streamfx.live.refusal.Refusal`, or a :exc:`~streamfx.errors.UserError`, which says why it
    cannot be: the channel goes on.
    """

    @property
    def session(self) -> str:
        """Token of the session: whoever knows it may come back to it. A secret."""
        ...

    @property
    def stream(self) -> str:
        """Name under which the session can be watched."""
        ...

    @property
    def upload_folder(self) -> Path:
        """Folder of this session alone, which goes with it."""
        ...

    def welcome(self) -> Message:
        """Return the first message, ``welcome``."""
        ...

    async def offer(self, sdp: str) -> str:
        """Take an offer (RFC 8829), return the answer; a second one replaces the connection."""
        ...

    async def trickle(self, fragment: str) -> None:
        """Take further candidates as an SDP fragment (RFC 8840)."""
        ...

    async def set(self, node: str, param: str, value: object) -> Message:
        """Set a live parameter; return ``set`` with the value as it was taken."""
        ...

    async def switch(self, preset: str) -> Message:
        """Change the graph while it runs; return ``preset``."""
        ...

    async def background(self, kind: str, value: str | None) -> Message:
        """Choose what stands behind: ``none``, ``blur``, ``colour`` or ``upload``."""
        ...

    async def plate(self) -> None:
        """Begin to take a clean plate; ``plate`` messages follow."""
        ...

    async def record(self, on: bool) -> Message:
        """Start or end the recording; return ``record``."""
        ...

    async def push(self, url: str) -> None:
        """Send the result on to ``url``; ``push`` messages follow."""
        ...

    async def stop_push(self) -> None:
        """End the push."""
        ...

    async def add_upload(self, path: Path, kind: str) -> str:
        """Take over a checked file of :attr:`upload_folder` (``picture`` or ``video``).

        Returns the name by which :meth:`background` knows it. Few are kept: another one takes the
        place of the oldest.
        """
        ...

    def recording(self, name: str) -> Path:
        """Return a finished recording of this session by its name; 404 for any other."""
        ...

    def stats(self) -> Message:
        """Return ``stats`` as of now."""
        ...

    async def leave(self, *, keep: bool) -> None:
        """Say that the channel is closed; with ``keep`` the session waits for its return."""
        ...


class Hub(Protocol):
    """All sessions of a server. All of it belongs to the loop's thread."""

    @property
    def settings(self) -> ServeSettings:
        """What the server was told."""
        ...

    @property
    def device_note(self) -> str:
        """Where nodes compute, and why there: ``device cpu, as asked``."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the warm-up is done and nothing is known to be broken."""
        ...

    @property
    def draining(self) -> bool:
        """Whether the server is about to end and takes nobody in."""
        ...

    def presets(self) -> list[dict[str, Any]]:
        """Return what is offered, first choices first: ``name``, ``title``, ``inputs`` of each."""
        ...

    async def publish(self, stream: str, sdp: str, preset: str | None) -> Negotiated:
        """Let a publisher in. 404 unknown preset, 409 stream taken, 503 full, 400 bad SDP."""
        ...

    async def watch(self, stream: str, sdp: str) -> Negotiated:
        """Let a viewer in. 404 unknown stream, 503 full, 400 bad SDP."""
        ...

    async def trickle(self, resource: str, fragment: str, etag: str | None) -> None:
        """Take candidates of a peer. 404 unknown resource; 412 when ``etag`` is of another."""
        ...

    async def end(self, resource: str) -> None:
        """End a connection. 404 for an unknown one."""
        ...

    async def join(
        self, tell: Tell, *, session: str | None, stream: str | None, preset: str | None
    ) -> Desk:
        """Open a session for a control channel, or come back to one that lingers.

        A ``session`` that has gone gives a new one (``resumed`` is false in its welcome). 404
        unknown preset, 409 stream taken, 503 full.
        """
        ...

    def desk_of(self, session: str) -> Desk:
        """Return a session by its token; 404 for an unknown one."""
        ...

    def gauges(self) -> list[SessionGauges]:
        """Return every session in numbers."""
        ...

    async def start(self) -> None:
        """Warm up on the real path and publish the sources; sets :attr:`ready`."""
        ...

    async def drain(self, seconds: float) -> None:
        """Take nobody in any more, say ``bye``, and wait until all have gone, or that long."""
        ...

    async def close(self) -> None:
        """End every session at once, and wait until nothing of them is left."""
        ...
