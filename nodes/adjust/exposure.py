"""Exposure, as a lens would change it."""

from typing import ClassVar

import torch
from torch import Tensor

from streamfx import Colour, Frame, Node, param
from streamfx.colour import from_linear, gamma_of, to_linear


class Exposure(Node):
    """Brighten or darken by photographic stops: each stop doubles or halves the light."""

    stateless: ClassVar[bool] = True

    stops: float = param(
        default=0.0,
        ge=-6,
        le=6,
        unit="EV",
        help="How many times the light doubles; below 0 it halves.",
        live=True,
    )

    def process(self, frame: Frame) -> Frame:
        if self.stops == 0:
            return frame
        transfer = (frame.colour or Colour()).transfer
        lit = _exposed(frame.image[:3], 2.0**self.stops, transfer)
        return frame.showing(torch.cat([lit, frame.image[3:]]) if frame.alpha else lit)


def _exposed(colour: Tensor, gain: float, transfer: str) -> Tensor:
    try:
        gamma = gamma_of(transfer)
    except ValueError:  # not a pure power: by way of the light itself
        return from_linear(to_linear(colour, transfer) * gain, transfer).clamp_(0, 1)
    return torch.mul(colour, gain ** (1 / gamma)).clamp_(0, 1)
