"""The equations between code values and R'G'B' (ITU-T H.273, equations 1 to 58).

Written once over :class:`~streamfx.media.arithmetic.Arithmetic`, so that arrays and tensors get the
same sums. Nothing is clamped on the way to R'G'B': colours outside the cube come back as they went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from streamfx.colour import LUMA_WEIGHTS, Colour, Range, Siting
from streamfx.media.arithmetic import Arithmetic
from streamfx.media.chroma import sited, size_halved
from streamfx.media.packing import Packing

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Scale:
    """How a value turns into a code: ``code = value * gain + zero``."""

    gain: float
    """Codes for a value of 1."""
    zero: float
    """Code of 0."""

    def reading(self, shift: int) -> tuple[float, float]:
        """Return weight and offset that turn stored samples into values."""
        return 1 / (self.gain * (1 << shift)), -self.zero / self.gain


def luma_scale(form: Packing, range: Range) -> Scale:
    """Return the scale of Y', and of R'G'B'."""
    if form.floating:
        return Scale(1.0, 0.0)
    if range == "full":
        return Scale(float(form.top), 0.0)
    return Scale(float(219 << (form.depth - 8)), float(16 << (form.depth - 8)))


def chroma_scale(form: Packing, range: Range) -> Scale:
    """Return the scale of Cb and Cr, whose values lie in -1/2 … 1/2."""
    gain = form.top if range == "full" else 224 << (form.depth - 8)
    return Scale(float(gain), float(1 << (form.depth - 1)))


def alpha_scale(form: Packing) -> Scale:
    """Return the scale of alpha, which is full range always."""
    return Scale(1.0, 0.0) if form.floating else Scale(float(form.top), 0.0)


def weights(matrix: str) -> tuple[float, float, float]:
    """Return Kr, Kg and Kb. Raises KeyError for a matrix that is not of this kind."""
    red, blue = LUMA_WEIGHTS[matrix]
    return red, 1 - red - blue, blue


def doubled(
    do: Arithmetic[P], plane: P, siting: Siting, times: tuple[int, int], size: tuple[int, int]
) -> P:
    """Bring chroma up ``times`` along (columns, lines) to ``size`` (height, width)."""
    for axis in (1, 0):
        for left in range(times[axis] - 1, -1, -1):
            goal = size_halved(size[axis], left)
            plane = do.double(plane, axis, sited(siting, axis), goal)
    return plane


def halved(do: Arithmetic[P], plane: P, siting: Siting, times: tuple[int, int]) -> P:
    """Bring chroma down ``times`` along (columns, lines): the inverse of :func:`doubled`."""
    for axis in (0, 1):
        for _ in range(times[axis]):
            plane = do.halve(plane, axis, sited(siting, axis))
    return plane


def bands(height: int, rows: int) -> Iterator[tuple[int, int]]:
    """Yield the first line and the line after the last of each band of ``rows`` lines."""
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def to_rgb(
    do: Arithmetic[P], parts: Sequence[P], form: Packing, colour: Colour, size: tuple[int, int]
) -> P:
    """Return ``(3 or 4, H, W)`` R'G'B'[A] from stored components; ``size`` is (height, width)."""
    image, channels = do.image(parts[0], 4 if form.alpha else 3, *size)
    fill = _from_ycbcr if form.model == "yuv" else _from_rgb_or_grey
    for top, bottom in bands(size[0], do.rows):
        out = [do.lines(channel, top, bottom) for channel in channels]
        fill(do, parts, form, colour, size, (top, bottom), out)
        if form.alpha:
            gain, zero = alpha_scale(form).reading(form.shift)
            do.mix([(do.lines(parts[-1], top, bottom), gain)], zero, out=out[3])
    return image


def _from_rgb_or_grey(
    do: Arithmetic[P],
    parts: Sequence[P],
    form: Packing,
    colour: Colour,
    size: tuple[int, int],
    band: tuple[int, int],
    out: Sequence[P],
) -> None:
    gain, zero = luma_scale(form, colour.range).reading(form.shift)
    for index, channel in enumerate(out[:3]):
        part = parts[0] if form.model == "grey" else parts[index]
        do.mix([(do.lines(part, *band), gain)], zero, out=channel)


