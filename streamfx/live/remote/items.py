"""Frames that a program makes itself, as a source that is paced by their instants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from fractions import Fraction
from typing import Any, Protocol, cast

import av
import numpy as np

from streamfx.errors import SettingError
from streamfx.frame import Frame, Sound

Item = Frame | Sound | av.VideoFrame | av.AudioFrame
Items = Iterable[Item] | AsyncIterable[Item]

ASTRAY = 1.0
"""Seconds that the items may lag behind, or go back, before their pace is taken anew."""


class Taker(Protocol):
    """Who gets the items: a :class:`~streamfx.live.remote.publisher.Publisher`."""

    def picture(self, frame: Frame | av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a picture."""
        ...

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take sound."""
        ...

    def finish(self, error: Exception | None) -> None:
        """Note that nothing more comes, or why."""
        ...


class ItemSource:
    """Hands on the items of an iterable, each at its instant; what has no instant goes at once.

    A plain iterable is asked in a thread, so it may compute or wait. Whatever it raises reaches
    the taker's ``finish``. Instants that begin anew, as of a clip that is played again, go on where
    they were.
    """

    def __init__(self, items: Items, taker: Taker) -> None:
        self._items, self._taker = _asked(items), taker
        self._offset: float | None = None
        self._shift = self._last = Fraction(0)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Take no more items. Safe to call twice."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async for item in self._items:
                await self._hand_on(item)
        except Exception as exc:  # noqa: BLE001  the caller's own iterable may raise anything
            self._taker.finish(exc)
        else:
            self._taker.finish(None)

    async def _hand_on(self, item: Item) -> None:
        loop = asyncio.get_running_loop()
        pts = item.pts if isinstance(item, Frame | Sound) else _pts(item)
        if pts is None:
            pts = Fraction(round((loop.time() - (self._offset or 0)) * 90_000), 90_000)
        if self._offset is not None and pts + self._shift < self._last - Fraction(ASTRAY):
            self._shift = self._last - pts
        pts += self._shift
        self._last = max(self._last, pts)
        if self._offset is None or loop.time() - (self._offset + float(pts)) > ASTRAY:
            self._offset = loop.time() - float(pts)
        await asyncio.sleep(max(0.0, self._offset + float(pts) - loop.time()))
        match item:
            case Frame() | av.VideoFrame():
                self._taker.picture(item, pts, loop.time())
            case Sound():
                self._taker.sound(_samples(item), pts, loop.time())
            case av.AudioFrame():
                self._taker.sound(item, pts, loop.time())


def _asked(items: Items) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        return aiter(items)
    if isinstance(items, Iterable):
        return _in_thread(iter(items))
    raise SettingError(f"a source is a path, a URL or frames, got {type(items).__name__}")


async def _in_thread(items: Iterator[Item]) -> AsyncIterator[Item]:
    end = object()
    while (item := await asyncio.to_thread(next, items, end)) is not end:
        yield cast("Item", item)


def _pts(item: Any) -> Fraction | None:  # noqa: ANN401  whatever the caller's iterable yields
    if not isinstance(item, av.VideoFrame | av.AudioFrame):
        raise SettingError(f"frames are Frame, Sound or PyAV's, got {type(item).__name__}")
    if item.pts is None or item.time_base is None:
        return None
    return item.pts * Fraction(item.time_base)


def _samples(sound: Sound) -> av.AudioFrame:
    array = sound.samples.detach().cpu().float().numpy()
    layout = "mono" if array.shape[0] == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(array[:2]), "fltp", layout)
    frame.sample_rate = sound.rate
    return frame
