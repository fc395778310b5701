"""What stands behind the subject: the blurred shot, a colour, or something uploaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import torch
from torch.nn import functional

from streamfx.engine.feeds import BlankFeed, Feed, FileFeed
from streamfx.frame import Frame
from streamfx.live.refusal import Refusal, unknown
from streamfx.resample import blur

KINDS = ("none", "blur", "colour", "upload")

COARSE = 8
"""Pixels of the shot that become one before it is blurred: what is left of detail is little."""

SOFTNESS = 0.012
"""Standard deviation of the blur, as a share of the picture's width."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class ShotFeed:
    """The shot itself, as it came last, out of focus where ``blurred``."""

    def __init__(self, *, blurred: bool) -> None:
        self._blurred = blurred
        self._latest: Frame | None = None
        self._made: tuple[Frame, Frame] | None = None

    def show(self, frame: Frame) -> None:
        """Note what came in last; any thread."""
        self._latest = frame

    def frame_at(self, seconds: Fraction, width: int, height: int) -> Frame | None:
        """Return the shot, for any instant."""
        latest = self._latest
        if latest is None or not self._blurred:
            return latest
        if self._made is None or self._made[0] is not latest:
            self._made = latest, latest.showing(out_of_focus(latest.image[:3]))
        return self._made[1]

    def close(self) -> None:
        """Let go of the pictures."""
        self._latest = self._made = None


def out_of_focus(image: torch.Tensor) -> torch.Tensor:
    """Return ``(3, H, W)`` so blurred that nothing in the room can be made out."""
    height, width = int(image.shape[1]), int(image.shape[2])
    small = functional.adaptive_avg_pool2d(
        image[None], (max(1, height // COARSE), max(1, width // COARSE))
    )[0]
    soft = blur(small, max(SOFTNESS * width / COARSE, 0.5))
    large = functional.interpolate(
        soft[None], size=(height, width), mode="bilinear", align_corners=False
    )
    return large[0].clamp_(0, 1)


def make_feed(kind: str, value: str | None, uploads: Mapping[str, Path]) -> Feed:
    """Return the feed for a choice of background, or raise a :class:`Refusal`."""
    if kind in ("none", "blur"):
        return ShotFeed(blurred=kind == "blur")
    if kind == "colour":
        if value is None or not _COLOUR.fullmatch(value):
            raise Refusal(400, "background", f"a colour is #rrggbb, got {value!r}")
        return BlankFeed(value)
    if kind == "upload":
        if value is None or value not in uploads:
            raise unknown("upload", str(value))
        return FileFeed(str(uploads[value]))
    raise Refusal(400, "background", f"a background is one of {', '.join(KINDS)}, got {kind!r}")
