"""Numbered images as one source: ``shot.%04d.png`` or ``shot.####.png``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from streamfx.errors import SourceError

_NUMBER = re.compile(r"%(?:0?(\d+))?d|(#+)")


@dataclass(frozen=True, slots=True)
class Sequence:
    """Numbered images without a gap."""

    pattern: str
    """FFmpeg's pattern for them: one ``%0Nd``, every other ``%`` doubled."""
    first: int
    """Number of the first image."""
    count: int
    """How many there are."""


def is_pattern(source: str) -> bool:
    """Return whether the file name has exactly one place for a number."""
    return len(_NUMBER.findall(Path(source).name)) == 1


def find(source: str) -> Sequence:
    """Return the images that match ``source`` from the lowest number to the highest.

    Raises :exc:`SourceError` where none matches, where the folder cannot be read, or where a number
    between the lowest and the highest is missing (and names the file that is).
    """
    path = Path(source)
    place = _NUMBER.search(path.name)
    if place is None:
        raise SourceError(f"{source}: no place for a number in the name, such as %04d or ####")
    width = len(place[2]) if place[2] else int(place[1] or 0)
    before, after = path.name[: place.start()], path.name[place.end() :]
    numbers = _numbers(path.parent, before, after, width, source)
    if not numbers:
        raise SourceError(f"{source}: no image matches this pattern in {path.parent}")
    for number, following in pairwise(numbers):
        if following != number + 1:
            name = f"{before}{number + 1:0{width}d}{after}"
            raise SourceError(
                f"{source}: {name} is missing (the sequence runs from {numbers[0]} to {numbers[-1]}"
                f", {numbers[-1] - numbers[0] + 1 - len(numbers)} missing in all)"
            )
    digits = f"%0{width}d" if width else "%d"
    folder = "" if path.parent == Path() else f"{path.parent}/"
    pattern = (folder + before).replace("%", "%%") + digits + after.replace("%", "%%")
    return Sequence(pattern, numbers[0], len(numbers))


def _numbers(folder: Path, before: str, after: str, width: int, source: str) -> list[int]:
    digits = f"\\d{{{width},}}" if width else r"0|[1-9]\d*"
    name = re.compile(f"{re.escape(before)}({digits}){re.escape(after)}")
    try:
        matches = [name.fullmatch(entry.name) for entry in folder.iterdir()]
    except OSError as exc:
        raise SourceError(f"{source}: cannot read the folder {folder}: {exc.strerror}") from exc
    found = (match[1] for match in matches if match)
    return sorted(int(text) for text in found if len(text) == width or text[0] != "0" or not width)
