"""The files that a run reads: opened, planned, and read ahead, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from fractions import Fraction

import torch

from streamfx.engine.align import END, START, Bound, after
from streamfx.engine.channel import Channel, Closed
from streamfx.errors import GraphError, SourceError
from streamfx.frame import Frame, Info, Sound
from streamfx.graph.build import Pipeline
from streamfx.graph.spec import AUDIO, SOURCE, VIDEO
from streamfx.media.reader import Copied, Reader

AHEAD = 8
"""Items that a reader decodes ahead of the computation."""

APART = Fraction(5)
"""Seconds by which picture and sound of one moment may lie apart in a file. A track that stays
further behind has ended: nobody waits for it, or all that the others bring would pile up."""

Item = Frame | Sound | Copied


class Input:
    """One input while it is read."""

    def __init__(self, name: str, reader: Reader, feeds: Mapping[type, str]) -> None:
        self.name = name
        self.reader = reader
        self.feeds = feeds
        """Class of an item to the feed that it goes to."""
        self.shift = Fraction(0)
        """Seconds added to every instant, so that all inputs begin together."""
        self.busy = 0.0
        """Seconds that decoding took."""
        self._channel: Channel[Item] = Channel(AHEAD)
        self._reached: dict[str, Bound] = dict.fromkeys(feeds.values(), START)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name=f"decode {name}", daemon=True)

    @property
    def infos(self) -> dict[str, Info]:
        """What is known of each feed."""
        source = self.reader.source
        known: dict[type, Info | None] = {Frame: source.video, Sound: source.audio}
        return {feed: info for kind, feed in self.feeds.items() if (info := known[kind])}

    @property
    def position(self) -> Bound:
        """How far the feed that is least far has come; a reader without feeds is asked last."""
        return min(self._reached.values(), default=END)

    def start(self) -> None:
        """Begin to read ahead."""
        self._thread.start()

    def take(self, timeout: float | None = None) -> Item:
        """Return the next item. Raises Closed after the last, and whatever reading raised."""
        try:
            item = self._channel.get(timeout)
        except Closed:
            if self._failure is not None:
                raise self._failure from None
            raise
        if self.shift:
            item = _moved(item, self.shift)
        feed = self.feed_of(item)
        if feed is not None and not isinstance(item, Copied):
            self._reached[feed] = after(item.pts)
        return item

    def overtaken(self, item: Item) -> list[tuple[str, Fraction]]:
        """Return the feeds that ``item`` shows to have come further than they said, and how far."""
        passed = item.pts - APART
        late = [feed for feed, reached in self._reached.items() if reached < (passed, 0)]
        for feed in late:
            self._reached[feed] = (passed, 0)
        return [(feed, passed) for feed in late]

    def feed_of(self, item: Item) -> str | None:
        """Return the feed that an item goes to; None for a packet that is only copied."""
        return self.feeds.get(type(item))

    def close(self) -> None:
        """Stop reading."""
        self._channel.leave()
        if self._thread.ident is not None:
            self._thread.join()
        self.reader.close()

    def _read(self) -> None:
        began = time.perf_counter()
        try:
            for item in self.reader:
                self._channel.put(item)
        except Closed:
            pass
        except BaseException as exc:  # noqa: BLE001  handed on to the thread that takes
            self._failure = exc
        finally:
            self.busy = time.perf_counter() - began - self._channel.waited
            self._channel.end()


def open_inputs(
    pipeline: Pipeline,
    source: str,
    named: Mapping[str, str],
    *,
    copy: bool,
    fps: Fraction | None,
    device: torch.device | None,
) -> list[Input]:
    """Open the main input and every named one that the pipeline listens to, the main one first.

    Raises :exc:`GraphError` when a name is missing or not wanted, :exc:`SourceError` when a file
    cannot be used.
    """
    _check_names(pipeline, named)
    opened: list[Input] = []
    try:
        for name, path in {"": source, **named}.items():
            feeds = _feeds(pipeline, name)
            reader = Reader(
                path,
                video=Frame in feeds,
                audio=Sound in feeds,
                copy=copy and not name,
                fps=fps,
                device=device,
                hwaccel=device is not None and device.type == "cuda",
            )
            opened.append(Input(name or "video", reader, feeds))
            if Sound in feeds and reader.source.audio is None:
                raise SourceError(f"{path} has no sound, but the graph listens to {feeds[Sound]}")
    except BaseException:
        for done in opened:
            done.close()
        raise
    for entry in opened[1:]:
        entry.shift = opened[0].reader.source.start - entry.reader.source.start
    return opened


def _moved(item: Item, shift: Fraction) -> Item:
    if isinstance(item, Frame):
        return item.at(item.pts + shift)
    if isinstance(item, Sound):
        return Sound(item.samples, item.rate, item.pts + shift)
    return item


def _feeds(pipeline: Pipeline, name: str) -> dict[type, str]:
    if not name:  # the main input's pictures are read even where no node wants them
        listened = {VIDEO, *pipeline.inputs}
        wanted: dict[type, str] = {Frame: VIDEO, Sound: AUDIO}
    else:
        listened = set(pipeline.inputs)
        wanted = {Frame: f"{SOURCE}.{name}", Sound: f"{SOURCE}.{name}.audio"}
    return {kind: feed for kind, feed in wanted.items() if feed in listened}


def _check_names(pipeline: Pipeline, named: Mapping[str, str]) -> None:
    wanted = pipeline.named_inputs()
    listed = ", ".join(wanted) or "none"
    for name in wanted:
        if name not in named:
            raise GraphError(f"the graph needs an input {name!r}: give it with -i {name}=FILE")
    for name in named:
        if name not in wanted:
            raise GraphError(f"the graph has no input {name!r}; its further inputs: {listed}")
