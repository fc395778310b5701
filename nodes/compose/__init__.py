"""Several pictures into one."""

from streamfx.nodes.compose.blur import Blur
from streamfx.nodes.compose.colour import Colour
from streamfx.nodes.compose.over import Over

__all__ = ["Blur", "Colour", "Over"]
