from __future__ import annotations

from pathlib import Path

import pytest

from streamfx.media import extent
from tests import clips

FAST = {"movflags": "faststart"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}


@pytest.mark.parametrize(
    ("name", "container"),
    [("x.mp4", FAST), ("x.mp4", FRAGMENTS), ("x.mov", {}), ("x.mkv", {}), ("x.avi", {})],
)
def test_every_byte_missing_at_the_end_is_counted(
    name: str, container: dict[str, str], tmp_path: Path
) -> None:
    path = clips.cached(name, frames=10, container=container)
    data = path.read_bytes()
    assert extent.measure(path) == extent.WHOLE
    cut = tmp_path / name
    for missing in (1, 7, 200):
        cut.write_bytes(data[:-missing])
        found = extent.measure(cut)
        assert found.missing > 0 or not found.indexed


def test_a_transport_stream_ends_with_a_whole_packet(tmp_path: Path) -> None:
    path = clips.cached("x.ts", frames=10)
    assert extent.measure(path).missing == 0
    cut = tmp_path / "x.ts"
    cut.write_bytes(path.read_bytes()[:-100])
    assert extent.measure(cut).missing == 100


def test_what_is_no_known_container_is_not_judged(tmp_path: Path) -> None:
    for name, data in (("a", b""), ("b", b"hello"), ("c", b"RIFF"), ("d", b"\x1aE\xdf\xa3")):
        (tmp_path / name).write_bytes(data)
        assert extent.measure(tmp_path / name) == extent.WHOLE


def test_zeros_after_the_last_box_are_padding(tmp_path: Path) -> None:
    path = tmp_path / "padded.mp4"
    path.write_bytes(clips.cached("x.mp4", frames=10, container=FAST).read_bytes() + bytes(100))
    assert extent.measure(path) == extent.WHOLE
