"""``/metrics``: the server and its sessions in numbers, as Prometheus reads them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from streamfx.live.sessions.contract import LATENCY_BOUNDS, Hub, SessionGauges

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

_GAUGES: dict[str, tuple[str, Callable[[SessionGauges], float]]] = {
    "viewers": ("Peers that watch.", lambda one: one.viewers),
    "load": ("Share of the frame budget in use.", lambda one: one.load),
    "bits_in": ("Bits a second received.", lambda one: one.bits_in),
    "bits_out": ("Bits a second sent.", lambda one: one.bits_out),
}
_COUNTS: dict[str, tuple[str, Callable[[SessionGauges], float]]] = {
    "frames_in": ("Pictures that came.", lambda one: one.frames_in),
    "frames_out": ("Pictures that were shown.", lambda one: one.frames_out),
    "frames_dropped": ("Pictures that a newer one replaced.", lambda one: one.dropped),
    "joins_late": ("Joins that took what was there.", lambda one: one.late),
}


class Metrics:
    """The numbers of one server, in a registry of its own."""

    def __init__(self, hub: Hub) -> None:
        self._registry = CollectorRegistry()
        self._refusals = Counter(
            "streamfx_refusals", "Requests that were refused.", ["code"], registry=self._registry
        )
        self._requests = Counter(
            "streamfx_requests",
            "Requests by route and status.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Sessions(hub))

    def refused(self, code: str) -> None:
        """Count a refusal."""
        self._refusals.labels(code).inc()

    def answered(self, route: str, method: str, status: int) -> None:
        """Count a request by the route that it took."""
        self._requests.labels(route, method, str(status)).inc()

    def text(self) -> bytes:
        """Return everything as of now. To be called in the loop's thread."""
        return generate_latest(self._registry)


class _Sessions:
    """Reads the sessions when they are asked for. Their streams are labels, no secrets."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def describe(self) -> list[Metric]:
        return []  # what there is depends on who is there

    def collect(self) -> Iterator[Metric]:
        sessions = self._hub.gauges()
        yield GaugeMetricFamily("streamfx_sessions", "Sessions.", len(sessions))
        yield GaugeMetricFamily("streamfx_ready", "Whether it is ready.", float(self._hub.ready))
        yield GaugeMetricFamily("streamfx_threads", "Threads.", threading.active_count())
        yield GaugeMetricFamily("streamfx_tasks", "Tasks of the loop.", _tasks())
        for name, (about, value) in _GAUGES.items():
            gauge = GaugeMetricFamily(f"streamfx_session_{name}", about, labels=["stream"])
            for one in sessions:
                gauge.add_metric([one.stream], value(one))
            yield gauge
        for name, (about, value) in _COUNTS.items():
            count = CounterMetricFamily(f"streamfx_session_{name}", about, labels=["stream"])
            for one in sessions:
                count.add_metric([one.stream], value(one))
            yield count
        yield _states(sessions)
        yield _node_times(sessions)
        yield _latencies(sessions)


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # asked outside the loop
        return 0


def _states(sessions: list[SessionGauges]) -> Metric:
    labels = ["stream", "preset", "state", "rung"]
    family = GaugeMetricFamily("streamfx_session_state", "1 for how it stands.", labels=labels)
    for one in sessions:
        family.add_metric([one.stream, one.preset, one.state, one.rung], 1)
    return family


def _node_times(sessions: list[SessionGauges]) -> Metric:
    family = GaugeMetricFamily(
        "streamfx_node_seconds", "Seconds a picture, of late.", labels=["stream", "node"]
    )
    for one in sessions:
        for node, milliseconds in one.nodes.items():
            family.add_metric([one.stream, node], milliseconds / 1000)
    return family


def _latencies(sessions: list[SessionGauges]) -> Metric:
    family = HistogramMetricFamily(
        "streamfx_latency_seconds", "From a picture's arrival to its leaving.", labels=["stream"]
    )
    bounds = [*(f"{bound:g}" for bound in LATENCY_BOUNDS), "+Inf"]
    for one in sessions:
        sums = accumulate(one.latency_counts)
        classes = [(bound, float(count)) for bound, count in zip(bounds, sums, strict=True)]
        family.add_metric([one.stream], classes, one.latency_sum)
    return family
