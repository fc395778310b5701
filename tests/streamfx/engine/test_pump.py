from __future__ import annotations

from pathlib import Path

import av

from streamfx import Frame, Node, Sound, Span
from streamfx.engine.inputs import AHEAD, APART
from streamfx.engine.preparation import prepare
from streamfx.engine.pump import Pump
from streamfx.engine.settings import RunSettings
from streamfx.frame import Timed
from streamfx.graph.build import Pipeline, Step
from streamfx.models.store import ModelStore
from tests import clips

RATE = 25


class Listens(Node):
    def process(self, frame: Frame, speech: Span[Sound]) -> Frame:
        return frame


def with_sound_until(seconds: float, source: Path, target: Path) -> Path:
    """Copy a clip, its sound only up to a time."""
    with av.open(str(source)) as first, av.open(str(target), "w") as out:
        tracks = {s.index: out.add_stream_from_template(s, opaque=True) for s in first.streams}
        for packet in first.demux():
            late = packet.pts is not None and float(packet.pts * packet.time_base) > seconds
            if packet.dts is None or (packet.stream.type == "audio" and late):
                continue
            packet.stream = tracks[packet.stream.index]
            out.mux_one(packet)
    return target


def test_sound_that_ends_early_does_not_make_the_pictures_pile_up(tmp_path: Path) -> None:
    whole = clips.cached("talk.mkv", frames=20 * RATE, codec="ffv1", audio=("aac",))
    clip = with_sound_until(1, whole, tmp_path / "short.mkv")
    step = Step("it", "it", Listens(), {"frame": "input.video", "speech": "input.audio"})
    kinds: dict[str, type] = {"input.video": Frame, "input.audio": Sound}
    pipeline = Pipeline("listens", (step,), {"video": "it.out"}, kinds)
    ready = prepare(pipeline, str(clip), {}, RunSettings(device="cpu"), copy=False, looks=True)
    out: list[Timed] = []
    pump = Pump(ready, lambda _, item: out.append(item), ModelStore())
    most = max(pump.flow.waiting for _ in pump)
    pump.close()
    assert len(out) == 20 * RATE
    assert most <= APART * RATE + AHEAD
