"""More frames than came in."""

from streamfx.nodes.interpolate.blend import Blend

__all__ = ["Blend"]
