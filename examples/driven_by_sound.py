"""A node that sees and hears: the picture gets brighter as the sound gets louder."""

from fractions import Fraction

import streamfx as fx
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import Card, draw


class Pulse(fx.Node):
    """Brighten each frame by what is heard while it is shown."""

    gain: float = fx.param(default=1.0, ge=0, le=10, unit="x", help="How much light sound makes.")

    def process(self, frame: fx.Frame, sound: fx.Span[fx.Sound]) -> fx.Frame:
        loudness = sound.samples.square().mean().sqrt().item()
        colour = (frame.image[:3] * (1 + self.gain * loudness)).clamp(0, 1)
        image = frame.image.clone()
        image[:3] = colour
        return frame.showing(image)


draw("clip.mp4", Card(width=320, height=180, seconds=Fraction(2)))

graph = fx.Graph("A picture that beats with its sound")
graph.add(Pulse(gain=3), frame=graph.video, sound=graph.audio)
report = graph.render("clip.mp4", "pulse.mp4", settings=RunSettings(overwrite=True))
print(f"{report.target}: {report.frames_out} frames, its sound kept as it was")
