"""How many frames a second a stream has, and whether they last equally long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from av.video.stream import VideoStream

JITTER = Fraction(1, 1000)
"""Seconds: instants this close to an even grid are rounding, not a variable rate."""

AGREE = Fraction(1, 50)
"""Relative difference up to which a stated rate is believed."""

SAMPLE = 600
"""Index entries looked at in each of three places: the start, the middle and the end."""

CUSTOMARY = tuple(
    Fraction(rate) for rate in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
) + tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120))


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of a stream's rate before it is read."""

    fps: Fraction
    """Frames per second; the average where the rate is variable."""
    variable: bool
    """Whether frames last differently long."""
    frames: int | None
    """How many there are, where the container says."""
    note: str = ""
    """What was decided against the container's word; empty where it was believed."""


def judge(stream: VideoStream, seen: Sequence[int], fallback: Fraction) -> Rate:
    """Judge the rate by the container's index, else by the instants ``seen`` (pts, in ticks).

    With an index (MP4, QuickTime): the container's average is exact, and the rate is variable when
    decoding instants in three samples of it leave the even grid by more than a tick and a
    millisecond. Without: the first of the average, guessed and base rate that agrees with what the
    first packets show, else the rate they show; variable when they leave the grid, or when the
    average and the base rate differ by more than 2 %.
    """
    tick = stream.time_base or Fraction(1, 90000)
    average, base = stream.average_rate, stream.base_rate
    index = stream.index_entries
    if stream.frames and len(index) >= stream.frames and average:
        dropped = 0
        if len(index) <= 100_000:
            dropped = sum(entry.is_discard for entry in index)
        return Rate(average, _index_varies(stream, tick), stream.frames - dropped)
    ordered = _apart(sorted(seen), tick)
    frames = stream.frames or None
    if len(ordered) < 3:
        fps = next((r for r in (average, stream.guessed_rate, base) if r and r <= 240), fallback)
        return Rate(fps, False, frames)
    span = (ordered[-1] - ordered[0]) * tick
    shown = (len(ordered) - 1) / span
    variable = _varies(ordered, tick)
    for stated in (average, stream.guessed_rate, base):
        if stated and abs(stated / shown - 1) <= AGREE:
            return Rate(stated, variable, frames)
    if variable and average and average * tick < Fraction(1, 2):
        return Rate(average, True, frames)
    fps = min(CUSTOMARY, key=lambda rate: abs(rate - shown))
    if abs(fps / shown - 1) > 2 * tick / span + Fraction(1, 1000):
        fps = shown.limit_denominator(1001)
    said = f"the container says {float(average or base or 0):g}"
    return Rate(fps, variable, frames, f"rate {float(fps):.3f} fps taken from the packets; {said}")


def _apart(instants: Sequence[int], tick: Fraction) -> list[int]:
    """Return the instants without those that only hidden packets have (VP9's reference frames)."""
    slack = max(1, round(JITTER / tick))
    kept = list(instants[:1])
    kept.extend(b for a, b in pairwise(instants) if b - a > slack)
    return kept


def _index_varies(stream: VideoStream, tick: Fraction) -> bool:
    index = stream.index_entries
    count = len(index)
    for at in {0, max(0, count // 2 - SAMPLE // 2), max(0, count - SAMPLE)}:
        part = [entry.timestamp for entry in index[at : at + SAMPLE] if not entry.is_discard]
        if _varies(part, tick):
            return True
    return False


def _varies(instants: Sequence[int], tick: Fraction) -> bool:
    """Return whether intervals differ from their median by more than rounding explains."""
    steps: list[int] = sorted(b - a for a, b in pairwise(instants))
    if len(steps) < 2:
        return False
    middle = steps[len(steps) // 2]
    slack = max(Fraction(1), JITTER / tick)
    return steps[-1] - middle > slack or middle - steps[0] > slack
