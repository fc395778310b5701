"""What every wire will carry, before the first frame: size, rate, latency, buffers, handles."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from streamfx.errors import GraphError
from streamfx.frame import Info, VideoInfo
from streamfx.graph.build import Pipeline, Step
from streamfx.node import Policy


@dataclass(frozen=True, slots=True)
class Buffer:
    """Items that wait at a port until a slower branch has caught up."""

    step: str
    port: str
    count: int
    """How many items wait at most."""
    size: int
    """Bytes of one item, as float32 on the device; 0 for sound, which is small."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pipeline does to given inputs."""

    wires: Mapping[str, Info]
    """Every feed to what flows along it."""
    held_back: Mapping[str, int]
    """Every step to the number of driving items that it alone holds back."""
    buffers: tuple[Buffer, ...]
    """Where branches of different latency meet."""
    past: Fraction
    """Seconds of the source before a range that must be seen to make its first frame right."""
    latency: Fraction
    """Seconds from a frame going in to its coming out, computation not counted."""
    models: tuple[str, ...]
    """Names of the models that the steps will load."""
    video: VideoInfo
    """What comes out."""


def plan(pipeline: Pipeline, sources: Mapping[str, Info]) -> Plan:
    """Return what comes out of ``pipeline`` when ``sources`` (feed to info) go in.

    Raises :exc:`GraphError` naming the step that refuses what would reach it.
    """
    wires: dict[str, Info] = dict(sources)
    held_back: dict[str, int] = {}
    past: dict[str, Fraction] = dict.fromkeys(wires, Fraction(0))
    buffers: list[Buffer] = []
    for step in pipeline.steps:
        _check_speeds(step, wires)
        _check_pairs(step, wires)
        came = _meet(step, wires)
        buffers += _buffers(step, wires, came)
        made = _ask(step, came, wires)
        held_back[step.id] = made.held_back
        reach = max(past.get(feed, Fraction(0)) for feed in step.wires.values())
        if isinstance(came, VideoInfo):
            reach += step.node.past / came.fps * came.speed
        for out in type(step.node).outputs:
            wires[f"{step.id}.{out}"] = made
            past[f"{step.id}.{out}"] = reach
    ends = list(pipeline.outputs.values())
    video = wires[pipeline.outputs["video"]]
    if not isinstance(video, VideoInfo):
        raise GraphError("output 'video' carries no pictures")
    return Plan(
        wires=wires,
        held_back=held_back,
        buffers=tuple(buffers),
        past=max(past.get(feed, Fraction(0)) for feed in ends),
        latency=max(wires[feed].latency for feed in ends if feed in wires),
        models=tuple(dict.fromkeys(n for step in pipeline.steps for n in step.node.wants())),
        video=video,
    )


def speed_of(info: Info) -> Fraction:
    """Return how many seconds of the source pass in one second; sound keeps the source's time."""
    return info.speed if isinstance(info, VideoInfo) else Fraction(1)


def _check_speeds(step: Step, wires: Mapping[str, Info]) -> None:
    own = speed_of(wires[step.driver])
    for port, feed in step.wires.items():
        if speed_of(wires[feed]) != own:
            raise GraphError(
                f"node {step.id!r}: {step.driver!r} runs at {float(own):g} times the source's "
                f"speed, {port} at {float(speed_of(wires[feed])):g}: join them before that changes"
            )


def _check_pairs(step: Step, wires: Mapping[str, Info]) -> None:
    driver = wires[step.driver]
    for port, feed in step.wires.items():
        other = wires[feed]
        if type(step.node).inputs[port].policy is not Policy.PAIRED:
            continue
        if not (isinstance(driver, VideoInfo) and isinstance(other, VideoInfo)):
            continue
        if not (driver.variable or other.variable) and driver.fps != other.fps:
            raise GraphError(
                f"node {step.id!r}: {port} must come at the instants of the driving input, which "
                f"runs at {float(driver.fps):g} frames/s; {feed!r} runs at {float(other.fps):g}"
            )


def _meet(step: Step, wires: Mapping[str, Info]) -> Info:
    """Return the driving info once it has waited for the slowest input."""
    driver = wires[step.driver]
    latency = driver.latency
    for port, feed in step.wires.items():
        wait = wires[feed].latency
        if type(step.node).inputs[port].policy is Policy.SPAN:
            wait += step.node.lookahead
        latency = max(latency, wait)
    return replace(driver, latency=latency, held_back=0)


def _ask(step: Step, came: Info, wires: Mapping[str, Info]) -> Info:
    wanted = list(inspect.signature(step.node.plan).parameters)[1:]
    others = {name: wires[step.wires[name]] for name in wanted if name in step.wires}
    try:
        return step.node.plan(came, **others)  # type: ignore[arg-type]  # sound-driven nodes take AudioInfo
    except (GraphError, ValueError) as exc:
        raise GraphError(f"node {step.id!r}: {exc}") from exc


def _buffers(step: Step, wires: Mapping[str, Info], came: Info) -> list[Buffer]:
    found = []
    for port, feed in step.wires.items():
        info = wires[feed]
        if not isinstance(info, VideoInfo):
            continue
        ahead = came.latency - info.latency
        if ahead > 0:
            channels = 4 if info.alpha else 3
            size = info.width * info.height * channels * 4
            found.append(Buffer(step.id, port, ceil(ahead * info.fps), size))
    return found
