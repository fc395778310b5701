"""Planes to other planes of the same colours: another depth, range, chroma layout or packing."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from streamfx.colour import Colour
from streamfx.media.arithmetic import Arrays
from streamfx.media.chroma import sited
from streamfx.media.packing import Packing, native
from streamfx.media.ycbcr import Scale, alpha_scale, chroma_scale, doubled, halved, luma_scale

Array = NDArray[Any]


def moves_only(form: Packing, goal: Packing, source: Colour, target: Colour) -> bool:
    """Tell whether codes stay as they are and only their places in memory change."""
    return (
        form.model == goal.model == "rgb"
        and (form.depth, form.floating) == (goal.depth, goal.floating)
        and source.range == target.range
    )


def replaned(
    frame: VideoFrame, form: Packing, goal: Packing, source: Colour, target: Colour
) -> VideoFrame:
    """Return the frame packed as ``goal``, component by component.

    Limited range to a greater depth is an exact shift; to a smaller one it rounds to nearest.
    Chroma is resampled along an axis only where its layout or siting differs.
    """
    out = goal.new(frame.width, frame.height)
    parts = [native(part) for part in form.components(frame)]
    size = (frame.height, frame.width)
    luma = luma_scale(form, source.range), luma_scale(goal, target.range)
    made: list[Array] = [_recoded(parts[0], form, goal, *luma)]
    if goal.model == "rgb":
        made += [_recoded(part, form, goal, *luma) for part in parts[1:3]]
    elif goal.model == "yuv":
        chroma = chroma_scale(form, source.range), chroma_scale(goal, target.range)
        if form.model == "grey":
            made += [_neutral(goal, size, chroma[1])] * 2
        else:
            made += [
                _recoded(_resampled(part, form, goal, source, target, size), form, goal, *chroma)
                for part in parts[1:3]
            ]
    if goal.alpha:
        opaque = np.full(size, goal.top, goal.dtype) if not form.alpha else None
        alpha = alpha_scale(form), alpha_scale(goal)
        made.append(_recoded(parts[-1], form, goal, *alpha) if opaque is None else opaque)
    goal.put(out, 0, made)
    return out


def _recoded(part: Array, form: Packing, goal: Packing, old: Scale, new: Scale) -> Array:
    if old == new and form.shift == goal.shift and part.dtype == np.dtype(goal.dtype):
        return part
    weight, offset = old.reading(form.shift)
    gain = weight * new.gain
    return Arrays().store(part, gain, offset * new.gain + new.zero, goal.top, goal.shift)


def _neutral(goal: Packing, size: tuple[int, int], scale: Scale) -> Array:
    height, width = -(-size[0] >> goal.down), -(-size[1] >> goal.across)
    return np.full((height, width), int(scale.zero) << goal.shift, goal.dtype)


def _resampled(
    part: Array,
    form: Packing,
    goal: Packing,
    source: Colour,
    target: Colour,
    size: tuple[int, int],
) -> Array:
    up, down = [0, 0], [0, 0]
    for axis, (have, want) in enumerate(((form.down, goal.down), (form.across, goal.across))):
        same = sited(source.siting, axis) == sited(target.siting, axis) or not (have and want)
        up[axis] = max(have - want, 0) if same else have
        down[axis] = max(want - have, 0) if same else want
    if not any(up + down):
        return part
    do = Arrays()
    plane = do.mix([(part, 1.0)], 0.0)
    reached = tuple(
        -(-size[axis] >> (have - up[axis])) for axis, have in enumerate((form.down, form.across))
    )
    plane = doubled(do, plane, source.siting, (up[0], up[1]), (reached[0], reached[1]))
    return halved(do, plane, target.siting, (down[0], down[1]))
