"""A node with two outputs, each written to a file of its own: a picture and its matte."""

from fractions import Fraction
from typing import NamedTuple

import torch

import streamfx as fx
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import Card, draw


class Parts(NamedTuple):
    """What comes out, by name."""

    bright: fx.Frame
    matte: fx.Frame


class Highlights(fx.Node):
    """Part what is bright from what is dark."""

    level: float = fx.param(default=0.6, ge=0, le=1, help="What counts as bright.")

    def process(self, frame: fx.Frame) -> Parts:
        colour = frame.image[:3]
        matte = (colour.mean(dim=0, keepdim=True) > self.level).to(colour.dtype).expand(3, -1, -1)
        return Parts(frame.showing(colour * matte), frame.showing(torch.clone(matte)))


draw("clip.mp4", Card(width=320, height=180, seconds=Fraction(1)))

graph = fx.Graph("What is bright, and where")
parts = graph.add(Highlights(), frame=graph.video)
graph.output(video=parts.bright, matte=parts.matte)
report = graph.render(
    "clip.mp4",
    "bright.mp4",
    outputs={"matte": "matte.mkv"},
    settings=RunSettings(overwrite=True),
)
print(f"{report.frames_out} frames in {report.target}, as many in matte.mkv")
