"""Size and framing."""

from streamfx.nodes.geometry.crop import Crop
from streamfx.nodes.geometry.resize import Resize

__all__ = ["Crop", "Resize"]
