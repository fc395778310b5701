"""What a live run knows of a graph before it opens it: its inputs, its size, nodes of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from streamfx.engine.feeds import Feed
from streamfx.errors import ParamError
from streamfx.frame import SDR, AudioInfo, Frame, Info, Sound, VideoInfo
from streamfx.graph.build import Pipeline
from streamfx.graph.spec import VIDEO
from streamfx.node import Node, Policy

TICK = Fraction(1, 90000)
"""Seconds of a tick of RTP's video clock (RFC 6184, RFC 7741)."""

SOUND = AudioInfo(48000, 2, "stereo")
"""Sound as it is planned: what WebRTC brings (RFC 7587)."""


class NoPictureError(Exception):
    """An input has nothing to show yet, so the graph cannot be planned."""

    def __init__(self, name: str) -> None:
        super().__init__(f"input {name!r} has no picture yet")
        self.name = name


def info_of(frame: Frame, fps: Fraction) -> VideoInfo:
    """Return what is known of a live stream by one of its frames."""
    return VideoInfo(
        frame.width,
        frame.height,
        fps,
        variable=True,
        colour=frame.colour or SDR,
        alpha=frame.alpha,
        tick=TICK,
    )


def fresh(pipeline: Pipeline, scale: float = 1.0) -> Pipeline:
    """Return a pipeline with the same parameters and no state.

    Lengths in pixels are multiplied by ``scale``, as far as their bounds allow.
    """
    steps = []
    for step in pipeline.steps:
        node = step.node.fresh()
        if scale != 1:
            for name in type(node).model_fields:
                rescale(node, name, getattr(node, name), scale)
        steps.append(replace(step, node=node))
    return replace(pipeline, steps=tuple(steps))


def rescale(node: Node, name: str, value: object, scale: float) -> None:
    """Set a parameter, times ``scale`` where it is a length in pixels and its bounds allow that."""
    if scale != 1 and in_pixels(node, name) and isinstance(value, (int, float)):
        scaled = value * scale
        try:
            setattr(node, name, round(scaled) if isinstance(value, int) else scaled)
        except ParamError:
            pass
        else:
            return
    setattr(node, name, value)


def in_pixels(node: Node, name: str) -> bool:
    """Return whether a parameter is a length in pixels."""
    extra = type(node).model_fields[name].json_schema_extra
    return isinstance(extra, dict) and extra.get("unit") == "px"


def input_of(feed: str) -> str:
    """Return the name of the input that a feed belongs to."""
    return feed.split(".")[1]


def pictures_of(pipeline: Pipeline) -> list[str]:
    """Return the feeds of pictures besides the main one."""
    return [f for f, kind in pipeline.inputs.items() if f != VIDEO and issubclass(kind, Frame)]


def sounds_of(pipeline: Pipeline) -> list[str]:
    """Return the feeds of sound."""
    return [feed for feed, kind in pipeline.inputs.items() if issubclass(kind, Sound)]


def survey(
    pipeline: Pipeline, video: VideoInfo, feeds: Mapping[str, Feed], at: Fraction
) -> dict[str, Info]:
    """Return what is known of every feed from outside, ``video`` being the live picture.

    Raises :exc:`NoPictureError` where an input shows nothing yet.
    """
    infos: dict[str, Info] = {VIDEO: video, **dict.fromkeys(sounds_of(pipeline), SOUND)}
    for feed in pictures_of(pipeline):
        shown = feeds[input_of(feed)].frame_at(at, video.width, video.height)
        if shown is None:
            raise NoPictureError(input_of(feed))
        infos[feed] = info_of(shown, video.fps)
    return infos


def may_be_sparse(pipeline: Pipeline, feed: str) -> bool:
    """Return whether a picture that stays the same needs to be pushed only once.

    That is so where every join that it reaches takes the latest there is, and no step on the way
    holds frames back or keeps a state.
    """
    reached = {feed}
    for step in pipeline.steps:
        for port, wire in step.wires.items():
            if wire not in reached:
                continue
            policy = type(step.node).inputs[port].policy
            if policy is Policy.DRIVES and step.node.stateless:
                reached |= {f"{step.id}.{out}" for out in type(step.node).outputs}
            elif policy is not Policy.HELD:
                return False
    return not reached & set(pipeline.outputs.values())
