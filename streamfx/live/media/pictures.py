"""Live pictures: decoded frames to frames of the graph and back, in a few milliseconds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import torch
from av.video.frame import VideoFrame

from streamfx.colour import LUMA_WEIGHTS, Colour
from streamfx.frame import PLAIN, Frame, Props
from streamfx.media.convert import Decoded, convert, from_image, to_image
from streamfx.media.orientation import Orientation
from streamfx.media.packing import Array, direct, tensor
from streamfx.media.tags import colour_of, tag
from streamfx.media.ycbcr import bands, chroma_scale, luma_scale, weights

LIVE = Colour(primaries="smpte170m", transfer="bt709", matrix="smpte170m")
"""BT.601 at limited range: what WebRTC's codecs mean where nothing is tagged."""

TICK = Fraction(1, 90000)
"""Time base of outgoing frames: the RTP clock of video (RFC 3551, section 4.1)."""

_ROWS = 96
"""Lines worked on at a time, so that they stay in the processor's cache."""


def incoming(
    frame: VideoFrame,
    pts: Fraction,
    duration: Fraction,
    device: torch.device | None = None,
    props: Props = PLAIN,
) -> Frame:
    """Return a frame of the graph from one that was just decoded; its image is made when looked at.

    ``pts`` and ``duration`` are seconds on the session's timeline; ``frame`` is only read. Untagged
    Y'CbCr counts as :data:`LIVE`. ``device`` is where the image goes; None: the CPU.
    """
    colour = _colour(frame)
    picture = LivePicture(frame, colour, Orientation.from_frame(frame), device)
    return Frame(picture, pts, duration, colour, props)


def outgoing(frame: Frame, colour: Colour = LIVE) -> VideoFrame:
    """Return a new yuv420p frame with even sides, tagged ``colour``, for a live encoder.

    A frame that no node changed gives its decoded codes back. An odd last column or line is cut
    off; what is transparent shows black. ``pts`` counts :data:`TICK` on the session's timeline.
    """
    picture = frame.decoded
    if isinstance(picture, Decoded) and picture.orientation.upright_already and not picture.alpha:
        out = _recoded(picture.frame, picture.colour, colour)
    else:
        out = _encoded(_even(frame.image), colour)
    tag(out, colour)
    out.pts, out.time_base = round(frame.pts / TICK), TICK
    return out


class LivePicture(Decoded):
    """A decoded frame whose chroma is repeated for the pixels that share it, not interpolated.

    :func:`outgoing` averages them again, so that pixels which no node changed get their codes back.
    """

    __slots__ = ()

    def image(self) -> torch.Tensor:
        """Return ``(3 or 4, H, W)``, upright, R'G'B'[A], not clamped, on the run's device."""
        frame = self.frame
        if frame.format.name not in ("yuv420p", "yuvj420p") or frame.width % 2 or frame.height % 2:
            return super().image()
        device = torch.device("cpu") if self.device is None else self.device
        image = _repeated(frame, self.colour, device)
        return self.orientation.upright(image)


def _colour(frame: VideoFrame) -> Colour:
    colour = colour_of(frame, width=frame.width, height=frame.height)
    if colour.matrix != "gbr" and {"matrix", "primaries"} <= set(colour.guessed):
        return replace(colour, primaries=LIVE.primaries, matrix=LIVE.matrix)
    return colour


def _repeated(frame: VideoFrame, colour: Colour, device: torch.device) -> torch.Tensor:
    """Return ``(3, H, W)`` R'G'B' of a yuv420p frame with even sides."""
    form = direct(frame.format.name)
    y, u, v = (tensor(part).to(device) for part in form.components(frame))
    kr, kg, kb = weights(colour.matrix)
    luma, black = luma_scale(form, colour.range).reading(0)
    gain, zero = chroma_scale(form, colour.range).reading(0)
    red, blue = 2 * (1 - kr), 2 * (1 - kb)
    high, wide = frame.height // 2, frame.width // 2
    image = torch.empty(3, high, 2, wide * 2, device=device)
    light = (y * luma).view(high, 2, wide * 2)
    u, v = u * gain + zero, v * gain + zero
    shares = (v * red, u * (-blue * kb / kg) - v * (red * kr / kg), u * blue)
    for channel, share in zip(image, shares, strict=True):
        torch.add(light, _paired(share + black).view(high, 1, wide * 2), out=channel)
    return image.view(3, high * 2, wide * 2)


