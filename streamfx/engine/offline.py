"""Files to files: decode, compute and encode overlap; nothing is dropped; order is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from streamfx.engine.outputs import Output
from streamfx.engine.preparation import Prepared, prepare
from streamfx.engine.pump import TICK, Pump
from streamfx.engine.remarks import Remarks
from streamfx.engine.report import DamagedRange, Progress, Report
from streamfx.engine.settings import RunSettings
from streamfx.engine.sync import compare
from streamfx.errors import GraphError, MediaError, Stopped
from streamfx.frame import AudioInfo, Frame, Sound, Timed, VideoInfo
from streamfx.graph.build import Pipeline
from streamfx.media.reader import Copied
from streamfx.media.writer import Writer, WriteSettings
from streamfx.models.store import Models, ModelStore
from streamfx.timing import Stretch, show_instant

NOWHERE = Stretch(Fraction(0), Fraction(0))


def render(
    pipeline: Pipeline,
    source: str,
    target: str,
    *,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    settings: RunSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    models: Models | None = None,
) -> Report:
    """Run ``source`` through ``pipeline`` into ``target``, and say what was done.

    ``inputs`` and ``outputs`` name further files. Raises :exc:`UserError` before a frame,
    :exc:`RunError` when something fails on the way (nothing is left under the final name), and
    :exc:`Stopped` once ``stop`` is set: the target then is a whole file of what was rendered.
    """
    settings = settings or RunSettings()
    targets = _targets(pipeline, target, outputs or {})
    ready = prepare(pipeline, source, inputs or {}, settings, copy=True, looks=bool(pipeline.steps))
    try:
        written = _open_outputs(ready, targets, settings)
    except BaseException:
        ready.close()
        raise
    run = _Run(ready, written, progress, stop, models or ModelStore.installed())
    return run.to_end(source, target)


def stream(
    pipeline: Pipeline,
    source: str,
    *,
    inputs: Mapping[str, str] | None = None,
    settings: RunSettings | None = None,
    models: Models | None = None,
) -> Iterator[Frame]:
    """Yield the frames that come out of ``pipeline``, one by one, decoding ahead in a thread."""
    ready = prepare(
        pipeline, source, inputs or {}, settings or RunSettings(), copy=False, looks=True
    )
    waiting: list[Frame] = []

    def take(name: str, item: Timed) -> None:
        if name == "video" and isinstance(item, Frame) and ready.wants(name, item):
            waiting.append(item)

    try:
        pump = Pump(ready, take, models or ModelStore.installed())
    except BaseException:
        ready.close()
        raise
    try:
        for _ in pump:
            yield from waiting
            waiting.clear()
    finally:
        pump.close()


class _Run:
    """One render while it goes on."""

    def __init__(
        self,
        ready: Prepared,
        outputs: Mapping[str, Output],
        progress: Callable[[Progress], None] | None,
        stop: threading.Event | None,
        models: Models,
    ) -> None:
        self._ready = ready
        self._outputs = outputs
        self._progress = progress
        self._stop = stop or threading.Event()
        self._began = self._told = time.perf_counter()
        self._waited = 0.0
        self._remarks = Remarks()
        try:
            self._pump = Pump(ready, self._emit, models)
        except BaseException:
            self._remarks.close()
            for output in outputs.values():
                output.abandon()
            ready.close()
            raise
        for output in outputs.values():
            output.start()

    def to_end(self, source: str, target: str) -> Report:
        """Run until the end, the stop event or a failure."""
        try:
            for _ in self._pump:
                if self._pump.copied is not None:
                    self._copy(self._pump.copied)
                self._tell()
                if self._stop.is_set():
                    break
            self._tell(last=True)
            kept = self._finish()
        except BaseException:
            for output in self._outputs.values():
                output.abandon()
            raise
        finally:
            try:
                self._pump.close()
            finally:
                self._remarks.close()
        return self._conclude(source, target, kept)

    def _emit(self, name: str, item: Timed) -> None:
        output = self._outputs.get("video" if name == "audio" else name)
        if output is None or not self._ready.wants(name, item):
            return
        assert isinstance(item, (Frame, Sound))  # outputs of other classes are refused by build
        began = time.perf_counter()
        output.put(item)
        self._waited += time.perf_counter() - began

    def _copy(self, packet: Copied) -> None:
        self._outputs["video"].put(packet)

    def _finish(self) -> bool:
        """Close the outputs; return whether they keep their part names: the source was cut off."""
        if not self._outputs["video"].frames:
            if self._stop.is_set():
                raise Stopped("stopped before the first frame; nothing was written")
            raise MediaError(self._nothing())
        truncated = self._ready.inputs[0].reader.truncated and not self._stop.is_set()
        for output in self._outputs.values():
            if truncated:
                output.keep()
            else:
                output.finish()
        return bool(truncated)

    def _nothing(self) -> str:
        reader = self._ready.inputs[0].reader
        if reader.truncated:
            return f"nothing could be decoded: {reader.truncated}"
        if self._pump.frames:
            return "no frame lies in the wanted range"
        return "nothing could be decoded"

    def _tell(self, *, last: bool = False) -> None:
        now = time.perf_counter()
        if self._progress is None or (now - self._told < TICK and not last):
            return
        self._told = now
        frames = self._outputs["video"].frames
        source = self._ready.inputs[0].reader.source
        begin, end = self._ready.interval or (source.start, None)
        whole = (end if end is not None else source.start + (source.duration or 0)) - begin
        reached = self._pump.tracker.reached
        at = Fraction(0) if reached is None else max(reached - begin, Fraction(0))
        elapsed = now - self._began
        known = whole if whole > 0 else None
        self._progress(Progress(self._pump.frames, frames, at, known, elapsed))

    def _conclude(self, source: str, target: str, kept: bool) -> Report:
        report = self._report(source, target)
        if self._stop.is_set():
            done = f"stopped at {show_instant(report.video_in.last)}"
            raise Stopped(f"{done}; what was rendered until then is in {target}", report)
        if kept:
            where = f"what could be rendered is kept as {target}.part"
            raise MediaError(f"{source} {report.truncated}; {where}", report)
        return report

    def _report(self, source: str, target: str) -> Report:
        ready, pump, output = self._ready, self._pump, self._outputs["video"]
        tracker, reader, writer = pump.tracker, ready.inputs[0].reader, output.writer
        video_out, audio_out = writer.extents.get("video"), writer.extents.get("audio")
        steps, speed = ready.pipeline.steps, ready.plan.video.speed
        return Report(
            source=source,
            target=target,
            title=ready.pipeline.title,
            frames_in=tracker.frames_in,
            frames_out=output.frames,
            elapsed=time.perf_counter() - self._began,
            video_in=tracker.video_in or NOWHERE,
            video_out=video_out or NOWHERE,
            sync=compare(tracker.video_in, tracker.audio_in, video_out, audio_out, speed),
            steps=pump.flow.meter.read([step.id for step in steps]),
            stages={
                "decode": sum(entry.busy for entry in ready.inputs),
                "compute": pump.busy - self._waited,
                "encode": sum(out.busy for out in self._outputs.values()),
            },
            damaged=tuple(DamagedRange(d.start, d.end, d.what) for d in reader.damage),
            corrupt=tracker.corrupt,
            repeated=tracker.repeated,
            truncated=reader.truncated or "",
            interrupted=self._stop.is_set(),
            colour_in=str(ready.video.colour),
            colour_out=str(writer.plan.colour),
            device=str(ready.device or "cpu"),
            notes=(*ready.notes, *self._remarks.lines, *reader.notes, *writer.notes),
        )


def _targets(pipeline: Pipeline, target: str, further: Mapping[str, str]) -> dict[str, str]:
    there = [name for name in pipeline.outputs if name not in ("video", "audio")]
    for name in further:
        if name not in there:
            known = ", ".join(there) or "none"
            raise GraphError(f"the graph has no output {name!r}; its further outputs: {known}")
    return {"video": target, **further}


def _open_outputs(
    ready: Prepared, targets: Mapping[str, str], settings: RunSettings
) -> dict[str, Output]:
    opened: dict[str, Output] = {}
    how = WriteSettings(
        codec=settings.codec,
        quality=settings.quality,
        encoder=settings.encoder,
        overwrite=settings.overwrite,
    )
    sound = ready.plan.wires.get(ready.pipeline.outputs.get("audio", ""))
    try:
        for name, target in targets.items():
            info = ready.plan.wires[ready.pipeline.outputs[name]]
            assert isinstance(info, VideoInfo)
            audio = sound if name == "video" and isinstance(sound, AudioInfo) else None
            writer = Writer(
                target,
                info,
                source=ready.inputs[0].reader,
                settings=how if name == "video" else replace(how, codec=None, quality=None),
                audio=audio,
                range=ready.interval,
                tracks=name == "video",
                inputs=tuple(str(entry.reader.source.path) for entry in ready.inputs),
            )
            opened[name] = Output(name, writer)
    except BaseException:
        for done in opened.values():
            done.abandon()
        raise
    return opened
