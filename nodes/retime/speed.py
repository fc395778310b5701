"""Slow motion and speed-up, the sound along with the picture."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from streamfx import Context, Frame, Node, VideoInfo, param

FINEST = 1000
"""Largest denominator of a speed: decimals of three places are exact, and 0.3333 is a third."""


class Speed(Node):
    """Show pictures faster or slower; the sound is stretched with them at its own pitch, or muted.

    Every instant and duration is divided by ``speed``, exactly; no frame is made or dropped. What
    the file brings beside the picture (sound, subtitles, chapters) moves along when it is written.
    """

    stateless: ClassVar[bool] = True

    speed: float = param(
        default=1.0,
        ge=0.05,
        le=20,
        unit="x",
        help="How many times as fast: 0.25 is slow motion that lasts 4 times as long.",
    )
    sound: Literal["stretch", "mute"] = param(
        default="stretch",
        help="The sound beside the picture: stretch keeps its pitch, mute leaves it out.",
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.retimed(self._exact(), muted=self.sound == "mute")

    def open(self, ctx: Context) -> None:
        self._by = self._exact()

    def process(self, frame: Frame) -> Frame:
        return frame.at(frame.pts / self._by, frame.duration / self._by)

    def _exact(self) -> Fraction:
        return Fraction(str(self.speed)).limit_denominator(FINEST)
