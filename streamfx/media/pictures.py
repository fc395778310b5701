"""Decoded frames to frames of the graph: mended times, whole frames, one size, marked repeats."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import torch
from av.video.frame import VideoFrame

from streamfx.colour import Colour
from streamfx.frame import Frame, Props, VideoInfo
from streamfx.media import hardware
from streamfx.media.convert import Decoded
from streamfx.media.damage import DamageLog
from streamfx.media.deinterlace import Deinterlacer
from streamfx.media.orientation import Orientation
from streamfx.media.repeats import Repeats
from streamfx.media.tags import colour_of
from streamfx.media.timeline import Shown, Timeline
from streamfx.timing import show_instant

KEPT_MARKS = 64
"""How many damaged frames may be under way in the deinterlacer at once."""


class Pictures:
    """Turn one stream's decoded frames into :class:`Frame`, in order, one held back.

    Only frames of which some part is shown from ``start`` on come; the first of a range is marked
    as a cut. Interlaced frames are made progressive; frames of another size than the first are
    scaled to it; both are said in :attr:`notes`.
    """

    def __init__(
        self,
        info: VideoInfo,
        first: VideoFrame,
        orientation: Orientation,
        device: torch.device | None,
        damage: DamageLog,
        *,
        start: Fraction | None,
        end: int | None = None,
        deinterlace: bool,
    ) -> None:
        self._info = info
        self._tick = info.time_base
        self._orientation = orientation
        self._device = device
        self._damage = damage
        self._start = start
        self._deinterlace = deinterlace
        self._said_interlaced = first.interlaced_frame
        self._deinterlacer: Deinterlacer | None = None
        self._timeline = Timeline(self._tick, info.fps, end)
        self._repeats = Repeats()
        self._size = first.width, first.height
        self._tags = _tags(first)
        self._colour = info.colour
        self._first = (first.pts or 0) * self._tick
        self._number: int | None = 0
        self._cut = start is not None
        self._corrupt: set[int] = set()
        self._remarks: list[str] = []
        self.frames = 0
        """How many frames came so far."""
        self.repeated = 0
        """How many of them show exactly the picture before."""

    @property
    def notes(self) -> list[str]:
        """What was decided while reading, in words."""
        return self._remarks + self._timeline.notes()

    def moved(self) -> None:
        """Expect frames from another position of the stream; their numbers are counted anew."""
        self._number = None
        self._timeline.restart()
        self._repeats.restart()

    def push(self, frame: VideoFrame) -> Iterator[Frame]:
        """Yield the frames that are known in full once ``frame`` is."""
        pts = self._timeline.repair(frame)
        if frame.is_corrupt and len(self._corrupt) < KEPT_MARKS:
            self._corrupt.add(pts)
        if (frame.width, frame.height) != self._size:
            frame = self._scaled(frame)
        for whole in self._progressive(frame):
            yield from self._shown(self._timeline.push(whole))

    def flush(self) -> Iterator[Frame]:
        """Yield the frames that were held back. Nothing may be pushed after."""
        if self._deinterlacer is not None:
            for whole in self._deinterlacer.flush():
                yield from self._shown(self._timeline.push(whole))
        yield from self._shown(self._timeline.flush())

    def _progressive(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        device = hardware.on_device(frame)
        if self._deinterlacer is not None and (device or not self._deinterlacer.fits(frame)):
            yield from self._deinterlacer.flush()
            self._deinterlacer = None
        wanted = frame.interlaced_frame and self._deinterlace and not device
        if wanted and self._deinterlacer is None:
            self._deinterlacer = Deinterlacer(frame, self._tick)
            if not self._said_interlaced:
                self._said_interlaced = True
                self._say(frame, "interlaced pictures: deinterlaced (bwdif)")
        if self._deinterlacer is None:
            yield frame
        else:
            yield from self._deinterlacer.process(frame)

    def _scaled(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._size
        self._say(frame, f"size {frame.width}x{frame.height}: scaled to {width}x{height}")
        pts = frame.pts
        scaled = frame.reformat(width=width, height=height)
        scaled.pts, scaled.time_base = pts, self._tick
        return scaled

    def _shown(self, shown: Shown | None) -> Iterator[Frame]:
        if shown is None:
            return
        pts, duration = shown.pts * self._tick, shown.duration * self._tick
        number = self._count(pts)
        corrupt = shown.pts in self._corrupt
        self._corrupt.discard(shown.pts)
        if corrupt:
            self._damage.add(pts, pts + duration, "damaged picture")
        if self._start is not None and pts + duration <= self._start:
            return
        repeated = self._repeats.same(shown.frame)
        props = Props(cut=self._cut, repeated=repeated, corrupt=corrupt, number=number)
        self._cut = False
        self.frames += 1
        self.repeated += repeated
        colour = self._colour_of(shown.frame)
        picture = Decoded(shown.frame, colour, self._orientation, self._device)
        yield Frame(picture, pts, duration, colour, props)

    def _count(self, pts: Fraction) -> int | None:
        """Return the frame's number in the source; None after a seek where the rate is variable."""
        number = self._number
        if number is None:
            if self._info.variable:
                return None
            number = round((pts - self._first) * self._info.fps)
        self._number = number + 1
        return number

    def _colour_of(self, frame: VideoFrame) -> Colour:
        tags = _tags(frame)
        if tags != self._tags:
            self._tags = tags
            self._colour = colour_of(frame, width=frame.width, height=frame.height)
            self._say(frame, f"colour changes to {self._colour}")
        return self._colour

    def _say(self, frame: VideoFrame, what: str) -> None:
        assert frame.pts is not None
        if len(self._remarks) < KEPT_MARKS:
            self._remarks.append(f"from {show_instant(frame.pts * self._tick)} on: {what}")


def _tags(frame: VideoFrame) -> tuple[int, ...]:
    return frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries
