"""A graph with two inputs: cut an oval out of one picture and lay it over another."""

from fractions import Fraction

import cv2
import numpy as np
import torch

import streamfx as fx
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import Card, draw
from streamfx.nodes.compose import Over


class Oval(fx.Node):
    """Keep what lies in an oval around the centre; the rest becomes transparent."""

    def plan(self, video: fx.VideoInfo) -> fx.VideoInfo:
        return video.with_alpha()

    def process(self, frame: fx.Frame) -> fx.Frame:
        y, x = torch.meshgrid(
            torch.linspace(-1, 1, frame.height, device=frame.image.device),
            torch.linspace(-1, 1, frame.width, device=frame.image.device),
            indexing="ij",
        )
        inside = (x * x + y * y < 0.6).to(frame.image.dtype)
        return frame.showing(torch.cat([frame.image[:3], inside[None]]))


draw("clip.mp4", Card(width=320, height=180, seconds=Fraction(2)))
across = np.linspace(40, 200, 640).astype(np.uint8)
cv2.imwrite("stage.png", np.dstack([np.tile(across, (360, 1))] * 3))

graph = fx.Graph("An oval of the clip on a grey stage")
oval = graph.add(Oval(), frame=graph.video)
graph.add(Over(feather=4), subject=oval, background=graph.input("background"))

report = graph.render(
    "clip.mp4", "on-stage.mp4", background="stage.png", settings=RunSettings(overwrite=True)
)
print(f"{report.target}: {report.frames_out} frames of {report.frames_in}")
