"""A graph in Python: a branch that is blurred, laid over the picture that it came from."""

import streamfx as fx
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import Card, draw
from streamfx.nodes.compose import Blur, Over

draw("in.mp4", Card(width=480, height=270))  # any footage will do

graph = fx.Graph("Soft focus")
soft = graph.add(Blur(radius=10.0), frame=graph.video)
graph.add(Over(opacity=0.45), subject=soft, background=graph.video)

report = graph.render("in.mp4", "soft.mp4", settings=RunSettings(overwrite=True))
print(f"{report.frames_out} frames, {report.speed:.0f} in a second")

frame = next(graph.stream("in.mp4"))  # or frame by frame
print(f"{frame.width} x {frame.height}, {tuple(frame.image.shape)} on {frame.image.device}")

graph.save("soft.toml")  # or as a preset: streamfx render soft.toml in.mp4 soft.mp4
