"""The light of several frames on one."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor

from streamfx import Colour, Frame, Props
from streamfx.alpha import premultiply, straighten
from streamfx.colour import from_linear, to_linear


class Exposure:
    """Gathers frames while a shutter is open. What only one picture falls on comes out as it is."""

    def __init__(self) -> None:
        self._first: Frame | None = None
        self._latest: Frame | None = None
        self._share = Fraction(0)
        self._whole = Fraction(0)
        self._light: Tensor | None = None
        self._corrupt = False

    @property
    def dark(self) -> bool:
        """Whether no frame has come yet."""
        return self._first is None

    def add(self, frame: Frame, share: Fraction) -> None:
        """Take in a frame for a share of the open time; the first shows where nothing else does."""
        if self._first is None:
            self._first = self._latest = frame
        elif share and not frame.props.repeated:
            self._settle()
            self._latest = frame
        self._share += share
        self._corrupt = self._corrupt or (frame.props.corrupt and bool(share))

    def picture(self, pts: Fraction, duration: Fraction) -> Frame:
        """Return what was gathered, shown from ``pts`` on."""
        first = self._first
        assert first is not None, "an exposure needs a frame"
        if self._light is None:
            assert self._latest is not None
            return self._latest.marked(cut=first.props.cut).at(pts, duration)
        self._settle()
        image = straighten(self._light / float(self._whole))
        colours = from_linear(image[:3], _transfer(first)).clamp_(0, 1)
        props = Props(cut=first.props.cut, corrupt=self._corrupt)
        return Frame(torch.cat([colours, image[3:]]), pts, duration, first.colour, props)

    def _settle(self) -> None:
        """Add the light of the latest picture, for as long as it was seen."""
        if not self._share:
            return
        assert self._latest is not None
        image = self._latest.image
        light = to_linear(image[:3].clamp(0, 1), _transfer(self._latest))
        light = premultiply(torch.cat([light, image[3:]])) * float(self._share)
        self._light = light if self._light is None else self._light.add_(light)
        self._whole += self._share
        self._share = Fraction(0)


def _transfer(frame: Frame) -> str:
    return (frame.colour or Colour()).transfer
