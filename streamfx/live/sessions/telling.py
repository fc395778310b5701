"""A session put into the words of the control channel and of the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamfx.live.sessions.contract import Message, SessionGauges

if TYPE_CHECKING:
    from streamfx.live.sessions.session import Session


def preset_body(session: Session) -> dict[str, Any]:
    """Return the graph that runs, with the controls that may be moved."""
    kind, value = session.background
    return {
        "name": session.offered.name,
        "title": session.offered.spec.title,
        "inputs": list(session.offered.inputs),
        "nodes": session.realtime.nodes(),
        "background": {"kind": kind, "value": value},
        "plate": session.plate,
    }


def stats_message(session: Session) -> Message:
    """Return the statistics as of now."""
    live = session.realtime.stats
    middle, high = session.latency.percentiles() or (None, None)
    peers = [party.peer.stats() for party in session.parties]
    trips = [peer.round_trip for peer in peers if peer.round_trip is not None]
    return {
        "type": "stats",
        "fps_in": round(live.fps_in, 2),
        "fps_out": round(live.fps_out, 2),
        "frames_in": live.frames_in,
        "frames_out": live.frames_out,
        "dropped": live.dropped + session.encoder_drops,
        "late": live.late,
        "latency_ms": {"p50": _ms(middle), "p95": _ms(high)},
        "bits_in": round(sum(peer.bits_in for peer in peers)),
        "bits_out": round(sum(peer.bits_out for peer in peers)),
        "round_trip_ms": _ms(max(trips, default=None)),
        "rung": live.rung,
        "load": round(live.load, 3),
        "nodes": [{"id": s.id, "ms": round(s.milliseconds, 2)} for s in live.steps],
        "viewers": session.watching,
    }


def gauges(session: Session) -> SessionGauges:
    """Return the session in numbers."""
    live = session.realtime.stats
    peers = [party.peer.stats() for party in session.parties]
    counts, total = session.latency.histogram()
    return SessionGauges(
        stream=session.name,
        preset=session.offered.name,
        state=live.state,
        rung=live.rung,
        viewers=session.watching,
        frames_in=live.frames_in,
        frames_out=live.frames_out,
        dropped=live.dropped + session.encoder_drops,
        late=live.late,
        load=live.load,
        bits_in=sum(peer.bits_in for peer in peers),
        bits_out=sum(peer.bits_out for peer in peers),
        latency_counts=counts,
        latency_sum=total,
        nodes={step.id: step.milliseconds for step in live.steps},
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
