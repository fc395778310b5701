"""Where a source should end, and whether it did."""

from __future__ import annotations

from fractions import Fraction

from streamfx.media.intake import Intake
from streamfx.timing import show_instant

SHORT = Fraction(1, 2)
"""Seconds by which a source may end before its header says without counting as truncated."""

DECLARED = frozenset(("mov", "matroska", "avi", "flv", "asf", "mxf"))
"""Formats whose header states the duration; others only estimate it."""


def shortfall(intake: Intake) -> str | None:
    """Return how a source that was read to its end ended early, in a sentence; None if it did not.

    It did when its packets stop more than half a second before the instant that its header states,
    or when bytes are missing by the file's own structure.
    """
    reached, said = intake.packets.reached, declared(intake)
    if reached is not None and said is not None and reached < said - SHORT:
        return f"ends at {show_instant(reached)}, though its header says {show_instant(said)}"
    if intake.opened.missing:
        return f"the last {intake.opened.missing} bytes of the file are missing"
    return None


def last_tick(intake: Intake) -> int | None:
    """Return the tick at which the header lets the video end; None where it only estimates."""
    stream = intake.video
    if stream is None or not stream.duration or "mov" not in intake.opened.container.format.name:
        return None
    return (stream.start_time or 0) + stream.duration


def declared(intake: Intake) -> Fraction | None:
    """Return when the header says that the video ends; None where it only estimates."""
    container, stream = intake.opened.container, intake.video
    if not DECLARED & set(container.format.name.split(",")):
        return None
    if stream is not None and stream.duration and stream.time_base:
        return ((stream.start_time or 0) + stream.duration) * stream.time_base
    if not container.duration:
        return None
    # Matroska counts its duration from 0, FFmpeg's muxer at least; wherever the first picture is
    start = 0 if "matroska" in container.format.name else container.start_time or 0
    return Fraction(start + container.duration, 1_000_000)
