"""Frames that show nothing new."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

from torch import Tensor

from streamfx import Context, Frame, Node, VideoInfo, param
from streamfx.likeness import Thumbnail, repeated, thumbnail

_log = logging.getLogger(__name__)


class Dedupe(Node):
    """Drop frames that repeat the one before; the one that is kept lasts for all of them.

    Repeats that the decoder has marked go, and those found by looking: animation drawn on twos,
    film at 60 frames/s, a screen on which nothing happens. The rate becomes variable.
    """

    past: ClassVar[int] = 1

    look: bool = param(
        default=True,
        help="Look for repeats that coding has made a little unlike; else only those that are "
        "marked go.",
    )
    longest: float = param(
        default=1.0,
        ge=0.02,
        le=60,
        unit="s",
        help="How long a frame is shown at the most; a picture that stands longer is repeated.",
    )

    @property
    def pending(self) -> Fraction | None:
        return None if self._kept is None else self._kept.pts

    def plan(self, video: VideoInfo) -> VideoInfo:
        return replace(video.delayed(1), variable=True, tick=video.time_base, frames=None)

    def open(self, ctx: Context) -> None:
        self._came = self._dropped = 0
        self._longest = Fraction(str(self.longest))
        self._begin()

    def reset(self, ctx: Context) -> None:
        self._begin()

    def _begin(self) -> None:
        self._kept: Frame | None = None
        self._seen: tuple[Thumbnail, ...] = ()
        self._end = Fraction(0)

    def process(self, frame: Frame) -> Iterator[Frame]:
        self._came += 1
        kept, self._end = self._kept, frame.end
        if kept is None:
            self._keep(frame)
            return
        again = self._repeats(frame)
        if again and frame.end - kept.pts <= self._longest:
            self._dropped += 1
            return
        yield kept.at(kept.pts, frame.pts - kept.pts)
        self._keep(frame.marked(repeated=True) if again else frame)

    def flush(self) -> Iterator[Frame]:
        kept, self._kept = self._kept, None
        if kept is not None:
            yield kept.at(kept.pts, self._end - kept.pts)

    def close(self) -> None:
        if self._dropped:
            _log.warning("%d of %d frames dropped: they repeat others", self._dropped, self._came)
        self._came = self._dropped = 0
        self._begin()

    def _keep(self, frame: Frame) -> None:
        self._kept = frame
        self._seen = _seen(frame.image) if self.look else ()

    def _repeats(self, frame: Frame) -> bool:
        """Return whether a frame shows what the kept one does; slow motion adds up against it."""
        if frame.props.repeated or not self.look:
            return frame.props.repeated
        now = _seen(frame.image)
        return len(now) == len(self._seen) and all(map(repeated, self._seen, now))


def _seen(image: Tensor) -> tuple[Thumbnail, ...]:
    """Return what of a picture is compared: its colours, and its alpha where it has any."""
    if image.shape[0] == 3:
        return (thumbnail(image),)
    return thumbnail(image), thumbnail(image[3:].expand(3, -1, -1))
