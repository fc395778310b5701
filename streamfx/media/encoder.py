"""Pictures to packets: each frame in the encoder's own form, at an exact instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from av import VideoFrame
from av.codec.context import ThreadType
from av.sidedata.sidedata import Type
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from streamfx.colour import Colour, to_linear
from streamfx.errors import MediaError
from streamfx.frame import Frame, VideoInfo
from streamfx.media.choice import EncodePlan
from streamfx.media.convert import Decoded, convert, from_image
from streamfx.media.orientation import Orientation
from streamfx.media.packets import AnyPacket
from streamfx.media.tags import UNSPECIFIED, tag
from streamfx.media.window import Window
from streamfx.timing import show_instant

_FIELDS = {
    "primaries": "color_primaries",
    "transfer": "color_trc",
    "matrix": "colorspace",
    "range": "color_range",
}


def tag_known(item: VideoFrame | VideoCodecContext, colour: Colour) -> None:
    """Write the colour tags, and leave open those that were guessed."""
    tag(item, colour)
    for name in colour.guessed:
        if name in _FIELDS:
            setattr(item, _FIELDS[name], 0 if name == "range" else UNSPECIFIED)


_DYNAMIC = {
    Type.DYNAMIC_HDR_PLUS: "HDR10+",
    Type.DOVI_METADATA: "Dolby Vision",
    Type.DOVI_RPU_BUFFER: "Dolby Vision",
}

DELAY = 64
"""Frames by which decoding may lead showing, more than any encoder here reorders."""


class PictureEncoder:
    """Encodes the frames of one stream.

    ``context`` is an encoder that is not open yet. ``orientation`` is how the stored pixels will
    become upright; frames are stored turned back by it. Where ``window.constant``, a frame is
    encoded again for every step that it stays on screen. ``square`` states square pixels, instead
    of leaving that open.
    """

    def __init__(
        self,
        context: VideoCodecContext,
        plan: EncodePlan,
        video: VideoInfo,
        window: Window,
        orientation: Orientation,
        *,
        square: bool = False,
    ) -> None:
        self._context, self._plan, self._video = context, plan, video
        self._window, self._orientation = window, orientation
        self._durations: dict[int, int] = {}
        self._last: int | None = None
        self._first: int | None = None
        self._decoded: int | None = None
        self._held: VideoFrame | None = None
        self.repeated = 0
        """Frames encoded again to fill a constant rate."""
        self.notes: list[str] = []
        """What comes with the pictures and cannot be kept."""
        context.width, context.height = orientation.size(video.width, video.height)
        context.pix_fmt = plan.pix_fmt
        aspect = video.pixel_aspect
        if aspect != 1 or square:
            context.sample_aspect_ratio = 1 / aspect if orientation.swaps else aspect
        context.time_base = window.tick
        context.framerate = video.fps
        context.thread_type = ThreadType.AUTO
        context.thread_count = 0
        tag_known(context, plan.colour)
        context.options = dict(plan.options)

    def encode(self, frame: Frame) -> Iterator[AnyPacket]:
        """Yield what the encoder gives out for one more frame.

        Raises :exc:`MediaError` for a frame of another size than planned.
        """
        if (frame.width, frame.height) != (self._video.width, self._video.height):
            raise MediaError(
                f"the frame at {show_instant(frame.pts)} is {frame.width}x{frame.height}, but the "
                f"output is {self._video.width}x{self._video.height}"
            )
        step, steps = self._window.place(frame)
        if self._last is not None and step <= self._last:
            step, steps = self._last + 1, max(step + steps - self._last - 1, 1)
        picture = self._picture(frame)
        if self._last is None:
            self._look(picture)
        if self._window.constant:
            yield from self._fill(step)
            self._held, steps = picture, 1
        yield from self._send(picture, step, steps)

    def flush(self) -> Iterator[AnyPacket]:
        """Yield what the encoder still holds."""
        if self._context.is_open:
            yield from self._timed(self._context.encode(None))

    def _look(self, picture: VideoFrame) -> None:
        lost = {name for kind, name in _DYNAMIC.items() if kind in picture.side_data}
        if lost:
            self.notes.append(f"{' and '.join(sorted(lost))} metadata is left out")

    def _fill(self, step: int) -> Iterator[AnyPacket]:
        if self._held is None or self._last is None:
            return
        for missed in range(self._last + 1, step):
            self.repeated += 1
            yield from self._send(self._held, missed, 1)

    def _send(self, picture: VideoFrame, step: int, steps: int) -> Iterator[AnyPacket]:
        self._last = step
        self._durations[step] = steps
        picture.time_base = self._window.tick
        picture.pts, picture.duration = step, steps
        picture.pict_type = PictureType.NONE
        yield from self._timed(self._context.encode(picture))

    def _timed(self, packets: Iterable[AnyPacket]) -> Iterator[AnyPacket]:
        for packet in packets:
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
                self._mend(packet)
            yield packet

    def _mend(self, packet: AnyPacket) -> None:
        """Give a packet a decoding time where the encoder gave none that can be.

        x265 hands out memory that nobody wrote to for clips shorter than its reordering.
        """
        assert packet.pts is not None
        assert self._last is not None
        self._first = packet.pts if self._first is None else self._first
        usual = max(round(1 / (self._video.fps * self._window.tick)), 1)
        earliest = self._first - (self._last - self._first) - DELAY * usual
        dts, before = packet.dts, self._decoded
        grows = before is None or (dts is not None and dts > before)
        if dts is None or not grows or not earliest <= dts <= packet.pts:
            packet.dts = packet.pts if before is None or packet.pts > before else before + 1
        self._decoded = packet.dts

    def _picture(self, frame: Frame) -> VideoFrame:
        """Return a frame as the encoder takes it: the decoder's own planes where nobody drew."""
        decoded, stored = frame.decoded, self._plan.colour
        colour = frame.colour or self._video.colour
        same_light = (colour.transfer, colour.primaries) == (stored.transfer, stored.primaries)
        if isinstance(decoded, Decoded) and decoded.orientation == self._orientation and same_light:
            planes = _downloaded(decoded.frame)
            same_numbers = (decoded.colour.matrix, decoded.colour.range) == (
                stored.matrix,
                stored.range,
            )
            if planes.format.name == self._plan.pix_fmt and same_numbers:
                return planes
            picture = convert(planes, self._plan.pix_fmt, decoded.colour, stored)
        else:
            picture = from_image(self._image(frame.image, colour), self._plan.pix_fmt, stored)
        tag_known(picture, stored)
        return picture

    def _image(self, image: torch.Tensor, colour: Colour) -> torch.Tensor:
        image = self._orientation.coded(image)
        if not self._plan.alpha:
            image = image[:3]
        elif image.shape[0] == 3:
            image = torch.cat((image, image.new_ones((1, *image.shape[1:]))))
        if self._plan.colour.transfer == "linear" and colour.transfer != "linear":
            image = torch.cat((to_linear(image[:3], colour.transfer), image[3:]))
        return image


def _downloaded(frame: VideoFrame) -> VideoFrame:
    """Return a frame in the processor's memory."""
    held = frame.sw_format
    return frame if held is None else frame.reformat(format=held.name)
