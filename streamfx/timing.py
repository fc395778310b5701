"""Exact instants and rates, as fractions of a second; and the clock that live runs read."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from streamfx.errors import SettingError

_COLONS = re.compile(r"^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$")
_FRACTION = re.compile(r"^\d+(?:/\d+|\.\d+)?$")


class Clock(Protocol):
    """Where live code reads the time from, so that a test can bring its own."""

    def now(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...


class WallClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.perf_counter()


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when something lasts, in seconds."""

    first: Fraction
    """Its first instant."""
    last: Fraction
    """The first instant after it."""

    @property
    def duration(self) -> Fraction:
        """Seconds from the first to the last."""
        return self.last - self.first

    def faster(self, speed: Fraction) -> Stretch:
        """Return when it lasts once every instant is over ``speed``."""
        return Stretch(self.first / speed, self.last / speed)

    def joined(self, other: Stretch | None) -> Stretch:
        """Return the shortest stretch that covers both."""
        if other is None:
            return self
        return Stretch(min(self.first, other.first), max(self.last, other.last))


def parse_instant(text: str) -> Fraction:
    """Return an instant in seconds from ``12.5``, ``1/3``, ``1:02.5`` or ``01:02:03.5``, exactly.

    Raises :exc:`SettingError` when the text is none of these.
    """
    text = text.strip().removesuffix("s")
    if match := _COLONS.match(text):
        hours, minutes, seconds = match.groups(default="0")
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    return _fraction(text, "a time is seconds or [H:]M:S, for example 12.5 or 1:02:03.5")


def parse_rate(text: str) -> Fraction:
    """Return a rate in frames per second from ``25``, ``29.97`` or ``30000/1001``, exactly.

    29.97, 23.976, 59.94 and 119.88 are taken as the NTSC rates they stand for. Raises
    :exc:`SettingError` for anything that is not a positive number.
    """
    rate = _fraction(text.strip(), "a rate is a number or a fraction, for example 25 or 30000/1001")
    if rate <= 0:
        raise SettingError(f"a rate must be above 0, got {text!r}")
    return nearest_ntsc(rate)


def nearest_ntsc(rate: Fraction) -> Fraction:
    """Return the exact NTSC rate where ``rate`` is its customary rounding, else ``rate``."""
    for whole in (24, 30, 48, 60, 120):
        exact = Fraction(whole * 1000, 1001)
        if rate != exact and rate.denominator != 1 and abs(rate - exact) <= Fraction(1, 200):
            return exact
    return rate


def show_instant(seconds: Fraction | float) -> str:
    """Return an instant for a message: ``3.200 s``."""
    return f"{float(seconds):.3f} s"


def show_rate(rate: Fraction) -> str:
    """Return a rate for a message: ``25`` or ``29.97``."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def _fraction(text: str, rule: str) -> Fraction:
    if not _FRACTION.match(text):
        raise SettingError(f"{rule}; got {text!r}")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise SettingError(f"{rule}; got {text!r}") from None