def _from_ycbcr(
    do: Arithmetic[P],
    parts: Sequence[P],
    form: Packing,
    colour: Colour,
    size: tuple[int, int],
    band: tuple[int, int],
    out: Sequence[P],
) -> None:
    kr, kg, kb = weights(colour.matrix)
    y = do.lines(parts[0], *band)
    u, v = (_widened(do, part, form, colour, size, band) for part in parts[1:3])
    luma, black = luma_scale(form, colour.range).reading(form.shift)
    gain, zero = chroma_scale(form, colour.range).reading(form.shift)
    red, blue = 2 * (1 - kr), 2 * (1 - kb)
    green_u, green_v = -blue * kb / kg, -red * kr / kg
    do.mix([(y, luma), (v, red * gain)], black + red * zero, out=out[0])
    do.mix(
        [(y, luma), (u, green_u * gain), (v, green_v * gain)],
        black + (green_u + green_v) * zero,
        out=out[1],
    )
    do.mix([(y, luma), (u, blue * gain)], black + blue * zero, out=out[2])


def _widened(
    do: Arithmetic[P],
    part: P,
    form: Packing,
    colour: Colour,
    size: tuple[int, int],
    band: tuple[int, int],
) -> P:
    """Return a band of chroma at the size of luma, seen with the lines that its filter reaches."""
    if not (form.down or form.across):
        return do.lines(part, *band)
    reach = 2 if form.down else 0
    first = max((band[0] >> form.down) - reach, 0)
    last = min(size_halved(band[1], form.down) + reach, size_halved(size[0], form.down))
    top, bottom = first << form.down, min(last << form.down, size[0])
    seen = do.mix([(do.lines(part, first, last), 1.0)], 0.0)
    times = (form.down, form.across)
    wide = doubled(do, seen, colour.siting, times, (bottom - top, size[1]))
    return do.lines(wide, band[0] - top, band[1] - top)


def from_rgb(
    do: Arithmetic[P], channels: Sequence[P], form: Packing, colour: Colour, size: tuple[int, int]
) -> Iterator[tuple[int, list[P]]]:
    """Yield bands of components to store: their first line of luma, and each in its dtype.

    ``channels`` are R' G' B' and perhaps alpha; ``size`` is (height, width).
    """
    for top, bottom in bands(size[0], do.rows):
        parts: list[P] = []
        if form.model == "rgb":
            scale = luma_scale(form, colour.range)
            for channel in channels[:3]:
                parts.append(_stored(do, do.lines(channel, top, bottom), scale, form))
        else:
            parts += _to_ycbcr(do, channels, form, colour, size[0], (top, bottom))
        if form.alpha:
            alpha = [do.lines(channel, top, bottom) for channel in channels]
            parts.append(_alpha(do, alpha, form, (bottom - top, size[1])))
        yield top, parts


def _to_ycbcr(
    do: Arithmetic[P],
    channels: Sequence[P],
    form: Packing,
    colour: Colour,
    height: int,
    band: tuple[int, int],
) -> Iterator[P]:
    kr, kg, kb = weights(colour.matrix)
    reach = 8 if form.down else 0  # more than two halvings need, and a whole number of them
    top, bottom = max(band[0] - reach, 0), min(band[1] + reach, height)
    red, green, blue = (do.lines(channel, top, bottom) for channel in channels[:3])
    luma = do.mix([(red, kr), (green, kg), (blue, kb)], 0.0)
    inner = do.lines(luma, band[0] - top, band[1] - top)
    yield _stored(do, inner, luma_scale(form, colour.range), form)
    if form.model == "grey":
        return
    scale = chroma_scale(form, colour.range)
    first = (band[0] - top) >> form.down
    last = first + size_halved(band[1] - band[0], form.down)
    for channel, k in ((blue, kb), (red, kr)):
        half = 1 / (2 * (1 - k))
        full = do.mix([(channel, half), (luma, -half)], 0.0)
        small = halved(do, full, colour.siting, (form.down, form.across))
        yield _stored(do, do.lines(small, first, last), scale, form)


def _alpha(do: Arithmetic[P], channels: Sequence[P], form: Packing, size: tuple[int, int]) -> P:
    if len(channels) == 4:
        return _stored(do, channels[3], alpha_scale(form), form)
    if form.floating:
        return do.mix([(channels[0], 0.0)], 1.0)
    return do.filled(channels[0], *size, code=form.top, top=form.top)


def _stored(do: Arithmetic[P], plane: P, scale: Scale, form: Packing) -> P:
    if form.floating:
        return do.mix([(plane, scale.gain)], scale.zero)
    return do.store(plane, scale.gain, scale.zero, form.top, form.shift)
