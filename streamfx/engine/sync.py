"""When the streams of a run begin and end: how picture and sound lie beside each other."""

from __future__ import annotations

from fractions import Fraction

from streamfx.engine.report import Sync
from streamfx.frame import Frame, Sound
from streamfx.media.packets import Copied
from streamfx.timing import Stretch

Interval = tuple[Fraction, Fraction | None]


class Tracker:
    """Follows a run: what came in, what went out, and what was odd about it."""

    def __init__(self, interval: Interval | None) -> None:
        self.frames_in = 0
        """Frames read that lie in the wanted range."""
        self.corrupt = 0
        self.repeated = 0
        self.reached: Fraction | None = None
        """Instant of the source that has been read."""
        self.video_in: Stretch | None = None
        """When the source's pictures begin and end, within the wanted range."""
        self.audio_in: Stretch | None = None
        """The same of its first sound."""
        self._interval = interval
        self._track: int | None = None

    def came_in(self, item: Frame | Sound | Copied) -> None:
        """Note an item of the main input."""
        if isinstance(item, Frame):
            self.reached = item.pts
            if (span := self._within(item.pts, item.end)) is not None:
                self.frames_in += 1
                self.corrupt += item.props.corrupt
                self.repeated += item.props.repeated
                self.video_in = span.joined(self.video_in)
        elif isinstance(item, Copied) and item.stream.type == "audio":
            self._track = item.stream.index if self._track is None else self._track
            span = self._within(item.pts, item.end)
            if span is not None and item.stream.index == self._track:
                self.audio_in = span.joined(self.audio_in)

    def _within(self, first: Fraction, last: Fraction) -> Stretch | None:
        """Return the part that lies in the wanted range, None where nothing does."""
        if self._interval is None:
            return Stretch(first, last)
        start, end = self._interval
        cut = Stretch(max(first, start), last if end is None else min(last, end))
        return cut if cut.last > cut.first else None


def compare(
    video_in: Stretch | None,
    audio_in: Stretch | None,
    video_out: Stretch | None,
    audio_out: Stretch | None,
    speed: Fraction = Fraction(1),
) -> Sync:
    """Return by how much the output's picture moved against its sound, compared with the source.

    ``speed`` is how many seconds of the source pass in one second of the output.
    """
    if speed != 1:
        video_in = video_in and video_in.faster(speed)
        audio_in = audio_in and _heard(audio_in).faster(speed)
        audio_out = audio_out and _heard(audio_out)
    length_in = video_in.duration if video_in else Fraction(0)
    length_out = video_out.duration if video_out else Fraction(0)
    if not (video_in and audio_in and video_out and audio_out):
        return Sync(None, None, length_out - length_in)
    return Sync(
        first=(video_out.first - audio_out.first) - (video_in.first - audio_in.first),
        last=(video_out.last - audio_out.last) - (video_in.last - audio_in.last),
        duration=length_out - length_in,
    )


def _heard(span: Stretch) -> Stretch:
    """Return when sound is heard: before 0 there is only what a decoder needs to get going."""
    return Stretch(max(span.first, Fraction(0)), span.last)
