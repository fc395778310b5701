"""Single pictures as a source: one frame, shown for one frame's time."""

from __future__ import annotations

from fractions import Fraction

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

RATE = Fraction(25)
"""Frames per second of stills and image sequences where nobody says."""


def reads_images(container: InputContainer) -> bool:
    """Return whether the container is no more than image files: one, numbered, or piped."""
    names = container.format.name.split(",")
    return any(name == "image2" or name.endswith("_pipe") for name in names)


def is_still(container: InputContainer, stream: VideoStream) -> bool:
    """Return whether the stream holds one picture to look at, not a moving one (AVIF, PNG …)."""
    return reads_images(container) or bool(stream.disposition & Disposition.still_image)
