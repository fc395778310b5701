"""Save a graph as a preset, load it again, and render both: the pictures are the same."""

from fractions import Fraction

import torch

import streamfx as fx
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import Card, draw
from streamfx.nodes.adjust import Exposure
from streamfx.nodes.geometry import Resize

draw("clip.mp4", Card(width=320, height=180, seconds=Fraction(1)))

made = fx.chain(Exposure(stops=-0.5), Resize(scale=0.5), title="Darker and smaller")
made.save("mine.toml")  # from here on: streamfx render mine.toml clip.mp4 small.mp4
loaded = fx.Graph.load("mine.toml")

again = RunSettings(overwrite=True)
report = loaded.render("clip.mp4", "small.mp4", settings=again)
print(f"{report.title}: {report.frames_out} frames in {report.target}")

pairs = zip(made.stream("clip.mp4"), loaded.stream("clip.mp4"), strict=True)
assert all(torch.equal(one.image, other.image) for one, other in pairs)
