"""HDR10 metadata: the display a picture was mastered on, and how bright it gets.

SMPTE ST 2086 and CTA-861.3, read from FFmpeg's ``AVMasteringDisplayMetadata`` and
``AVContentLightMetadata``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from streamfx.media.beside import beside

Point = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Mastering:
    """Static HDR10 metadata of a stream."""

    red: Point | None = None
    """CIE 1931 x, y of the mastering display's red; None where no primaries are given."""
    green: Point | None = None
    """The same of its green."""
    blue: Point | None = None
    """The same of its blue."""
    white: Point | None = None
    """The same of its white point."""
    darkest: Fraction | None = None
    """cd/m² of its black; None where no luminance is given."""
    brightest: Fraction | None = None
    """cd/m² of its white; None where no luminance is given."""
    max_cll: int | None = None
    """cd/m² of the brightest pixel of the content; None where not given."""
    max_fall: int | None = None
    """cd/m² of the brightest frame on average; None where not given."""


def mastering_of(frame: VideoFrame) -> Mastering | None:
    """Return the HDR10 metadata that came with a decoded frame, or None."""
    found = beside(frame)
    display = found.get(Type.MASTERING_DISPLAY_METADATA)
    light = found.get(Type.CONTENT_LIGHT_LEVEL)
    if display is None and light is None:
        return None
    facts: dict[str, object] = {}
    if display is not None:
        facts |= _display(display)
    if light is not None:
        facts["max_cll"], facts["max_fall"] = struct.unpack_from("=II", light)
    return Mastering(**facts)  # type: ignore[arg-type]  # built by name above


def _display(data: bytes) -> dict[str, object]:
    numbers = struct.unpack_from("=22i", data)
    ratios = [
        Fraction(num, den) if den else Fraction(0)
        for num, den in zip(numbers[0:20:2], numbers[1:20:2], strict=True)
    ]
    has_primaries, has_luminance = numbers[20:22]
    facts: dict[str, object] = {}
    if has_primaries:
        for at, name in enumerate(("red", "green", "blue", "white")):
            facts[name] = (ratios[2 * at], ratios[2 * at + 1])
    if has_luminance:
        facts["darkest"], facts["brightest"] = ratios[8], ratios[9]
    return facts
