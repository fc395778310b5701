"""What a live run joins to the camera: a still, a colour, a clip that goes round and round."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Protocol

from streamfx.colour import Colour
from streamfx.engine.live_loop import Loop
from streamfx.errors import SourceError
from streamfx.frame import Frame
from streamfx.media.convert import Decoded
from streamfx.media.reader import Reader
from streamfx.resample import resize
from streamfx.swatch import rgb

LARGEST = 1920, 1080
"""Columns and lines of the live picture that a still is kept large enough for."""

FOREVER = Fraction(1)
"""Seconds that a still picture lasts; it is shown until another one comes, anyhow."""


class Feed(Protocol):
    """Pictures for a named input of a live run. Asked and closed in the run's own thread."""

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        """Return what is shown at an instant of the run; None where nothing is there yet.

        The very same object comes again as long as the picture does not change; its own instant
        means nothing. ``width`` and ``height`` say how large the live picture is: more than what
        covers that need not be brought. Never waits.
        """
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class StillFeed:
    """One picture, for good."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._fitted: tuple[tuple[int, int], Frame] | None = None

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        """Return the picture, no larger than it takes to cover the live one."""
        if self._fitted is None or self._fitted[0] != (width, height):
            self._fitted = (width, height), shrunk(self._frame, width, height)
        return self._fitted[1]

    def close(self) -> None:
        """Let go of the copy that fits the live picture."""
        self._fitted = None


class BlankFeed:
    """A plain colour.

    ``colour`` is ``#rrggbb`` or a name; :exc:`ValueError` where it is neither.
    """

    def __init__(self, colour: str) -> None:
        self._level = rgb(colour, Colour())
        self._made: Frame | None = None

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        """Return the colour, as large as the live picture."""
        import torch

        made = self._made
        if made is None or (made.width, made.height) != (width, height):
            image = torch.tensor(self._level)[:, None, None].repeat(1, height, width)
            made = self._made = Frame(image, Fraction(0), FOREVER, Colour())
        return made

    def close(self) -> None:
        """Let go of the picture."""
        self._made = None


class FileFeed:
    """A picture, or a clip that begins again when it ends, from a file.

    A clip is decoded ahead in a thread of its own, and runs as fast as the live picture's instants
    do; what comes too late is left out. Raises :exc:`SourceError` where the file cannot be used.
    """

    def __init__(self, path: str) -> None:
        reader = Reader(path)
        self._feed: Feed
        if reader.source.still:
            with reader:
                first = next((item for item in reader if isinstance(item, Frame)), None)
                if first is None:
                    raise SourceError(f"{path}: no picture in it can be decoded")
                small = shrunk(first, *LARGEST)
                self._feed = StillFeed(small.showing(small.image))
        else:
            self._feed = Loop(path, reader, shrunk)

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        """Return what the file shows at an instant of the run."""
        return self._feed.frame_at(seconds, width, height)

    def close(self) -> None:
        """Stop decoding."""
        self._feed.close()


def shrunk(frame: Frame, width: int, height: int) -> Frame:
    """Return a frame no larger than it takes to cover ``width`` x ``height``, its shape kept."""
    by = max(Fraction(width, frame.width), Fraction(height, frame.height))
    if by >= 1:
        return frame
    wide, high = ceil(frame.width * by), ceil(frame.height * by)
    decoded = frame.decoded
    if isinstance(decoded, Decoded) and decoded.frame.sw_format is None:
        small = _shrunk_as_coded(decoded, wide, high)
        if small is not None:
            return Frame(small, frame.pts, frame.duration, frame.colour, frame.props)
    return frame.showing(resize(frame.image, high, wide, "area"))


def _shrunk_as_coded(picture: Decoded, width: int, height: int) -> Decoded | None:
    """Return a picture shrunk before it becomes a tensor; None where its format forbids that."""
    wide, high = picture.orientation.size(width, height)
    try:
        small = picture.frame.reformat(wide, high, interpolation="BICUBIC")
    except (OSError, ValueError):
        return None
    return Decoded(small, picture.colour, picture.orientation, picture.device)
