"""A green or blue screen, or one of any other colour, taken out of the picture."""

from __future__ import annotations

import logging
import re
from typing import Annotated, ClassVar

import torch
from pydantic import AfterValidator

import streamfx
from streamfx import Context, Frame, Node, VideoInfo, param
from streamfx.nodes.matting._chroma_key import cut, key
from streamfx.nodes.matting._chroma_screen import HUES, Screen, found, picked, seen
from streamfx.nodes.matting._edge import shrunk
from streamfx.nodes.matting._light import Floats
from streamfx.nodes.matting.difference import small
from streamfx.swatch import rgb

log = logging.getLogger(__name__)

_LINES = 240
"""Lines, or columns, whichever are fewer, of the size at which screen and subject are found."""
_GREYEST = 12
"""Least difference between the largest and the smallest of a screen's R', G' and B' codes."""
_HEX = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def _check_screen(text: str) -> str:
    if text not in HUES and not _HEX.fullmatch(text):
        raise ValueError("auto, green, blue or a colour such as #00b140")
    if text not in HUES:
        red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
        if max(red, green, blue) - min(red, green, blue) < _GREYEST:
            raise ValueError("a colour that is no grey")
    return text


def _box(text: str) -> tuple[float, ...]:
    """Return left, top, right and bottom in shares of the picture; none for what is no box."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else ["0", "0", "1", "1"]
    if len(parts) != 4 or not all(re.fullmatch(r"\d*\.?\d+", part) for part in parts):
        return ()
    left, top, right, bottom = (float(part) for part in parts)
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        return ()
    return left, top, right, bottom


def _check_keep(text: str) -> str:
    if not _box(text):
        raise ValueError("a box, LEFT,TOP,RIGHT,BOTTOM in shares of 1, such as 0.1,0,0.9,1")
    return text


class Chroma(Node):
    """Cut out whatever stands before a screen of one colour, as green or blue ones are.

    The screen may be lit unevenly and have folds. Its share is taken out of the colours of the
    edge. Where there is no screen the picture stays opaque.
    """

    past: ClassVar[int] = 1

    screen: Annotated[str, AfterValidator(_check_screen)] = param(
        default="auto",
        help="Colour of the screen: green, blue, one as #rrggbb, or auto: of that hue which takes "
        "most of the picture's upper edge and sides.",
        live=True,
    )
    tolerance: float = param(
        default=0.08,
        ge=0.01,
        le=0.5,
        unit="share",
        help="How much less of its colour a shaded or folded part of the screen may have.",
        live=True,
    )
    clip_black: float = param(
        default=0.01, ge=0, le=0.49, unit="share", help="Alpha that becomes clear.", live=True
    )
    clip_white: float = param(
        default=0.99, ge=0.51, le=1, unit="share", help="Alpha that becomes solid.", live=True
    )
    core: float = param(
        default=0.08,
        ge=0,
        le=1,
        unit="share",
        help="How far from the screen the subject is solid even where its colour is like the "
        "screen's, as a share of the picture's shorter side.",
        live=True,
    )
    spill: float = param(
        default=1.0,
        ge=0,
        le=1,
        unit="share",
        help="How much of the screen's light on the subject goes; its own colours, skin and the "
        "inside stay.",
        live=True,
    )
    spill_reach: float = param(
        default=0.06,
        ge=0,
        le=1,
        unit="share",
        help="How far inwards that light goes, as a share of the picture's shorter side.",
        live=True,
    )
    shrink: int = param(
        default=0, ge=0, le=10, unit="px", help="How far the edge moves inwards.", live=True
    )
    keep: Annotated[str, AfterValidator(_check_keep)] = param(
        default="",
        help="Box outside of which all is clear, a garbage matte: LEFT,TOP,RIGHT,BOTTOM in shares "
        "of the picture, such as 0.1,0,0.9,1.",
        live=True,
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.with_alpha()

    def open(self, ctx: Context) -> None:
        self._found: dict[str, Screen] = {}
        self._told = ""

    def process(self, frame: Frame) -> Frame:
        by = max(1, round(min(frame.height, frame.width) / _LINES))
        high, wide = max(1, frame.height // by), max(1, frame.width // by)
        colours = seen(small(frame.image, high, wide))
        least = min(high, wide)
        screen = self._screen(frame, colours)
        if screen is None:
            image = _opaque(frame.image)
        else:
            despill = self.spill, self.spill_reach * least
            matte = key(colours, screen, self.tolerance, self.core * least, despill)
            image = cut(frame.image, matte, (self.clip_black, self.clip_white))
        return self._finished(frame, image, screen)

    def close(self) -> None:
        self._found = {}

    def _screen(self, frame: Frame, colours: Floats) -> Screen | None:
        """Return the screen; where it is hidden, as it was seen last. Say what has changed."""
        if self.screen not in HUES:
            return picked(rgb(self.screen, frame.colour or streamfx.Colour()))
        screen = found(colours, HUES[self.screen]) or self._found.get(self.screen)
        if screen is None:
            name = "" if self.screen == "auto" else f"{self.screen} "
            self._tell(logging.WARNING, f"no {name}screen found: the picture stays opaque")
        else:
            self._found[self.screen] = screen
            self._tell(logging.INFO, f"{screen.name} screen found, {screen.code} here")
        return screen

    def _tell(self, level: int, text: str) -> None:
        kind = text.partition(",")[0]
        if kind != self._told:
            self._told = kind
            log.log(level, "%s", text)

    def _finished(self, frame: Frame, image: torch.Tensor, screen: Screen | None) -> Frame:
        """Apply what does not depend on the screen, and note its colour on the frame."""
        matte = shrunk(image[3:], self.shrink) if self.shrink else image[3:]
        if frame.alpha:
            matte = matte * frame.image[3:]
        if self.keep.strip():
            left, top, right, bottom = _box(self.keep)
            inside = torch.zeros_like(matte)
            rows = slice(round(top * frame.height), round(bottom * frame.height))
            inside[:, rows, round(left * frame.width) : round(right * frame.width)] = 1
            matte = matte * inside
        if matte is not image[3:]:
            image = torch.cat([image[:3] * (matte > 0), matte])
        notes = {**frame.props.notes, "screen": None if screen is None else screen.code}
        return frame.showing(image).marked(notes=notes)


def _opaque(image: torch.Tensor) -> torch.Tensor:
    return torch.cat([image[:3], torch.ones_like(image[:1])])
