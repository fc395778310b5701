"""What a run would do, cost and need, said before it is begun."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from streamfx.engine import inputs as reading
from streamfx.engine import offline
from streamfx.engine import outputs as writing
from streamfx.engine.preparation import Prepared, prepare
from streamfx.engine.report import Report
from streamfx.engine.settings import RunSettings
from streamfx.errors import SourceError
from streamfx.frame import AudioInfo, Info, VideoInfo
from streamfx.graph.build import Pipeline
from streamfx.graph.plan import Buffer, Plan
from streamfx.graph.spec import VIDEO
from streamfx.media.choice import EncodePlan, choose
from streamfx.media.target import Target
from streamfx.media.writer import WriteSettings
from streamfx.models.store import ModelStore

PROBED = 16
"""Frames that are really rendered, to learn how long one takes."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One stream of the plan."""

    feed: str
    """Where it comes from: ``input.<name>`` or ``<node>.<output>``."""
    info: Info
    """What flows along it."""

    def __str__(self) -> str:
        info, late = self.info, f"{float(self.info.latency) * 1000:.0f} ms late"
        if isinstance(info, AudioInfo):
            return f"{info.channels} x {info.rate} Hz, {late}"
        rate = f"{float(info.fps):.3f}".rstrip("0").rstrip(".")
        kind = " variable" if info.variable else ""
        alpha = " with alpha" if info.alpha else ""
        return f"{info.width}x{info.height} at {rate} fps{kind}{alpha}, {late}, {info.colour}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One model that a run will load."""

    name: str
    licence: str
    """SPDX expression of its weights' licence."""
    here: bool
    """Whether it needs no download."""
    size: int
    """Bytes of what would be downloaded, or was; 0: not known."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The plan of a run."""

    title: str
    source: str
    target: str
    device: str
    wires: tuple[Wire, ...]
    """Every stream, in the order of the graph."""
    encode: EncodePlan
    """How the output will be encoded."""
    streams: tuple[str, ...]
    """What the main input holds, one line a stream."""
    models: tuple[Wanted, ...]
    """Every model that will be loaded."""
    buffers: tuple[Buffer, ...]
    """Where frames wait for a slower branch."""
    latency: Fraction
    """Seconds from a frame going in to its coming out."""
    frames: int | None
    """Frames that will be read, where the container says."""
    seconds: float | None
    """Estimated time of the run; None where nothing says how many frames there are."""
    memory: int
    """Estimated bytes of memory at the most."""
    disk: int | None
    """Estimated bytes of the output."""
    disk_free: int | None
    """Bytes free where the output goes."""
    probed: int
    """Frames that time and disk were measured on."""
    notes: tuple[str, ...]
    """Everything that is decided without being asked for."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        encode = self.encode
        return {
            "title": self.title,
            "source": self.source,
            "target": self.target,
            "device": self.device,
            "streams": list(self.streams),
            "wires": [_wire_dict(wire) for wire in self.wires],
            "encode": {
                "container": encode.container.name,
                "codec": encode.codec.name,
                "encoder": encode.encoder,
                "pixel_format": encode.pix_fmt,
                "options": dict(encode.options),
                "colour": str(encode.colour),
            },
            "models": [asdict(model) for model in self.models],
            "buffers": [asdict(buffer) for buffer in self.buffers],
            "latency_seconds": float(self.latency),
            "frames": self.frames,
            "estimated_seconds": self.seconds,
            "estimated_memory_bytes": self.memory,
            "estimated_disk_bytes": self.disk,
            "free_disk_bytes": self.disk_free,
            "probed_frames": self.probed,
            "notes": list(self.notes),
        }


def explain(
    pipeline: Pipeline,
    source: str,
    target: str | None = None,
    *,
    inputs: Mapping[str, str] | None = None,
    settings: RunSettings | None = None,
    models: ModelStore | None = None,
) -> Explanation:
    """Plan a run, measure it on a few frames, and say what it would do. Writes nothing that stays.

    Nothing is pulled: where a model is not here, nothing is measured. Without ``target`` an MP4 is
    assumed. Raises what :func:`offline.render` raises before a frame.
    """
    settings = settings or RunSettings()
    if source == "-":
        raise SourceError("standard input can be read only once: explain a file instead")
    ready = prepare(pipeline, source, inputs or {}, settings, copy=True, looks=True)
    ready.close()
    assumed = "output.mov" if ready.plan.video.alpha else "output.mp4"
    goal = Target.parse(target or assumed, codec=settings.codec, rich=ready.plan.video.alpha)
    encode = _encode(ready, goal, settings)
    frames = _frames(ready, settings)
    models = models or ModelStore.installed()
    wanted = _models(ready.plan, models)
    probe = _Probe()
    if all(model.here for model in wanted):
        probe = _probe(ready, source, goal, inputs or {}, settings, models)
    return Explanation(
        title=pipeline.title,
        source=source,
        target=target or "",
        device=str(ready.device or "cpu"),
        wires=tuple(Wire(feed, info) for feed, info in ready.plan.wires.items()),
        encode=encode,
        streams=ready.inputs[0].reader.source.streams,
        models=wanted,
        buffers=ready.plan.buffers,
        latency=ready.plan.latency,
        frames=frames,
        seconds=probe.time_for(frames),
        memory=_memory(ready),
        disk=probe.bytes_for(frames),
        disk_free=None if goal.pipe else _free(goal.folder),
        probed=probe.frames,
        notes=(*ready.notes, *ready.inputs[0].reader.notes, *encode.notes, *_missing(wanted)),
    )


@dataclass(frozen=True, slots=True)
class _Probe:
    """What a short run cost."""

    frames: int = 0
    steady: float = 0.0
    """Seconds for each frame read, once it runs."""
    fixed: float = 0.0
    """Seconds to get going."""
    size: int = 0

    def time_for(self, frames: int | None) -> float | None:
        if frames is None or not self.frames:
            return None
        return round(self.fixed + self.steady * frames, 2)

    def bytes_for(self, frames: int | None) -> int | None:
        if frames is None or not self.frames:
            return None
        return round(self.size / self.frames * frames)


def _probe(
    ready: Prepared,
    source: str,
    goal: Target,
    inputs: Mapping[str, str],
    settings: RunSettings,
    models: ModelStore,
) -> _Probe:
    """Render the first frames of the range into a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="streamfx-") as folder:
        name = Path(goal.name).name if not goal.pipe else "pipe.nut"
        began = time.perf_counter()
        short = replace(settings, end=_probe_end(ready, settings), overwrite=True)
        report = offline.render(
            ready.pipeline,
            source,
            str(Path(folder) / name),
            inputs=inputs,
            settings=short,
            models=models,
        )
        elapsed = time.perf_counter() - began
        size = sum(entry.stat().st_size for entry in Path(folder).rglob("*") if entry.is_file())
    steady = _steady(report)
    fixed = max(elapsed - steady * report.frames_in, 0.0)
    return _Probe(report.frames_in, steady, fixed, size)


