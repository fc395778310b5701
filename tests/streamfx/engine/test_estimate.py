from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.engine.estimate import explain
from streamfx.engine.settings import RunSettings
from streamfx.errors import SourceError
from streamfx.frame import VideoInfo
from streamfx.nodes.interpolate import Blend
from streamfx.scripting import Graph, chain
from tests import clips


def test_the_plan_is_told_and_nothing_stays_behind(tmp_path: Path) -> None:
    clip = clips.cached("plan.mp4", frames=100, audio=("aac",))
    target = tmp_path / "out.mp4"
    pipeline = chain(Blend(factor=3), title="Three times").pipeline()
    found = explain(pipeline, str(clip), str(target), settings=RunSettings(device="cpu"))
    assert list(tmp_path.iterdir()) == []
    assert [wire.feed for wire in found.wires] == ["input.video", "blend.out"]
    made = found.wires[-1].info
    assert isinstance(made, VideoInfo)
    assert (made.fps, made.width) == (75, 64)
    assert found.encode.encoder == "libx264"
    assert (found.frames, found.device) == (100, "cpu")
    assert found.latency == Fraction(1, 25)
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.disk is not None
    assert 0 < found.disk < 10_000_000
    assert found.memory > 50 << 20
    assert any("codec h264" in note for note in found.notes)
    assert found.as_dict()["encode"]["codec"] == "h264"


def test_standard_input_cannot_be_explained() -> None:
    with pytest.raises(SourceError, match="standard input can be read only once"):
        explain(Graph().pipeline(), "-")
