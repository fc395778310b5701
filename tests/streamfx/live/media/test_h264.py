from __future__ import annotations

import pytest

from streamfx.live.media.h264 import h264_level, parameter_sets


@pytest.mark.parametrize(
    ("width", "height", "fps", "level"),
    [
        (320, 240, 30, "1.3"),
        (640, 480, 30, "3.0"),
        (1280, 720, 30, "3.1"),
        (1280, 720, 60, "3.2"),
        (1920, 1080, 30, "4.0"),
        (1920, 1080, 60, "4.2"),
        (1080, 1920, 60, "4.2"),
        (3840, 2160, 30, "5.1"),
        (7680, 4320, 60, "5.2"),
    ],
)
def test_the_level_follows_the_size(width: int, height: int, fps: int, level: str) -> None:
    assert h264_level(width, height, fps) == level


def test_parameter_sets_are_found_among_other_units_of_either_start_code() -> None:
    picture = b"\x00\x00\x00\x01\x09\xf0\x00\x00\x01\x67sps\x00\x00\x00\x01\x68pps"
    assert parameter_sets(picture + b"\x00\x00\x01\x65slice") == (
        b"\x00\x00\x00\x01\x67sps\x00\x00\x00\x01\x68pps"
    )


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x01", b"\x00\x00\x01\x41slice", b"garbage"])
def test_other_data_holds_none(data: bytes) -> None:
    assert parameter_sets(data) == b""
