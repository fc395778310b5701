"""What stored numbers mean, and what of that is tagged: no shift, and no tag nobody asked for."""

from __future__ import annotations

from dataclasses import replace

from streamfx.colour import Colour, guess
from streamfx.frame import VideoInfo
from streamfx.media import pixels
from streamfx.media.codecs import Codec
from streamfx.media.tags import settle

TAGS = ("primaries", "transfer", "matrix", "range")
"""The fields of a colour that a file can be tagged with."""


def stored(
    row: Codec,
    video: VideoInfo,
    pix_fmt: str,
    size: tuple[int, int],
    kept: bool,
    notes: list[str],
) -> Colour:
    """Return what the stored numbers mean, and leave untagged what the source left untagged."""
    wire, held = video.colour, pixels.layout(pix_fmt)
    colour = settle(replace(wire, guessed=()), pix_fmt)
    if row.linear:
        colour = replace(colour, transfer="linear")
    if wire.matrix == "gbr" and not held.rgb:
        colour = replace(colour, siting="left")
    if row.matrices and colour.matrix not in row.matrices:
        notes.append(f"matrix {colour.matrix} becomes bt709: {row.name} can say no other")
        colour = replace(colour, matrix="bt709")
    if row.full or pixels.full_name(pix_fmt):
        colour = replace(colour, range="full")
    changed = {name for name in TAGS if getattr(colour, name) != getattr(wire, name)}
    left = tuple(name for name in wire.guessed if name not in changed)
    read = _guess(colour, size, held, open_=left if kept else TAGS)
    wrong = [name for name in TAGS if getattr(read, name) != getattr(colour, name)]
    if wrong and not kept and not row.linear:
        notes.append(
            f"{row.name} here keeps no colour tags: nothing in the output says {colour}, and its "
            f"{' and '.join(wrong)} may be misread"
        )
    elif wrong and left:
        notes.append(f"tagged as {colour}: untagged, its {' and '.join(wrong)} would be misread")
        left = ()
    return replace(colour, guessed=left)


def _guess(
    colour: Colour, size: tuple[int, int], held: pixels.Layout, open_: tuple[str, ...]
) -> Colour:
    told = {name: None if name in open_ else getattr(colour, name) for name in TAGS}
    return guess(width=size[0], height=size[1], rgb=held.rgb, depth=held.depth, **told)
