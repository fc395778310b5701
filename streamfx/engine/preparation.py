"""A run before its first frame: inputs opened, everything planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch

from streamfx.engine.inputs import Input, open_inputs
from streamfx.engine.settings import RunSettings, choose_device
from streamfx.engine.sync import Interval
from streamfx.errors import SettingError
from streamfx.frame import Info, Timed, VideoInfo
from streamfx.graph.build import Pipeline
from streamfx.graph.plan import Plan, plan, speed_of
from streamfx.graph.spec import VIDEO
from streamfx.timing import show_instant


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run before its first frame: inputs open, everything planned."""

    pipeline: Pipeline
    inputs: tuple[Input, ...]
    plan: Plan
    device: torch.device | None
    """Where pictures are computed; None where no node computes: torch then is not even loaded."""
    interval: Interval | None
    """The range that is wanted, on the main input's own timeline."""
    notes: tuple[str, ...]

    @property
    def video(self) -> VideoInfo:
        """What is known of the main input's pictures."""
        info = self.inputs[0].infos[VIDEO]
        assert isinstance(info, VideoInfo)
        return info

    def interval_of(self, output: str) -> Interval | None:
        """Return the range that is wanted, on the timeline of an output."""
        if self.interval is None:
            return None
        start, end = self.interval
        speed = speed_of(self.plan.wires[self.pipeline.outputs[output]])
        return start / speed, None if end is None else end / speed

    def wants(self, output: str, item: Timed) -> bool:
        """Return whether any of an item is shown or heard in the wanted range."""
        interval = self.interval_of(output)
        if interval is None:
            return True
        start, end = interval
        return item.pts + item.duration > start and (end is None or item.pts < end)

    def close(self) -> None:
        """Close every input."""
        for entry in self.inputs:
            entry.close()


def prepare(
    pipeline: Pipeline,
    source: str,
    inputs: Mapping[str, str],
    settings: RunSettings,
    *,
    copy: bool,
    looks: bool,
) -> Prepared:
    """Open the inputs and plan the whole graph. Raises :exc:`UserError` where it cannot run.

    ``copy`` brings the packets of sound and subtitles; ``looks`` says that somebody will look at
    pictures, so that a device has to be chosen.
    """
    if looks or settings.device not in ("auto", "cpu"):
        device, why = choose_device(settings.device)
    else:
        device, why = None, "device cpu: no node computes"
    opened = open_inputs(pipeline, source, inputs, copy=copy, fps=settings.fps, device=device)
    try:
        infos: dict[str, Info] = {}
        for entry in opened:
            infos |= entry.infos
        planned = plan(pipeline, infos)
        interval = _interval(opened[0], settings)
        if interval is not None:
            _narrow(opened, planned, interval)
    except BaseException:
        for entry in opened:
            entry.close()
        raise
    notes = (why, *_loops(opened))
    return Prepared(pipeline, tuple(opened), planned, device, interval, notes)


def _loops(inputs: list[Input]) -> Iterator[str]:
    """Say which inputs are shorter than the main one, so that they begin again."""
    longest = inputs[0].reader.source.duration
    for entry in inputs[1:]:
        lasts = entry.duration
        if entry.loops and longest is not None and lasts is not None and lasts < longest:
            yield f"{entry.name} lasts {show_instant(lasts)} and begins again (#once holds it)"


def _interval(main: Input, settings: RunSettings) -> Interval | None:
    if settings.start is None and settings.end is None:
        return None
    source = main.reader.source
    start = settings.start or Fraction(0)
    if source.duration is not None and start >= source.duration:
        raise SettingError(
            f"start is {float(start):g} s, but the input lasts {float(source.duration):.3f} s"
        )
    end = None if settings.end is None else source.start + settings.end
    return source.start + start, end


def _narrow(inputs: list[Input], planned: Plan, interval: Interval) -> None:
    """Read only what the range needs: handles before it for nodes that remember, none after.

    The end is found by what comes out, so a node that looks ahead gets what it needs.
    """
    start, _ = interval
    for entry in inputs:
        entry.begin(start - planned.past - entry.shift)
