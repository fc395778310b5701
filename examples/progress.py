"""Hear how a render gets on, and read in the report what was done."""

import json
from fractions import Fraction
from pathlib import Path

import streamfx as fx
from streamfx.engine.report import Progress
from streamfx.engine.settings import RunSettings
from streamfx.media.testcard import Card, draw

draw("clip.mp4", Card(width=640, height=360, seconds=Fraction(3)))


def tell(progress: Progress) -> None:
    done = "?" if progress.done is None else f"{progress.done:.0%}"
    print(f"{done:>4}  {progress.frames_out} frames written, {progress.speed:.0f} in a second")


report = fx.Graph.load("smooth-2x").render(
    "clip.mp4",
    "smooth.mkv",
    settings=RunSettings(start=Fraction(1), end=Fraction(5, 2), codec="ffv1", overwrite=True),
    progress=tell,
)
print(f"{report.frames_in} frames in, {report.frames_out} out, in {report.elapsed:.1f} s")
for step in report.steps:
    print(f"{step.id}: {step.milliseconds:.1f} ms each")
Path("report.json").write_text(json.dumps(report.as_dict(), indent=2), "utf-8")
