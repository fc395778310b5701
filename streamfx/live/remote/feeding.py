"""Where pictures to publish come from: a path, a URL, a device, or frames of the program's own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from streamfx.live.media import source as sources
from streamfx.live.remote.items import Items, ItemSource
from streamfx.live.remote.publisher import Publisher


class Source(Protocol):
    """Hands pictures and sound to a publisher until it is closed."""

    async def close(self) -> None:
        """Stop, and wait until nothing more comes."""
        ...


class _Read:
    """A path, a URL or a device, read by a thread or a process of its own."""

    def __init__(self, source: sources.Source) -> None:
        self._source = source
        source.start()

    async def close(self) -> None:
        """Stop reading."""
        await asyncio.to_thread(self._source.close)


async def open_source(source: str | Path | Items, publisher: Publisher, *, loop: bool) -> Source:
    """Let a source feed a publisher. Raises :exc:`SourceError` for what cannot be read."""
    if isinstance(source, str | Path):
        opened = await asyncio.to_thread(sources.Source, str(source), publisher, loop=loop)
        return _Read(opened)
    return ItemSource(source, publisher)
