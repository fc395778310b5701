"""When frames are shown, and for how long."""

from streamfx.nodes.retime.dedupe import Dedupe
from streamfx.nodes.retime.shutter import Shutter
from streamfx.nodes.retime.speed import Speed

__all__ = ["Dedupe", "Shutter", "Speed"]
