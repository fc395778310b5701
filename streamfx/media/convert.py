"""Decoded frames to R'G'B' tensors, tensors to frames, and planes to other planes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from streamfx.colour import LUMA_WEIGHTS, Colour
from streamfx.errors import TargetError
from streamfx.media.arithmetic import Arrays, Tensors
from streamfx.media.orientation import Orientation
from streamfx.media.packing import Packing, direct, native, packing, tensor
from streamfx.media.replane import moves_only, replaned
from streamfx.media.standin import has_alpha, unpacked
from streamfx.media.tags import colour_of, settle, tag
from streamfx.media.ycbcr import from_rgb, to_rgb

__all__ = [
    "Decoded",
    "colour_of",
    "convert",
    "downloaded",
    "from_image",
    "from_image_cuda",
    "planes",
    "settle",
    "tag",
    "to_image",
]

Array = NDArray[Any]
_SHARED = ("nv12", "p010le", "p016le")
"""Formats of CUDA frames whose planes PyAV hands over by DLPack."""


def to_image(frame: VideoFrame, colour: Colour, device: torch.device | None = None) -> torch.Tensor:
    """Return ``(3 or 4, H, W)`` float32 R'G'B'[A], nominally 0 … 1, as coded (not turned upright).

    Out-of-range codes give values below 0 or above 1. A frame on a CUDA device is converted there;
    one in memory is uploaded as decoded, which is the smaller copy, and converted on ``device``
    (None: the CPU).
    Raises MediaError for a pixel format that cannot be read.
    """
    size = (frame.height, frame.width)
    device = torch.device("cpu") if device is None else device
    shared = _shared(frame)
    if shared is not None:
        parts = [part.to(device) for part in _device_parts(frame, shared)]
        return to_rgb(Tensors(), parts, shared, settle(colour, shared.name), size)
    frame, form = unpacked(downloaded(frame))
    colour = settle(colour, form.name)
    arrays = [_finite(native(part)) for part in form.components(frame)]
    if device.type == "cpu":
        return torch.from_numpy(to_rgb(Arrays(), arrays, form, colour, size))
    parts = [torch.from_numpy(part).to(device) for part in arrays]
    return to_rgb(Tensors(), parts, form, colour, size)


def from_image(image: torch.Tensor, pix_fmt: str, colour: Colour) -> VideoFrame:
    """Return a frame in memory from ``(3 or 4, H, W)`` R'G'B'[A], rounded to the nearest code.

    ``colour`` is settled for the format (see :func:`settle`) and tagged on the frame. An image
    without alpha becomes opaque, one with alpha loses it in a format that has none. Float formats
    keep values outside 0 … 1. Raises TargetError for a format that cannot be written.
    """
    colour = settle(colour, pix_fmt)
    form = packing(pix_fmt)
    if form is None:
        return _by_stand_in(image, pix_fmt, colour)
    size = (int(image.shape[1]), int(image.shape[2]))
    frame = form.new(size[1], size[0])
    image = image.detach().to(torch.float32)
    if image.device.type == "cpu":
        for top, parts in from_rgb(Arrays(), list(image.numpy()), form, colour, size):
            form.put(frame, top, parts)
    else:
        for top, made in from_rgb(Tensors(), list(image), form, colour, size):
            form.put(frame, top, [part.cpu().numpy() for part in made])
    tag(frame, colour)
    return frame


def from_image_cuda(image: torch.Tensor, pix_fmt: str, colour: Colour) -> VideoFrame:
    """Return a frame that stays on the image's device, for an encoder there.

    ``pix_fmt`` is nv12, p010le or p016le. Raises TargetError for another, or for odd sides.
    """
    _, height, width = image.shape
    if pix_fmt not in _SHARED or height % 2 or width % 2:
        raise TargetError(
            f"a {width}x{height} picture cannot stay on the device as {pix_fmt}: "
            f"it takes even sides and one of {', '.join(_SHARED)}"
        )
    colour = settle(colour, pix_fmt)
    channels = list(image.detach().float().unbind(0))
    [(_, (y, u, v))] = from_rgb(Tensors(), channels, direct(pix_fmt), colour, (height, width))
    frame = VideoFrame.from_dlpack((y, torch.stack((u, v), -1)), format=pix_fmt)
    tag(frame, colour)
    return frame


def convert(frame: VideoFrame, pix_fmt: str, source: Colour, target: Colour) -> VideoFrame:
    """Return the frame in another pixel format, without going through R'G'B' where possible.

    Depth, range and chroma layout change plane by plane; only another matrix, or RGB to Y'CbCr,
    takes the whole way. Primaries and transfer are not converted, just tagged. The frame itself
    comes back, with ``target``'s tags, when nothing has to change.
    """
    held = downloaded(frame)
    source, target = settle(source, held.format.name), settle(target, pix_fmt)
    goal = packing(pix_fmt)
    if held.format.name == pix_fmt and _same_codes(goal, source, target):
        out = held
    elif goal is None:
        out = _by_stand_in(to_image(held, source), pix_fmt, target)
    else:
        read, form = unpacked(held)
        source = settle(source, form.name)
        if moves_only(form, goal, source, target) or _same_equations(form, goal, source, target):
            out = replaned(read, form, goal, source, target)
        else:
            out = from_image(to_image(read, source), pix_fmt, target)
    if out is not frame:
        out.pts = frame.pts
        if frame.time_base is not None:
            out.time_base = frame.time_base
    tag(out, target)
    return out


def downloaded(frame: VideoFrame) -> VideoFrame:
    """Return the frame in memory: itself, or a copy of what is on a device."""
    return frame.reformat(format=frame.sw_format.name) if frame.sw_format is not None else frame


def planes(frame: VideoFrame) -> tuple[torch.Tensor, ...]:
    """Return the components of a frame as tensors ``(H, W)``, sharing memory where possible."""
    shared = _shared(frame)
    if shared is not None:
        return tuple(_device_parts(frame, shared))
    frame, form = unpacked(downloaded(frame))
    return tuple(tensor(part) for part in form.components(frame))


class Decoded:
    """A frame as a decoder left it, with what is known of its colour and orientation.

    It is a :class:`streamfx.frame.Picture`.
    """

    __slots__ = ("alpha", "colour", "device", "frame", "orientation")

    def __init__(
        self,
        frame: VideoFrame,
        colour: Colour,
        orientation: Orientation | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.frame = frame
        """The decoder's own frame, in memory or on a device."""
        self.colour = colour
        """What its codes mean."""
        self.orientation = Orientation.none() if orientation is None else orientation
        """How it becomes upright."""
        self.device = device
        """Where :meth:`image` puts the tensor; None: on the CPU."""
        self.alpha = has_alpha(frame)
        """Whether it carries an alpha plane."""

    @property
    def width(self) -> int:
        """Columns, once upright."""
        return self.orientation.size(self.frame.width, self.frame.height)[0]

    @property
    def height(self) -> int:
        """Lines, once upright."""
        return self.orientation.size(self.frame.width, self.frame.height)[1]

    def image(self) -> torch.Tensor:
        """Return ``(3 or 4, H, W)``, upright, R'G'B'[A], not clamped, on the run's device."""
        return self.orientation.upright(to_image(self.frame, self.colour, self.device))

    def planes(self) -> tuple[torch.Tensor, ...]:
        """Return the components as coded, each ``(H, W)``, sharing the frame's memory if it can."""
        return planes(self.frame)

    def __repr__(self) -> str:
        form = (self.frame.sw_format or self.frame.format).name
        return f"<Decoded {self.width}x{self.height} {form} {self.colour}, {self.orientation}>"


