"""Interlaced pictures made progressive: one frame out for each frame in, at the same instant."""

from __future__ import annotations

from fractions import Fraction

import av
from av.filter import Graph
from av.video.frame import VideoFrame


class Deinterlacer:
    """FFmpeg's ``bwdif`` (BBC W3FDIF interpolation with YADIF's checks), a frame at a time.

    Progressive frames pass unchanged. One frame is held back; :meth:`flush` returns it. Frames keep
    their number, order, instants and side data. Every frame must have a pts.
    """

    def __init__(self, first: VideoFrame, time_base: Fraction) -> None:
        self._time_base = time_base
        self._graph = Graph()
        self._shape = _shape(first)
        source = self._graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=time_base
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
        sink = self._graph.add("buffersink")
        self._graph.link_nodes(source, bwdif, sink).configure()
        self._source, self._sink = source, sink

    def fits(self, frame: VideoFrame) -> bool:
        """Return whether ``frame`` has the size and format that this was made for."""
        return _shape(frame) == self._shape

    def process(self, frame: VideoFrame) -> list[VideoFrame]:
        """Return the frames that are ready once ``frame`` is known: none or one."""
        self._source.push(frame)
        return self._ready()

    def flush(self) -> list[VideoFrame]:
        """Return what was held back. Nothing may be pushed after."""
        self._source.push(None)
        return self._ready()

    def _ready(self) -> list[VideoFrame]:
        frames: list[VideoFrame] = []
        while True:
            try:
                frame = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return frames
            assert isinstance(frame, VideoFrame)
            assert frame.pts is not None and frame.time_base is not None
            frame.pts = round(frame.pts * frame.time_base / self._time_base)
            frame.duration = round(frame.duration * frame.time_base / self._time_base)
            frame.time_base = self._time_base
            frames.append(frame)


def _shape(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
