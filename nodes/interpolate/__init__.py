"""Frame interpolation."""

from streamfx.nodes.interpolate.blend import Blend
from streamfx.nodes.interpolate.flow import Flow

__all__ = ["Blend", "Flow"]
