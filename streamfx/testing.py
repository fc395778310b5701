"""For those who test nodes: make a clip, run a node over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch

from streamfx.engine.flow import Flow
from streamfx.frame import SDR, AudioInfo, Frame, Info, Sound, VideoInfo
from streamfx.graph.build import Pipeline, Step
from streamfx.graph.plan import plan
from streamfx.models.store import Models, ModelStore
from streamfx.node import Context, Node

Item = Frame | Sound


def clip(
    *levels: float,
    fps: Fraction | int = 10,
    size: tuple[int, int] = (4, 6),
    alpha: float | None = None,
    device: torch.device | str = "cpu",
) -> list[Frame]:
    """Return one flat grey frame for each level, ``size`` being (height, width).

    With ``alpha`` the frames are RGBA.
    """
    step = 1 / Fraction(fps)
    frames = []
    for i, level in enumerate(levels):
        image = torch.full((3, *size), float(level), device=device)
        if alpha is not None:
            image = torch.cat([image, torch.full((1, *size), float(alpha), device=device)])
        frames.append(Frame(image, i * step, step, SDR))
    return frames


def noise(
    count: int,
    *,
    fps: Fraction | int = 10,
    size: tuple[int, int] = (24, 32),
    seed: int = 0,
    alpha: bool = False,
    device: torch.device | str = "cpu",
) -> list[Frame]:
    """Return frames of repeatable noise: every pixel of every frame differs from its neighbours."""
    maker = torch.Generator().manual_seed(seed)
    step = 1 / Fraction(fps)
    shape = (4 if alpha else 3, *size)
    return [
        Frame(torch.rand(shape, generator=maker).to(device), i * step, step, SDR)
        for i in range(count)
    ]


def tone(
    seconds: float, *, rate: int = 48000, hertz: float = 440, channels: int = 1, chunk: int = 1024
) -> list[Sound]:
    """Return a sine tone in chunks, as a decoder would bring it."""
    wave = torch.sin(torch.arange(round(seconds * rate)) * (2 * torch.pi * hertz / rate))
    parts = torch.split(wave.expand(channels, -1), chunk, dim=1)
    return [Sound(part, rate, Fraction(i * chunk, rate)) for i, part in enumerate(parts)]


def context(
    models: Models | None = None,
    device: torch.device | str = "cpu",
    info: Info | None = None,
) -> Context:
    """Return a context: float32, on the CPU unless said otherwise; ``info`` is what drives."""
    return Context(torch.device(device), torch.float32, models or ModelStore.installed(), info)


def info_of(items: Sequence[Item]) -> Info:
    """Return what is known of a stream before it flows, as read off its items."""
    first = items[0]
    if isinstance(first, Sound):
        return AudioInfo(first.rate, first.samples.shape[0])
    variable = len({item.duration for item in items}) > 1
    fps = len(items) / sum((item.duration for item in items), Fraction(0))
    info = VideoInfo(first.width, first.height, fps, variable=variable, alpha=first.alpha)
    return replace(info, frames=len(items), colour=first.colour or info.colour)


def run(node: Node, ctx: Context | None = None, /, **inputs: Iterable[Item]) -> list[Any]:
    """Run one node to the end of its inputs, and return what came out.

    A node of several outputs gives a list of ``(name, item)``.
    """
    streams = {port: list(items) for port, items in inputs.items()}
    feeds = {port: f"input.{port}" for port in node.inputs if port in streams}
    outputs = {name: f"it.{name}" for name in node.outputs}
    kinds = {feed: node.inputs[port].type for port, feed in feeds.items()}
    pipeline = Pipeline(
        "one node",
        (Step("it", "it", node, feeds),),
        {"video": next(iter(outputs.values())), **outputs},
        kinds,
    )
    made: list[tuple[str, Any]] = []
    flow = Flow(
        pipeline,
        plan(pipeline, {feeds[port]: info_of(items) for port, items in streams.items()}),
        ctx or context(),
        lambda name, item: made.append((name, item)),
    )
    order = sorted(
        ((item.pts, feeds[port], item) for port, items in streams.items() for item in items),
        key=lambda entry: entry[:2],
    )
    for _, feed, item in order:
        flow.push(feed, [item])
    for feed in feeds.values():
        flow.end(feed)
    flow.close()
    if len(outputs) > 1:
        return [(name, item) for name, item in made if name != "video"]
    return [item for name, item in made if name == "video"]
