"""Frames of random codes in any pixel format that is read directly, for tests of conversion."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from streamfx.media.packing import native, packing

Array = NDArray[Any]


def noise(pix_fmt: str, width: int, height: int, seed: int = 0, edges: bool = False) -> VideoFrame:
    """Return random codes over the whole range; with ``edges`` only the two ends of it."""
    form = packing(pix_fmt)
    assert form is not None
    rng = np.random.default_rng(seed)
    frame = form.new(width, height)
    parts = []
    for view in form.components(frame):
        if form.floating:
            parts.append(rng.random(view.shape, np.float32) * 3 - 1)
            continue
        codes = rng.integers(0, 2, view.shape) * form.top if edges else None
        codes = rng.integers(0, form.top + 1, view.shape) if codes is None else codes
        parts.append((codes << form.shift).astype(np.dtype(form.dtype).newbyteorder("=")))
    form.put(frame, 0, parts)
    return frame


def flat(pix_fmt: str, width: int, height: int, *values: int) -> VideoFrame:
    """Return one code for each component all over."""
    form = packing(pix_fmt)
    assert form is not None
    frame = form.new(width, height)
    for view, value in zip(form.components(frame), values, strict=True):
        view[...] = value << form.shift
    return frame


def codes(frame: VideoFrame) -> list[Array]:
    """Return copies of the components as int64 codes (float32 in float formats)."""
    form = packing(frame.format.name)
    assert form is not None
    parts = [native(view) for view in form.components(frame)]
    if form.floating:
        return [part.astype(np.float32) for part in parts]
    return [part.astype(np.int64) >> form.shift for part in parts]


def largest_difference(one: VideoFrame, other: VideoFrame) -> float:
    """Return the largest difference between two frames of one format, in code values."""
    assert (one.format.name, one.width, one.height) == (
        other.format.name,
        other.width,
        other.height,
    )
    pairs = zip(codes(one), codes(other), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)
