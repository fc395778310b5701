"""What every interpolation node does: instants, cuts, repeats, overlays, alpha.

A subclass says how two pictures become one between them; all else is here.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any, ClassVar, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from streamfx import Context, Frame, GraphError, Node, Props, VideoInfo, param
from streamfx.alpha import premultiply, straighten
from streamfx.errors import SettingError
from streamfx.likeness import CUT, change, repeated, thumbnail
from streamfx.nodes.interpolate._overlay import Overlay
from streamfx.timing import parse_rate

_log = logging.getLogger(__name__)

RUN = 4
"""Frames that may show the same drawing and are re-timed; more are a picture that stands still."""


@dataclass(slots=True, eq=False)
class Shown:
    """A frame, and what was found out about it."""

    frame: Frame
    small: NDArray[Any]
    """Its thumbnail."""
    known: Any = None
    """What the subclass knows of it; it is found out once, also where two pairs share it."""


class Interpolator(Node):
    """Base of the nodes that put frames between frames."""

    past: ClassVar[int] = RUN + 2

    factor: int = param(
        default=2, ge=1, le=16, unit="x", help="Frames out for each frame in, where fps is not set."
    )
    fps: str = param(
        default="",
        help="Rate of what comes out, whatever comes in: 60, 59.94, 24000/1001. Empty: by factor.",
    )
    cut: float = param(
        default=CUT,
        ge=0,
        le=1,
        unit="share",
        help="Share of the picture that neither motion nor light explains from which on it is "
        "another shot: frames are held there, not morphed. 0: only marked cuts count.",
    )
    repeats: Literal["hold", "retime"] = param(
        default="hold",
        help="Frames that repeat the one before: hold shows them as they are; retime spreads the "
        f"motion over all of them (hand-drawn animation on twos to on {RUN}s).",
    )
    overlays: bool = param(
        default=True, help="Keep what lies still over a moving picture still: titles, logos."
    )

    def plan(self, video: VideoInfo) -> VideoInfo:
        held = RUN if self.repeats == "retime" else 1
        if not self.fps:
            return video.faster(self.factor, held_back=held)
        rate = self._rate()
        assert rate is not None
        made = video.delayed(held)
        frames = None if video.frames is None else round(video.frames * rate / video.fps)
        return replace(made, fps=rate, variable=False, tick=1 / rate, frames=frames)

    def open(self, ctx: Context) -> None:
        rate = self._rate()
        self._step = None if rate is None else 1 / rate
        self._said: set[str] = set()
        if rate is not None and rate < ctx.video.fps:
            self._say(f"{self.fps} is below the {float(ctx.video.fps):.6g} frames/s that come in")
        if rate is None and self.factor == 1:
            self._say("factor is 1: frames pass as they are")
        self._begin()

    def reset(self, ctx: Context) -> None:
        self._begin()

    def _begin(self) -> None:
        self._run: list[Shown] = []
        self._still = False
        self._late: Frame | None = None
        self._overlay = Overlay()

    @torch.inference_mode()
    def process(self, frame: Frame) -> Iterator[Frame]:
        yield from self._kept_within(self._taken(frame), frame.end)

    @torch.inference_mode()
    def flush(self) -> Iterator[Frame]:
        run, self._run = self._run, []
        if run:
            end = run[-1].frame.end
            yield from self._kept_within(self._hold(run, end), end)
            late, self._late = self._late, None
            if late is not None:
                yield late.at(late.pts, end - late.pts)

    def close(self) -> None:
        self._run, self._late = [], None

    def _kept_within(self, made: Iterator[Frame], known: Fraction) -> Iterator[Frame]:
        """Yield frames; one that would outlast what is known of the stream waits for the next."""
        for frame in made:
            late, self._late = self._late, None
            if late is not None:
                yield late
            if frame.end > known:
                self._late = frame
            else:
                yield frame

    def _taken(self, frame: Frame) -> Iterator[Frame]:
        """Take up a frame, and yield what is between the last one and it."""
        new = Shown(frame, thumbnail(frame.image))
        if not self._run:
            self._run = [new]
            yield from self._first(frame)
            return
        last = self._run[-1]
        if frame.props.repeated or (_alike(last.frame, frame) and repeated(last.small, new.small)):
            yield from self._again(new)
            return
        torn = self._torn(last, new)
        if torn:
            yield from self._hold(self._run, frame.pts)
        else:
            yield from self._move(self._run, new)
        if torn == "cut":
            self._overlay = Overlay()
            new.frame = frame.marked(cut=True)
        self._run, self._still = [new], False

    @abstractmethod
    def _look(self, image: Tensor) -> Any:  # noqa: ANN401  the subclass's own
        """Find out what is needed of one frame, ``(3 or 4, H, W)``, premultiplied, in [0, 1]."""

    @abstractmethod
    def _pair(self, first: Any, second: Any) -> Any:  # noqa: ANN401  the subclass's own
        """Find out how one frame becomes the other."""

    @abstractmethod
    def _between(self, pair: Any, share: float) -> Tensor:  # noqa: ANN401  the subclass's own
        """Return the picture, with as many channels, at a share of the way between two frames."""

    def _rate(self) -> Fraction | None:
        if not self.fps:
            return None
        try:
            return parse_rate(self.fps)
        except SettingError as exc:
            raise GraphError(f"fps: {exc}") from exc

    def _torn(self, last: Shown, new: Shown) -> str:
        """Return why two frames do not become one another, or nothing."""
        before, frame = last.frame, new.frame
        if (before.width, before.height, before.alpha) != (frame.width, frame.height, frame.alpha):
            self._say("the size changes; frames are held there")
            return "cut"
        if before.props.corrupt or frame.props.corrupt:
            self._say("damaged frames are held, not interpolated")
            return "damage"
        if self.cut and change(last.small, new.small) > self.cut:
            return "cut"
        return ""

    def _again(self, new: Shown) -> Iterator[Frame]:
        """Take up a frame that repeats the last one."""
        if self.repeats == "retime" and not self._still:
            self._run.append(new)
            if len(self._run) <= RUN:
                return
            self._still = True
            yield from self._hold(self._run[:-1], new.frame.pts)
        else:
            yield from self._hold(self._run, new.frame.pts)
        new.known = self._run[-1].known
        self._run = [new]

    def _instants(self, run: list[Shown], end: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
        """Yield each instant that is wanted from the first of some frames on, and for how long."""
        if self._step is not None:
            at = ceil(run[0].frame.pts / self._step) * self._step
            while at < end:
                yield at, self._step
                at += self._step
            return
        edges = [shown.frame.pts for shown in run] + [end]
        for low, high in pairwise(edges):
            step = (high - low) / self.factor
            for i in range(self.factor):
                yield low + i * step, step

    def _first(self, frame: Frame) -> Iterator[Frame]:
        """Show the first frame at once, where no wanted instant is its own."""
        if self._step is not None:
            next_ = ceil(frame.pts / self._step) * self._step
            if next_ > frame.pts:
                yield frame.at(frame.pts, next_ - frame.pts)

    def _hold(self, run: list[Shown], end: Fraction) -> Iterator[Frame]:
        """Show frames as they are, each until the next, the last until ``end``."""
        for at, step in self._instants(run, end):
            frame = max((s.frame for s in run if s.frame.pts <= at), key=lambda f: f.pts)
            if at == frame.pts:
                yield frame.at(at, step)
            else:
                yield frame.marked(cut=False, repeated=True, number=None).at(at, step)

    def _move(self, run: list[Shown], new: Shown) -> Iterator[Frame]:
        """Show the way from the first of some like frames to a new one."""
        first, start, end = run[0], run[0].frame.pts, new.frame.pts
        pair = None
        for at, step in self._instants(run, end):
            if at == start:
                yield first.frame.at(at, step)
                continue
            if pair is None:
                pair = self._paired(first, new)
            image = straighten(self._between(pair, float((at - start) / (end - start))))
            image = self._stilled(image, first.frame.image)
            yield Frame(image, at, step, first.frame.colour, Props())
        if pair is None and self.overlays:
            self._overlay = Overlay()

    def _paired(self, first: Shown, new: Shown) -> Any:  # noqa: ANN401  the subclass's own
        for shown in (first, new):
            if shown.known is None:
                shown.known = self._look(premultiply(shown.frame.image).clamp(0, 1))
        pair = self._pair(first.known, new.known)
        if self.overlays:
            self._overlay.see(first.frame.image[:3], new.frame.image[:3])
        return pair

    def _stilled(self, image: Tensor, still: Tensor) -> Tensor:
        """Return a picture with overlays as they are in a real frame."""
        mask = self._overlay.mask() if self.overlays else None
        return image if mask is None else torch.lerp(image, still, mask.to(image))

    def _say(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            _log.warning("%s: %s", type(self).__name__.lower(), what)


def _alike(first: Frame, second: Frame) -> bool:
    """Return whether two frames have the same size and channels."""
    return (first.width, first.height, first.alpha) == (second.width, second.height, second.alpha)
