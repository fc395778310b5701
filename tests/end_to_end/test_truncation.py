"""A clip cut off at two hundred places: one clear line, or a whole file; never anything else."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from streamfx.engine import offline
from streamfx.engine.settings import RunSettings
from streamfx.errors import RunError, UserError
from streamfx.graph.build import build
from streamfx.graph.spec import GraphSpec
from tests import clips

IDENTITY = build(GraphSpec("identity"), {})
PLACES = 200


def playable(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["header-first.mp4", "header-last.mp4", "clip.mkv", "clip.ts"])
def test_a_cut_off_clip_is_said_to_be_or_rendered_whole(name: str, tmp_path: Path) -> None:
    first = {"movflags": "faststart"} if name == "header-first.mp4" else {}
    whole = clips.cached(name, frames=60, audio=("aac",), container=first)
    data = whole.read_bytes()
    cut, target = tmp_path / name, tmp_path / "out.mkv"
    said = done = kept = 0
    places = PLACES if name == "header-first.mp4" else PLACES // 4
    for place in range(places):
        cut.write_bytes(data[: len(data) * place // places])
        try:
            report = offline.render(IDENTITY, str(cut), str(target), settings=RunSettings())
        except (UserError, RunError) as exc:
            said += 1
            assert "\n" not in str(exc)
            assert str(cut) in str(exc) or "nothing could be decoded" in str(exc)
            assert not target.exists()
            part = Path(f"{target}.part")
            if part.exists():
                kept += 1
                assert playable(part) > 0
                part.unlink()
        else:
            done += 1
            assert playable(target) == report.frames_out > 0
            target.unlink()
        assert {path.name for path in tmp_path.iterdir()} == {name}
    assert said > 0
    if name == "header-first.mp4":
        assert kept > places // 3  # what could be rendered is not lost
        assert done < places // 20
