"""Frame interpolation."""

from streamfx.nodes.interpolate.blend import Blend
from streamfx.nodes.interpolate.flow import Flow
from streamfx.nodes.interpolate.neural import Neural
from streamfx.nodes.interpolate.onnx import Onnx
from streamfx.nodes.interpolate.rife import Rife

__all__ = ["Blend", "Flow", "Neural", "Onnx", "Rife"]
