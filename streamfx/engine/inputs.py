"""The files that a run reads: opened, planned, and read ahead, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

import torch

from streamfx.engine.align import END, START, Bound, after
from streamfx.engine.channel import Channel, Closed
from streamfx.errors import GraphError, SourceError
from streamfx.frame import AudioInfo, Frame, Info, Sound
from streamfx.graph.build import Pipeline
from streamfx.graph.held import only_held
from streamfx.graph.spec import AUDIO, SOURCE, VIDEO
from streamfx.media.excerpt import Excerpt
from streamfx.media.reader import Copied, Reader
from streamfx.media.rounds import Rounds

AHEAD = 8
"""Items that a reader decodes ahead of the computation."""

APART = Fraction(5)
"""Seconds by which picture and sound of one moment may lie apart in a file. A track that stays
further behind has ended: nobody waits for it, or all that the others bring would pile up."""

LAST = Fraction(1)
"""Seconds before its end from which a further input is read at the latest."""

Item = Frame | Sound | Copied


class Input:
    """One input while it is read."""

    def __init__(
        self,
        name: str,
        reader: Reader,
        feeds: Mapping[type, str],
        excerpt: Excerpt,
        again: Callable[[], Reader] | None = None,
    ) -> None:
        self.name = name
        self.reader = reader
        self.feeds = feeds
        """Class of an item to the feed that it goes to."""
        first = reader.source.start
        self.origin = first + excerpt.start
        """Instant of the source that it begins with."""
        self.shift = Fraction(0)
        """Seconds added to every instant, so that all inputs begin together."""
        self.busy = 0.0
        """Seconds that decoding took."""
        self._end = None if excerpt.end is None else first + excerpt.end
        self._rounds = again and Rounds(reader, again, self.origin, self._end)
        self._channel: Channel[Item] = Channel(AHEAD)
        self._reached: dict[str, Bound] = dict.fromkeys(feeds.values(), START)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name=f"decode {name}", daemon=True)

    @property
    def infos(self) -> dict[str, Info]:
        """What is known of each feed."""
        source = self.reader.source
        known: dict[type, Info | None] = {Frame: source.video, Sound: source.audio}
        infos = {feed: info for kind, feed in self.feeds.items() if (info := known[kind])}
        return {feed: self._changed(info) for feed, info in infos.items()}

    @property
    def loops(self) -> bool:
        """Whether it begins again when it ends."""
        return self._rounds is not None

    @property
    def duration(self) -> Fraction | None:
        """Seconds that all of it lasts once; None where nothing says."""
        ends = [end for end in (self.reader.source.end, self._end) if end is not None]
        return min(ends) - self.origin if ends else None

    @property
    def position(self) -> Bound:
        """How far the feed that is least far has come; a reader without feeds is asked last."""
        return min(self._reached.values(), default=END)

    def begin(self, instant: Fraction) -> None:
        """Leave out what is over at ``instant`` of the source. Before anything has been read."""
        if self.reader.source.still:
            return
        if self._rounds is not None:
            self._rounds.begin(instant)
            return
        lasts = self.duration
        if lasts is not None:  # what it ends with may be held from then on
            instant = min(instant, self.origin + lasts - LAST)
        self.reader.narrow(max(instant, self.origin), self._end)

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
        (self._rounds or self.reader).close()

    def _changed(self, info: Info) -> Info:
        """Return what is known of a feed of which not all is read, or all more than once."""
        whole = (self.origin, self._end) == (self.reader.source.start, None) and not self.loops
        return info if whole or isinstance(info, AudioInfo) else replace(info, frames=None)

    def _read(self) -> None:
        began = time.perf_counter()
        try:
            for item in self._rounds or self.reader:
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
        for name, text in {"": source, **named}.items():
            excerpt = Excerpt.parse(text) if name else Excerpt(text)
            feeds = _feeds(pipeline, name)
            again = partial(
                excerpt.open,
                video=Frame in feeds,
                audio=Sound in feeds,
                copy=copy and not name,
                fps=fps,
                device=device,
                hwaccel=device is not None and device.type == "cuda",
            )
            reader = again()
            loops = bool(name) and not excerpt.once and _endless(pipeline, feeds, reader)
            opened.append(Input(name or "video", reader, feeds, excerpt, again if loops else None))
            if Sound in feeds and reader.source.audio is None:
                raise SourceError(f"{text} has no sound, but the graph listens to {feeds[Sound]}")
    except BaseException:
        for done in opened:
            done.close()
        raise
    for entry in opened[1:]:
        entry.shift = opened[0].origin - entry.origin
    return opened


def _endless(pipeline: Pipeline, feeds: Mapping[type, str], reader: Reader) -> bool:
    """Return whether an input may begin again and again: a video that is only looked at."""
    if list(feeds) != [Frame] or reader.source.still or not reader.lasting:
        return False
    return only_held(pipeline, feeds[Frame])


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
