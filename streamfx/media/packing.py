"""Where a pixel format keeps each component in memory, and views of a frame by that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import cv2
import numpy as np
import torch
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

Array = NDArray[Any]
Model = Literal["rgb", "yuv", "grey"]

_PACKED = {
    "rgb24": "rgb",
    "bgr24": "bgr",
    "rgba": "rgba",
    "bgra": "bgra",
    "argb": "argb",
    "abgr": "abgr",
    "rgb0": "rgbx",
    "bgr0": "bgrx",
    "0rgb": "xrgb",
    "0bgr": "xbgr",
    "rgb48": "rgb",
    "bgr48": "bgr",
    "rgba64": "rgba",
    "bgra64": "bgra",
    "rgbf16": "rgb",
    "rgbaf16": "rgba",
    "rgbf32": "rgb",
    "rgbaf32": "rgba",
    "ya8": "ya",
    "ya16": "ya",
    "yaf16": "ya",
    "yaf32": "ya",
    "ayuv": "ayuv",
    "ayuv64": "ayuv",
    "vuya": "vuya",
    "vuyx": "vuyx",
    "uyva": "uyva",
    "vyu444": "vyu",
    "xv36": "uyvx",
    "xv48": "uyvx",
    "yuyv422": "yuyv",
    "uyvy422": "uyvy",
    "yvyu422": "yvyu",
    "y210": "yuyv",
    "y212": "yuyv",
    "y216": "yuyv",
}
"""Components in the order of memory, by name without byte order; x is padding."""

_HIGH = re.compile(r"(p[024]1|y21|xv36|.*msb)")
"""Formats that keep their bits at the top of 16."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the samples of one component lie."""

    plane: int
    """Which plane."""
    first: int
    """Samples of the plane before its first one."""
    step: int
    """Samples of the plane from one to the next."""


