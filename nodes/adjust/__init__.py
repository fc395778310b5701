"""Colour and light."""

from streamfx.nodes.adjust.exposure import Exposure
from streamfx.nodes.adjust.lut import Lut

__all__ = ["Exposure", "Lut"]
