"""Pictures as files of their own: a numbered sequence, or a single still."""

from __future__ import annotations

import os
from collections.abc import Iterable

from av.codec.codec import Codec
from av.video.codeccontext import VideoCodecContext

from streamfx.errors import TargetError
from streamfx.frame import Frame, Sound, VideoInfo
from streamfx.media.choice import EncodePlan
from streamfx.media.encoder import PictureEncoder
from streamfx.media.orientation import Orientation
from streamfx.media.packets import AnyPacket, Copied
from streamfx.media.target import Target
from streamfx.media.window import Window
from streamfx.timing import Stretch

FIRST = 1
"""Number of the first picture of a sequence, as FFmpeg counts."""


class Stills:
    """Image files being written, each whole or not there."""

    def __init__(self, target: Target, plan: EncodePlan, video: VideoInfo, window: Window) -> None:
        context = Codec(plan.encoder, "w").create("video")
        assert isinstance(context, VideoCodecContext)
        self._target = target
        self._encoder = PictureEncoder(context, plan, video, window, Orientation())
        self._given = self._written = 0
        self.extents: dict[str, Stretch] = {}
        """When the pictures begin and end."""

    def write(self, item: Frame | Sound | Copied) -> None:
        """Write one more picture; there is no place for anything else.

        Raises :exc:`TargetError` for a second picture where the name has no place for a number.
        """
        if not isinstance(item, Frame):
            return
        self._given += 1
        shown = Stretch(item.pts, item.end)
        self.extents["video"] = shown.joined(self.extents.get("video"))
        if self._given > 1 and not self._target.numbered:
            raise TargetError(one_only(self._target))
        self._store(self._encoder.encode(item))

    def close(self) -> None:
        """Write what the encoder still holds."""
        self._store(self._encoder.flush())

    def abandon(self) -> None:
        """Let go: nothing is open between pictures."""

    def _store(self, packets: Iterable[AnyPacket]) -> None:
        for packet in packets:
            path = self._target.part
            if self._target.numbered:
                path /= self._target.numbered_name(FIRST + self._written)
            with path.open("wb") as file:
                file.write(packet)
            self._written += 1


def one_only(target: Target) -> str:
    """Return what is wrong with several pictures under one name, and what to write instead."""
    stem, extension = os.path.splitext(target.name)
    return f"{target.name} takes one picture, and there are more; write {stem}.%04d{extension}"
