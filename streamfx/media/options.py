"""The options an encoder is opened with: rate control, quality, HDR10 metadata."""

from __future__ import annotations

from fractions import Fraction

from streamfx.errors import TargetError
from streamfx.media import codecs
from streamfx.media.codecs import Codec
from streamfx.media.mastering import Mastering, Point

_X_UNIT, _Y_UNIT = Fraction(1, 50000), Fraction(1, 10000)


def options_for(
    row: Codec, encoder: str, quality: float | None, mastering: Mastering | None, notes: list[str]
) -> dict[str, str]:
    """Return the options of an encoder; ``notes`` is told what cannot be stated.

    Raises :exc:`TargetError` for a quality that the codec does not have.
    """
    card = encoder != row.encoder
    options = {"preset": "p5", "rc": "vbr", "b": "0"} if card else dict(row.options)
    options |= _quality(row, encoder, quality)
    if mastering is None:
        return options
    if row.mastering and not card:
        return options | encoder_options(row.mastering, mastering, options.get(row.mastering, ""))
    notes.append(f"HDR10 mastering metadata is left out: {encoder} has no place for it")
    return options


def _quality(row: Codec, encoder: str, asked: float | None) -> dict[str, str]:
    scale = row.quality
    if scale is None:
        if asked is not None:
            having = ", ".join(each.name for each in codecs.CODECS if each.quality)
            raise TargetError(f"{row.name} has no quality to choose; these have: {having}")
        return {}
    value = scale.default if asked is None else asked
    if not scale.low <= value <= scale.high:
        raise TargetError(
            f"quality of {row.name} is {scale.low:g} to {scale.high:g}, got {value:g}"
        )
    if encoder == row.nvenc:
        return {"cq": f"{min(value, 51):g}"}
    if scale.option == "jpeg":
        step = round(31 - (value - 1) / 99 * 29)
        return {"flags": "+qscale", "global_quality": str(118 * step)}
    return {scale.option: f"{value:g}"}


def encoder_options(option: str, mastering: Mastering, given: str = "") -> dict[str, str]:
    """Return the encoder option that states HDR10 metadata.

    ``option`` is ``x264-params``, ``x265-params`` or ``svtav1-params``; ``given`` is what that
    option says already, which is kept.
    """
    display, light = _display(mastering, option == "svtav1-params"), _light(mastering)
    names = {
        "x264-params": ("mastering-display", "cll", ()),
        "x265-params": ("master-display", "max-cll", ("hdr10=1", "repeat-headers=1")),
        "svtav1-params": ("mastering-display", "content-light", ()),
    }
    display_name, light_name, more = names[option]
    parts = [given] if given else []
    if display:
        parts.append(f"{display_name}={display}")
    if light:
        parts.append(f"{light_name}={light}")
    parts.extend(more)
    return {option: ":".join(parts)}


def _display(mastering: Mastering, real: bool) -> str:
    """Return ``G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)``, in numbers or in the units of ST 2086."""
    colours = (mastering.green, mastering.blue, mastering.red, mastering.white)
    if any(point is None for point in colours):
        return ""
    brightest = mastering.brightest or Fraction(0)  # 0 reads back as not given
    named = zip(("G", "B", "R", "WP"), colours, strict=True)
    text = "".join(f"{name}({_point(point, real)})" for name, point in named if point)
    darkest = mastering.darkest or Fraction(0)
    if real:
        return f"{text}L({float(brightest):.4f},{float(darkest):.4f})"
    return f"{text}L({round(brightest / _Y_UNIT)},{round(darkest / _Y_UNIT)})"


def _point(point: Point, real: bool) -> str:
    if real:
        return ",".join(f"{float(part):.5f}" for part in point)
    return ",".join(str(round(part / _X_UNIT)) for part in point)


def _light(mastering: Mastering) -> str:
    if mastering.max_cll is None and mastering.max_fall is None:
        return ""
    return f"{mastering.max_cll or 0},{mastering.max_fall or 0}"