@dataclass(frozen=True, slots=True)
class Packing:
    """A pixel format that can be read and written directly."""

    name: str
    """FFmpeg's name."""
    model: Model
    """What the components are."""
    alpha: bool
    """Whether the last component is alpha."""
    depth: int
    """Bits of each component; 32 for floating point."""
    shift: int
    """Bits by which a sample is shifted up in its word."""
    dtype: str
    """numpy's name of one sample as stored, with byte order."""
    across: int
    """Binary logarithm of luma samples for each chroma sample along a line."""
    down: int
    """The same along a column."""
    places: tuple[Place, ...]
    """Of R G B, Y U V or Y, then of alpha."""

    @property
    def floating(self) -> bool:
        """Whether samples are floating point."""
        return "f" in self.dtype

    @property
    def top(self) -> int:
        """Largest code value."""
        return (1 << self.depth) - 1

    def components(self, frame: VideoFrame) -> tuple[Array, ...]:
        """Return writable views ``(H, W)`` of the frame's components, as stored."""
        planes = [lines(plane, self.dtype) for plane in frame.planes]
        return tuple(
            _every(planes[place.plane], place, *self._size(frame, index))
            for index, place in enumerate(self.places)
        )

    def put(self, frame: VideoFrame, top: int, parts: Sequence[Array]) -> None:
        """Write a band of native components from line ``top`` of luma on."""
        views = self.components(frame)
        for plane in sorted({place.plane for place in self.places}):
            group = [i for i, place in enumerate(self.places) if place.plane == plane]
            step = self.places[group[0]].step
            first = top >> self.down if self.model == "yuv" and group[0] in (1, 2) else top
            if step == 1 or any(self.places[i].step != len(group) for i in group):
                for i in group:
                    views[i][first : first + parts[i].shape[0]] = parts[i]
                continue
            order = sorted(group, key=lambda i: self.places[i].first)
            merged = cv2.merge([parts[i] for i in order]).reshape(parts[group[0]].shape[0], -1)
            target = lines(frame.planes[plane], self.dtype)
            target[first : first + merged.shape[0], : merged.shape[1]] = merged

    def new(self, width: int, height: int) -> VideoFrame:
        """Return a frame to put components in; padding between them is all ones."""
        frame = VideoFrame(width, height, self.name)
        for index, plane in enumerate(frame.planes):
            steps = [place.step for place in self.places if place.plane == index]
            if sum(max(steps) // step for step in steps) < max(steps):
                lines(plane, "|u1")[...] = 255
        return frame

    def _size(self, frame: VideoFrame, index: int) -> tuple[int, int]:
        if self.model == "yuv" and index in (1, 2):
            return -(-frame.height >> self.down), -(-frame.width >> self.across)
        return frame.height, frame.width


def lines(plane: VideoPlane, dtype: str) -> Array:
    """Return a writable view ``(H, samples)`` of a plane, top line first, padding included."""
    kind = np.dtype(dtype)
    stride = plane.line_size
    view: Array = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, abs(stride))
    if stride < 0:
        view = view[::-1]
    return view[:, : abs(stride) // kind.itemsize * kind.itemsize].view(kind)


def _every(rows: Array, place: Place, height: int, width: int) -> Array:
    return rows[:height, place.first : place.first + (width - 1) * place.step + 1 : place.step]


@cache
def packing(pix_fmt: str) -> Packing | None:
    """Return how a format is packed; None for one that is not read and written directly.

    Those are palettes, bit streams, Bayer mosaics, XYZ, 4:1:1 in one plane, 32-bit integers and
    formats with several components in one word.
    """
    form = VideoFormat(pix_fmt, 64, 64)
    base = re.sub(r"(le|be)$", "", form.name)
    places = _places(form, base)
    if places is None:
        return None
    parts = form.components
    floating = re.search(r"f(16|32)$", base)
    bits = parts[0].bits
    size = bits // 8 if floating else (1 if bits == 8 else 2)
    if bits > 16 and not floating:
        return None
    kind = "f" if floating else "u"
    grey = not form.is_rgb and len(parts) - parts[-1].is_alpha == 1
    return Packing(
        name=form.name,
        model="rgb" if form.is_rgb else "grey" if grey else "yuv",
        alpha=parts[-1].is_alpha,
        depth=32 if floating else bits,
        shift=16 - bits if _HIGH.match(base) and not floating else 0,
        dtype=f"{'|' if size == 1 else '>' if form.is_big_endian else '<'}{kind}{size}",
        across=0 if grey else (64 // form.chroma_width()).bit_length() - 1,
        down=0 if grey else (64 // form.chroma_height()).bit_length() - 1,
        places=places,
    )


def _places(form: VideoFormat, base: str) -> tuple[Place, ...] | None:
    parts = form.components
    if base in _PACKED:
        return _packed(_PACKED[base])
    if form.has_palette or form.is_bit_stream or form.is_bayer or not parts:
        return None
    if form.bits_per_pixel < 8 or len({part.bits for part in parts}) > 1 or parts[0].bits < 8:
        return None
    if re.match(r"(nv|p[024]1)", base):
        first, second = (1, 0) if base in ("nv21", "nv42") else (0, 1)
        return (Place(0, 0, 1), Place(1, first, 2), Place(1, second, 2))
    if len({part.plane for part in parts}) == len(parts) and len(parts) != 2:
        return tuple(Place(part.plane, 0, 1) for part in parts)
    return None


def _packed(order: str) -> tuple[Place, ...]:
    wanted = "rgb" if "r" in order else "yuv" if "u" in order else "y"
    if "a" in order:
        wanted += "a"
    return tuple(Place(0, order.index(name), len(order) // order.count(name)) for name in wanted)


def direct(pix_fmt: str) -> Packing:
    """Return how a format is packed that is known to be read directly."""
    found = packing(pix_fmt)
    assert found is not None, pix_fmt
    return found


def native(part: Array) -> Array:
    """Return a component in the machine's byte order, half floats widened; else the same view."""
    if part.dtype.kind == "f" and part.dtype.itemsize == 2:
        return part.astype(np.float32)
    return part if part.dtype.isnative else part.astype(part.dtype.newbyteorder("="))


def tensor(part: Array) -> torch.Tensor:
    """Return a tensor that shares memory with a component where its byte order allows."""
    return torch.from_numpy(part if part.dtype.isnative else native(part))
