"""Take the frames that come out of a graph one by one, and do with them what you like."""

from fractions import Fraction

import streamfx as fx
from streamfx.media.testcard import Card, draw
from streamfx.nodes.geometry import Crop, Resize

draw("clip.mp4", Card(width=320, height=180, seconds=Fraction(2)))

# The clip has a lamp in its upper right corner, which is lit at every whole second.
graph = fx.chain(Crop(left=289, top=12, width=20, height=20), Resize(scale=0.2))
before = 0.0
for frame in graph.stream("clip.mp4"):
    level = frame.image.mean().item()
    if level > before + 0.3:
        print(f"the lamp goes on at {float(frame.pts):.2f} s")
    before = level
