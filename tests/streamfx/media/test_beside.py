from __future__ import annotations

import struct
from pathlib import Path

import av
import pytest
from av.sidedata.sidedata import Type

from streamfx.media.beside import beside
from tests import clips

ORIENTED = {1: 0, 3: 180, 6: -90, 8: 90}
"""EXIF orientations, and the degrees counter-clockwise that make them upright."""


def with_exif(path: Path, orientation: int) -> Path:
    """Put an EXIF block that states an orientation into a JPEG."""
    data = clips.still(path).read_bytes()
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    block = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    path.write_bytes(data[:2] + block + data[2:])
    return path


@pytest.mark.parametrize("orientation", sorted(ORIENTED))
def test_the_orientation_of_a_photograph_is_read(orientation: int, tmp_path: Path) -> None:
    with av.open(str(with_exif(tmp_path / "photo.jpg", orientation))) as container:
        frame = next(container.decode(video=0))
    found = beside(frame).get(Type.DISPLAYMATRIX)
    turned = {0: None, 90: (0, -1, 1, 0), -90: (0, 1, -1, 0), 180: (-1, 0, 0, -1)}
    wanted = turned[ORIENTED[orientation]]
    if wanted is None:
        assert found is None or struct.unpack("=9i", found[:36])[0] > 0
    else:
        assert found is not None
        a, b, _, c, d, *_ = struct.unpack("=9i", found[:36])
        assert tuple(value // 65536 for value in (a, b, c, d)) == wanted


def test_a_plain_frame_has_nothing_beside_it() -> None:
    assert beside(clips.draw(0, clips.Clip())) == {}
