"""What a stream of H.264 says about itself: its level, its parameter sets (ITU-T H.264)."""

from __future__ import annotations

_LEVELS = (  # ITU-T H.264, table A-1: name, macroblocks a second, macroblocks a picture
    ("1.1", 3_000, 396),
    ("1.2", 6_000, 396),
    ("1.3", 11_880, 396),
    ("2.1", 19_800, 792),
    ("2.2", 20_250, 1_620),
    ("3.0", 40_500, 1_620),
    ("3.1", 108_000, 3_600),
    ("3.2", 216_000, 5_120),
    ("4.0", 245_760, 8_192),
    ("4.2", 522_240, 8_704),
    ("5.0", 589_824, 22_080),
    ("5.1", 983_040, 36_864),
    ("5.2", 2_073_600, 36_864),
)


def h264_level(width: int, height: int, fps: float) -> str:
    """Return the lowest H.264 level for pictures of this size at this rate, such as ``3.1``."""
    blocks = -(-width // 16) * -(-height // 16)
    for name, speed, size in _LEVELS:
        if blocks <= size and blocks * fps <= speed:
            return name
    return _LEVELS[-1][0]


def parameter_sets(data: bytes) -> bytes:
    """Return the parameter sets (SPS, PPS) of an H.264 access unit, empty where there are none.

    In and out as Annex B: containers want them beside the stream.
    """
    return b"".join(
        b"\x00\x00\x00\x01" + unit for unit in units(data) if unit and unit[0] & 0x1F in (7, 8)
    )


def units(data: bytes) -> list[bytes]:
    """Return the NAL units of an H.264 access unit in Annex B, without their start codes."""
    return [unit.rstrip(b"\x00") for unit in data.split(b"\x00\x00\x01")[1:]]
