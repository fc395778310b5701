"""The room with nobody in it, from footage in which nobody ever leaves it empty."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from streamfx import Context, Frame, Node, NodeError, StreamfxError, VideoInfo, param
from streamfx.nodes.matting._people import SQUARE, WIDE, People
from streamfx.nodes.matting._plate_builder import PlateBuilder

log = logging.getLogger(__name__)

_MASK_LINES = 256
"""Lines, or columns, whichever are fewer, of the mask of people."""
_SURE = 10
"""Pictures after which a camera that looks elsewhere in most of them is given up."""
_ASTRAY = 0.2
"""Share of the pictures that may look elsewhere: somebody bumped into the camera."""


class CleanPlate(Node):
    """Build the empty scene from a whole shot of a still camera, and put it out as one picture.

    It is shown as long as the shot lasts. What was never seen free is filled in smoothly.
    """

    people: Literal["auto", "find", "ignore"] = param(
        default="auto",
        help="Whether people are looked for, to be left out: auto does so where the network can be "
        "loaded; ignore goes by what moves alone, enough where nobody stays long.",
    )
    every: float = param(
        default=0.2, ge=0, le=60, unit="s", help="Time between two pictures that are looked at."
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        count = video.frames or 0
        whole = replace(video.delayed(count).with_alpha(False), frames=1, tick=video.time_base)
        return replace(whole, fps=video.fps / max(count, 1), variable=video.variable or not count)

    def wants(self) -> Sequence[str]:
        return () if self.people == "ignore" else (SQUARE, WIDE)

    def open(self, ctx: Context) -> None:
        self._finder = self._people_of(ctx)
        self.reset(ctx)

    def reset(self, ctx: Context) -> None:
        self._builder = PlateBuilder()
        self._first: Frame | None = None
        self._end = self._next = Fraction(0)

    def process(self, frame: Frame) -> Frame | None:
        if self._first is None:
            self._first, self._next = frame, frame.pts
        self._end = frame.end
        if frame.pts >= self._next:
            self._next = frame.pts + Fraction(self.every).limit_denominator(10**6)
            image = frame.image[:3].clamp(0, 1)
            self._builder.add(image, self._somebody(image))
            if self._builder.frames >= _SURE:
                self._check(frame.pts, 0.5)
        return None

    def flush(self) -> Iterator[Frame]:
        first, builder = self._first, self._builder
        if first is None:
            return
        self._check(first.pts, _ASTRAY)
        image, known = builder.plate()
        unknown = float((known == 0).float().mean())
        if builder.astray:
            log.warning("the camera looked elsewhere in %d pictures", builder.astray)
        if unknown:
            log.warning("%.1f %% of the scene was never free: filled in", 100 * unknown)
        notes = {**first.props.notes, "unknown": unknown}
        shown = Frame(image, first.pts, self._end - first.pts, first.colour, first.props)
        yield shown.marked(notes=notes)

    def close(self) -> None:
        self._finder = None
        self._builder = PlateBuilder()
        self._first = None

    def _people_of(self, ctx: Context) -> People | None:
        """Return what finds people, if it is wanted and there."""
        try:
            for name in self.wants():
                ctx.models.load(name, ctx.device, torch.float32)
        except StreamfxError as exc:
            if self.people == "find":
                raise
            log.warning("people are not looked for: %s", exc)
            return None
        return People(ctx, thorough=True) if self.wants() else None

    def _somebody(self, image: Tensor) -> Tensor | None:
        """Return how much of each pixel is somebody, ``(h, w)``; None where nobody looks."""
        if self._finder is None:
            return None
        high, wide = image.shape[1:]
        by = max(1.0, min(high, wide) / _MASK_LINES)
        return self._finder.find(image, (max(1, round(high / by)), max(1, round(wide / by))))

    def _check(self, at: Fraction, most: float) -> None:
        """Raise NodeError where more than ``most`` of the pictures show another view."""
        count, astray = self._builder.frames, self._builder.astray
        if astray > most * count:
            raise NodeError(
                "matting.clean_plate",
                at,
                f"the camera moves: in {astray} of {count} pictures the view is off by up to "
                f"{self._builder.furthest:.0%} of the shorter side; a clean plate wants it still",
            )
