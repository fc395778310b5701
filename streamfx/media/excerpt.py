"""A source as the command line names it, with the part of it that is meant: ``clip.mp4#t=2,5``.

Parts are written as in Media Fragments URI 1.0 (W3C, 2012), section 4.2.1; ``once`` is our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from streamfx.errors import SettingError
from streamfx.media.reader import Reader
from streamfx.timing import parse_instant, show_instant

FORM = "after # come t=START,END (one may be left out), once, or both with & between"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A source, and what of it is meant."""

    source: str
    """A path, a pattern of numbered images or a URL."""
    start: Fraction = Fraction(0)
    """Seconds after the source's first picture."""
    end: Fraction | None = None
    """Seconds after the source's first picture; None: to its end."""
    once: bool = False
    """Whether its last picture stays, rather than that it begins again."""

    @classmethod
    def parse(cls, text: str) -> Excerpt:
        """Return what a text names. Raises :exc:`SettingError` for parts that say nothing.

        A file whose own name has a ``#`` is that file.
        """
        source, sign, parts = text.rpartition("#")
        if not sign or not source or _there(text):
            return cls(text)
        known = [part for part in parts.split("&") if part == "once" or part.startswith("t=")]
        if len(known) < len(parts.split("&")):
            if known or _there(source):
                raise SettingError(f"{text}: {FORM}")
            return cls(text)
        times = [part.removeprefix("t=") for part in known if part != "once"]
        if len(times) > 1:
            raise SettingError(f"{text}: t= is given twice")
        start, end = _range(text, times[0]) if times else (Fraction(0), None)
        return cls(source, start, end, "once" in known)

    def open(self, **how: Any) -> Reader:  # noqa: ANN401  passed on to Reader
        """Return a reader of this part. Raises what :class:`Reader` does."""
        reader = Reader(self.source, **how)
        if not self.start and self.end is None:
            return reader
        try:
            if reader.source.still:
                raise SettingError(f"{self.source}: is one picture, of which t= takes no part")
            first = reader.source.start
            reader.narrow(first + self.start, None if self.end is None else first + self.end)
        except BaseException:
            reader.close()
            raise
        return reader


def _there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _range(text: str, times: str) -> tuple[Fraction, Fraction | None]:
    first, _, last = times.removeprefix("npt:").partition(",")
    if not first and not last:
        raise SettingError(f"{text}: {FORM}")
    try:
        start = parse_instant(first) if first else Fraction(0)
        end = parse_instant(last) if last else None
    except SettingError as exc:
        raise SettingError(f"{text}: {exc}") from exc
    if start < 0 or (end is not None and end <= start):
        raise SettingError(
            f"{text}: the end must come after the start ({show_instant(start)}), and that after 0"
        )
    return start, end
