"""What a file says about itself: tags, chapters and the timecode of its first frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TypedDict

_TIMECODE = re.compile(r"^(\d\d):(\d\d):(\d\d)([:;.])(\d\d+)$")
_STALE = frozenset(
    ("major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode")
)
_QUICKTIME = frozenset(
    (
        *("title", "artist", "album", "comment", "genre", "date", "creation_time", "copyright"),
        *("description", "synopsis", "composer", "album_artist", "track", "disc", "lyrics", "show"),
        *("episode_id", "network", "grouping", "keywords", "rating", "media_type", "location"),
        *("make", "model", "language", "encoded_by", "performer", "author"),
    )
)
"""Tags that MP4 and QuickTime have a place of their own for."""


class Chapter(TypedDict):
    """A chapter as PyAV takes and gives it."""

    id: int
    start: int
    end: int
    time_base: Fraction | None
    metadata: dict[str, str]


def kept_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a file that stay true in another."""
    return {name: value for name, value in tags.items() if name.lower() not in _STALE}


def unusual(tags: Mapping[str, str]) -> bool:
    """Tell whether MP4 keeps some of the tags only as free-form ones."""
    return any(name.lower() not in _QUICKTIME for name in tags)


def shifted_chapters(
    chapters: Iterable[Chapter],
    start: Fraction,
    end: Fraction | None,
    speed: Fraction = Fraction(1),
) -> list[Chapter]:
    """Return the chapters that are shown between two instants, on the time of the range.

    ``speed`` is how many seconds of theirs pass in one second of the file.
    """
    kept: list[Chapter] = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, 1000)
        first = max(chapter["start"] * tick, start)
        last = chapter["end"] * tick if end is None else min(chapter["end"] * tick, end)
        if last <= first:
            continue
        moved = Chapter(
            id=chapter["id"],
            start=round((first - start) / speed / tick),
            end=round((last - start) / speed / tick),
            time_base=tick,
            metadata=dict(chapter["metadata"]),
        )
        kept.append(moved)
    return kept


def later_timecode(timecode: str, frames: int, fps: Fraction) -> str | None:
    """Return the timecode ``frames`` later, drop-frame counting included (SMPTE ST 12-1).

    None where the text is no timecode.
    """
    match = _TIMECODE.match(timecode)
    if match is None:
        return None
    hours, minutes, seconds, frame = (int(match[n]) for n in (1, 2, 3, 5))
    drop = match[4] in ";."
    base = max(round(fps), 1)
    skipped = round(base / 15) if drop else 0
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + seconds) * base + frame
    count += frames - skipped * (total_minutes - total_minutes // 10)
    return _show(count, base, skipped, match[4])


def _show(count: int, base: int, skipped: int, mark: str) -> str:
    if skipped:
        ten, rest = divmod(count, base * 600 - skipped * 9)
        minute = base * 60 - skipped
        count += skipped * 9 * ten
        if rest >= base * 60:
            count += skipped * (1 + (rest - base * 60) // minute)
    seconds, frame = divmod(count, base)
    hours, seconds = divmod(seconds, 3600)
    return f"{hours % 24:02d}:{seconds // 60:02d}:{seconds % 60:02d}{mark}{frame:02d}"
