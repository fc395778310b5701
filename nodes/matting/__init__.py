"""A subject cut out of its picture."""

from streamfx.nodes.matting.difference import Difference

__all__ = ["Difference"]
