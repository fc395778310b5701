"""Pixel formats: what one holds, and which of several comes nearest to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from av import VideoFormat

_EXOTIC = ("nv", "p0", "p2", "p4", "x2", "xyz", "y2", "bayer", "rgb4_", "rgb8", "bgr4_", "bgr8")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a pixel format holds, whatever its order in memory."""

    rgb: bool
    """R, G and B rather than Y'CbCr."""
    depth: int
    """Bits of each component; 32 for floating point."""
    alpha: bool
    """Whether there is an alpha component."""
    across: int
    """Binary logarithm of luma samples for each chroma sample along a line."""
    down: int
    """The same along a column."""
    grey: bool = False
    """Whether there is no chroma."""

    def __str__(self) -> str:
        if self.grey:
            text = "grey"
        elif self.rgb:
            text = "RGB"
        else:
            text = _CHROMA.get((self.across, self.down), "subsampled")
        kind = "floating-point" if self.depth == 32 else f"{self.depth}-bit"
        return f"{kind} {text}" + (" with alpha" if self.alpha else "")


_CHROMA = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0", (2, 0): "4:1:1", (0, 1): "4:4:0"}


@cache
def layout(pix_fmt: str) -> Layout:
    """Return what a pixel format holds. Raises ValueError for a name FFmpeg does not know."""
    form = VideoFormat(pix_fmt, 64, 64)
    parts = form.components
    colours = [part for part in parts if not part.is_alpha]
    rgb = form.is_rgb or form.has_palette
    grey = len(colours) == 1 and not form.has_palette
    return Layout(
        rgb=rgb,
        depth=8 if form.has_palette else max((part.bits for part in parts), default=8),
        alpha=form.has_palette or any(part.is_alpha for part in parts),
        across=0 if rgb or grey else (64 // form.chroma_width()).bit_length() - 1,
        down=0 if rgb or grey else (64 // form.chroma_height()).bit_length() - 1,
        grey=grey,
    )


def full_name(pix_fmt: str) -> bool:
    """Tell whether the name itself says full range, as the deprecated ``yuvj`` formats do."""
    return pix_fmt.startswith("yuvj")


def nearest(wanted: Layout, formats: Iterable[str], prefer: str = "") -> str:
    """Return the format that loses least: alpha first, then depth, chroma and RGB.

    Of equals, the one that adds least wins, ``prefer`` before all. Formats without a full set of
    components (palettes, bit streams, semi-planar ones other than ``prefer``) are left out.
    """
    usable = [name for name in formats if name == prefer or _plain(name)]
    if not usable:
        raise ValueError("no pixel format to choose from")
    return min(
        usable,
        key=lambda name: (_loss(wanted, name), name != prefer, full_name(name), _be(name)),
    )


def _plain(name: str) -> bool:
    if name.startswith(_EXOTIC) or name in ("cuda", "pal8", "rgb0", "0rgb", "0bgr"):
        return False
    form = VideoFormat(name, 64, 64)
    return not (form.has_palette or form.is_bit_stream)


def _loss(wanted: Layout, name: str) -> tuple[int, ...]:
    held = layout(name)
    lost_chroma = max(held.across - wanted.across, 0) + max(held.down - wanted.down, 0)
    added_chroma = max(wanted.across - held.across, 0) + max(wanted.down - held.down, 0)
    return (
        wanted.alpha and not held.alpha,
        max(wanted.depth - held.depth, 0),
        held.grey and not wanted.grey,
        lost_chroma,
        wanted.rgb != held.rgb,
        max(held.depth - wanted.depth, 0),
        added_chroma,
        held.alpha and not wanted.alpha,
    )


def _be(name: str) -> bool:
    return name.endswith("be")
