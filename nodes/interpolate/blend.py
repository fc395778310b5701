"""Frame interpolation without a network: the baseline the others must beat."""

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor

from streamfx import Context, Frame, Node, Props, VideoInfo, param
from streamfx.alpha import premultiply, straighten


class Blend(Node):
    """Multiply the frame rate by fading each frame into the next."""

    past: ClassVar[int] = 1

    factor: int = param(default=2, ge=2, le=8, unit="x", help="Frames out for each frame in.")

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.faster(self.factor, held_back=1)

    def open(self, ctx: Context) -> None:
        self._last: Frame | None = None

    def process(self, frame: Frame) -> Iterator[Frame]:
        last, self._last = self._last, frame
        if last is None:
            return
        if frame.props.repeated:
            yield from self._spread(last, frame.pts - last.pts)
            return
        step = (frame.pts - last.pts) / self.factor
        yield last.at(last.pts, step)
        props = Props(corrupt=last.props.corrupt or frame.props.corrupt)
        for i in range(1, self.factor):
            image = _faded(last.image, frame.image, i / self.factor)
            yield Frame(image, last.pts + i * step, step, last.colour, props)

    def flush(self) -> Iterator[Frame]:
        last, self._last = self._last, None
        if last is not None:
            yield from self._spread(last, last.duration)

    def _spread(self, frame: Frame, duration: Fraction) -> Iterator[Frame]:
        """Show one frame all the while: there is nothing to fade into."""
        step = duration / self.factor
        yield frame.at(frame.pts, step)
        again = frame.marked(cut=False, repeated=True, number=None)
        for i in range(1, self.factor):
            yield again.at(frame.pts + i * step, step)


def _faded(first: Tensor, second: Tensor, share: float) -> Tensor:
    return straighten(torch.lerp(premultiply(first), premultiply(second), share))