def _steady(report: Report) -> float:
    """Return the seconds that one frame takes, the slowest thread being what counts."""
    cores = os.cpu_count() or 1
    busy = list(report.stages.values())
    slowest = max(*busy, sum(busy) / cores) if busy else report.elapsed
    return slowest / max(report.frames_in, 1)


def _probe_end(ready: Prepared, settings: RunSettings) -> Fraction:
    info = ready.inputs[0].infos[VIDEO]
    assert isinstance(info, VideoInfo)
    end = (settings.start or 0) + PROBED / info.fps
    return end if settings.end is None else min(end, settings.end)


def _encode(ready: Prepared, goal: Target, settings: RunSettings) -> EncodePlan:
    how = WriteSettings(codec=settings.codec, quality=settings.quality, encoder=settings.encoder)
    main = ready.inputs[0].reader.source
    return choose(goal, ready.plan.video, main.pixels, how, main.mastering)


def _frames(ready: Prepared, settings: RunSettings) -> int | None:
    info, main = ready.inputs[0].infos[VIDEO], ready.inputs[0].reader.source
    assert isinstance(info, VideoInfo)
    if settings.start is None and settings.end is None and info.frames is not None:
        return info.frames
    if main.duration is None and settings.end is None:
        return None
    last = min(settings.end or main.duration or 0, main.duration or settings.end or 0)
    return max(round((last - (settings.start or 0)) * info.fps), 0)


def _models(plan: Plan, models: ModelStore) -> tuple[Wanted, ...]:
    cards = [(name, models.card(name)) for name in plan.models]
    return tuple(
        Wanted(name, card.licence, models.here(name), card.source.size or card.bytes)
        for name, card in cards
    )


def _missing(wanted: tuple[Wanted, ...]) -> list[str]:
    names = " ".join(model.name for model in wanted if not model.here)
    return [f"nothing was measured; first: streamfx models pull {names}"] if names else []


def _memory(ready: Prepared) -> int:
    """Return what the process holds now, and the frames that may wait at once."""
    waiting = sum(buffer.count * buffer.size for buffer in ready.plan.buffers)
    ahead = 0
    for entry in ready.inputs:
        for info in entry.infos.values():
            if isinstance(info, VideoInfo):
                ahead += reading.AHEAD * _decoded(info)
    out = ready.plan.video
    made = (writing.AHEAD + len(ready.pipeline.steps)) * out.width * out.height * 4 * 4
    return _resident() + waiting + ahead + made


def _decoded(info: VideoInfo) -> int:
    """Return the bytes of one decoded picture, taken as 4:2:0 unless it is RGB."""
    planes = 3.0 if info.colour.matrix == "gbr" else 1.5
    deep = 1 if info.colour.depth <= 8 else 2
    return round(info.width * info.height * (planes + info.alpha) * deep)


def _resident() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * int(os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError):
        return 400 << 20  # what Python with torch takes, where the system does not say


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _wire_dict(wire: Wire) -> dict[str, Any]:
    info = wire.info
    if isinstance(info, AudioInfo):
        return {"feed": wire.feed, "rate": info.rate, "channels": info.channels}
    return {
        "feed": wire.feed,
        "width": info.width,
        "height": info.height,
        "fps": str(info.fps),
        "variable": info.variable,
        "alpha": info.alpha,
        "latency_seconds": float(info.latency),
        "colour": str(info.colour),
    }
