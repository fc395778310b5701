"""Decoded pictures made progressive and upright, as planes."""

from __future__ import annotations

from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame

from streamfx.media.deinterlace import Deinterlacer
from streamfx.media.orientation import Orientation

Shape = tuple[int, int, str, Orientation]


class Upright:
    """Deinterlace what is interlaced and turn what lies on its side; other frames pass untouched.

    Deinterlacing holds one frame back.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._deinterlacer: Deinterlacer | None = None
        self._turning: tuple[Shape, Graph] | None = None

    def push(self, frame: VideoFrame) -> list[VideoFrame]:
        """Return the frames that are ready once ``frame``, which has a pts, is known."""
        ready: list[VideoFrame] = []
        if self._deinterlacer is not None and not self._deinterlacer.fits(frame):
            ready = self.flush()
        if self._deinterlacer is None and frame.interlaced_frame:
            self._deinterlacer = Deinterlacer(frame, self._time_base)
        frames = [frame] if self._deinterlacer is None else self._deinterlacer.process(frame)
        return ready + [self._turn(each) for each in frames]

    def flush(self) -> list[VideoFrame]:
        """Return what was held back."""
        last, self._deinterlacer = self._deinterlacer, None
        return [] if last is None else [self._turn(frame) for frame in last.flush()]

    def _turn(self, frame: VideoFrame) -> VideoFrame:
        orientation = Orientation.from_frame(frame)
        if orientation.upright_already:
            return frame
        shape = (frame.width, frame.height, frame.format.name, orientation)
        if self._turning is None or self._turning[0] != shape:
            self._turning = (shape, _turner(frame, orientation, self._time_base))
        graph = self._turning[1]
        graph.push(frame)
        turned = graph.pull()
        assert isinstance(turned, VideoFrame)
        turned.pts, turned.time_base = frame.pts, frame.time_base
        return turned


def _turner(frame: VideoFrame, orientation: Orientation, time_base: Fraction) -> Graph:
    graph = Graph()
    chain = [
        graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=time_base
        )
    ]
    if orientation.swaps:
        chain.append(graph.add("transpose", "cclock_flip"))
    if orientation.flips_across:
        chain.append(graph.add("hflip"))
    if orientation.flips_down:
        chain.append(graph.add("vflip"))
    chain.append(graph.add("sidedata", "mode=delete:type=DISPLAYMATRIX"))
    graph.link_nodes(*chain, graph.add("buffersink")).configure()
    return graph