def _shared(frame: VideoFrame) -> Packing | None:
    """Return how a CUDA frame is packed whose planes torch can see; None for any other."""
    sw = frame.sw_format
    if frame.format.name == "cuda" and sw is not None and sw.name in _SHARED:
        return packing(sw.name)
    return None


def _device_parts(frame: VideoFrame, form: Packing) -> list[torch.Tensor]:
    y, uv = (torch.utils.dlpack.from_dlpack(plane) for plane in frame.planes)
    return [y, uv[..., form.places[1].first], uv[..., form.places[2].first]]


def _finite(part: Array) -> Array:
    if part.dtype.kind != "f" or bool(np.isfinite(part).all()):
        return part
    return np.nan_to_num(part, nan=0.0, posinf=65504.0, neginf=-65504.0)


def _by_stand_in(image: torch.Tensor, pix_fmt: str, colour: Colour) -> VideoFrame:
    form = VideoFormat(pix_fmt, 64, 64)
    between = "yuv444p16le"
    if form.is_rgb or form.has_palette:
        between = "gbrap16le" if image.shape[0] == 4 else "gbrp16le"
    made = from_image(image, between, colour)
    try:
        frame = made.reformat(format=pix_fmt)
    except (OSError, ValueError) as exc:
        raise TargetError(f"pixel format {pix_fmt} cannot be written: {exc}") from exc
    tag(frame, colour)
    return frame


def _same_equations(form: Packing, goal: Packing, source: Colour, target: Colour) -> bool:
    if "rgb" in (form.model, goal.model) or form.floating or goal.floating:
        return False
    return LUMA_WEIGHTS[source.matrix] == LUMA_WEIGHTS[target.matrix]


def _same_codes(form: Packing | None, source: Colour, target: Colour) -> bool:
    if form is None or form.model == "rgb":
        return source.range == target.range
    return (
        LUMA_WEIGHTS[source.matrix] == LUMA_WEIGHTS[target.matrix]
        and source.range == target.range
        and (source.siting == target.siting or not (form.across or form.down))
    )