def _paired(part: torch.Tensor) -> torch.Tensor:
    """Return each sample of a line twice."""
    if part.device.type == "cpu":
        return torch.from_numpy(cv2.merge([part.numpy()] * 2))
    return torch.stack((part, part), 2)


def _recoded(frame: VideoFrame, source: Colour, colour: Colour) -> VideoFrame:
    """Return the codes of a decoded frame as a new yuv420p frame with even sides."""
    form = direct("yuv420p")
    same = LUMA_WEIGHTS.get(source.matrix) == LUMA_WEIGHTS[colour.matrix]
    if frame.format.name != form.name or source.range != colour.range or not same:
        frame = convert(frame, form.name, source, replace(colour, siting=source.siting))
    if frame.width < 2 or frame.height < 2:
        return _encoded(_even(to_image(frame, colour)), colour)
    out = form.new(frame.width // 2 * 2, frame.height // 2 * 2)
    for part, copy in zip(form.components(frame), form.components(out), strict=True):
        copy[...] = part[: copy.shape[0], : copy.shape[1]]
    return out


def _encoded(image: torch.Tensor, colour: Colour) -> VideoFrame:
    """Return a yuv420p frame of an image ``(3 or 4, H, W)`` with even sides."""
    if image.shape[0] == 4:
        image = image[:3] * image[3:]
    if image.device.type != "cpu":
        return from_image(image, "yuv420p", replace(colour, siting="center"))
    form = direct("yuv420p")
    high, wide = int(image.shape[1]), int(image.shape[2])
    frame = form.new(wide, high)
    y, u, v = form.components(frame)
    kr, kg, kb = weights(colour.matrix)
    luma, chroma = luma_scale(form, colour.range), chroma_scale(form, colour.range)
    channels = list(image.detach().to(torch.float32).contiguous().numpy())
    for top, bottom in bands(high, _ROWS):
        red, green, blue = (channel[top:bottom] for channel in channels)
        light = _sum(_sum(red, kr, green, kg), 1, blue, kb)
        _sum(light, luma.gain / 2, light, luma.gain / 2, luma.zero, y[top:bottom])
        red, blue, light = (_halved(part) for part in (red, blue, light))
        for part, k, out in ((blue, kb, u), (red, kr, v)):
            by = chroma.gain / (2 * (1 - k))
            _sum(part, by, light, -by, chroma.zero, out[top // 2 : bottom // 2])
    return frame


def _sum(
    a: Array, wa: float, b: Array, wb: float, zero: float = 0, out: Array | None = None
) -> Array:
    """Return ``a * wa + b * wb + zero`` in float32; rounded and held in 0 … 255 if ``out`` is."""
    kind = cv2.CV_32F if out is None else cv2.CV_8U
    made: Array = cv2.addWeighted(a, wa, b, wb, zero, dst=out, dtype=kind)
    return made


def _halved(part: Array) -> Array:
    """Return the mean of each two by two samples."""
    size = part.shape[1] // 2, part.shape[0] // 2
    made: Array = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return made


def _even(image: torch.Tensor) -> torch.Tensor:
    """Return an image with even sides: the last column or line cut off, a single one doubled."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    image = image[:, : max(high // 2 * 2, 1), : max(wide // 2 * 2, 1)]
    return image.expand(-1, max(high // 2 * 2, 2), -1).expand(-1, -1, max(wide // 2 * 2, 2))
