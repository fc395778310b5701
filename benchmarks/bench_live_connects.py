"""What 200 connects and disconnects leave behind in a server: memory, tasks, threads, files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from streamfx.live import Client
from streamfx.live.refusal import Refusal

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests start a server the same way
from tests.serving import Serving, serving

FIRST = 20
"""Connects before the first look: what is loaded late, and allocators, have settled."""
SETTLE = 15.0
"""Seconds after the last one: sessions outlive their clients by ten."""
GAUGES = {
    "memory, MiB": "process_resident_memory_bytes",
    "tasks": "streamfx_tasks",
    "threads": "streamfx_threads",
    "open files": "process_open_fds",
}


async def pictures() -> AsyncIterator[av.VideoFrame]:
    """Yield pictures of 320x180 for ever."""
    number = 0
    while True:
        frame = av.VideoFrame.from_ndarray(np.full((270, 320), number % 256, np.uint8), "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 30)
        yield frame
        number += 1


async def visit(url: str) -> bool:
    """Connect, wait for a picture to come back, and leave; false when the server is full."""
    client = Client(url)
    try:
        await client.open()
    except Refusal as exc:
        if exc.status == 503:  # the session before is being ended
            return False
        raise
    async with client:
        frames = client.frames()
        await client.publish(pictures())
        async with asyncio.timeout(20):
            await anext(frames)
    return True


async def visits(url: str, count: int) -> None:
    """Come and go ``count`` times."""
    for _ in range(count):
        async with asyncio.timeout(60):
            while not await visit(url):
                await asyncio.sleep(0.2)


def gauges(server: Serving) -> dict[str, float]:
    """Return what the server holds once every session has ended."""
    end = time.monotonic() + SETTLE
    while server.metric("streamfx_sessions") > 0 and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(1)
    return {name: server.metric(metric) for name, metric in GAUGES.items()}


def main() -> None:
    """Look, come and go, and look again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="identity", help="the graph (identity)")
    parser.add_argument("--count", type=int, default=200, help="how many connects (200)")
    options = parser.parse_args()
    with serving(options.preset) as server, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(visits(server.socket, FIRST))
        before = gauges(server)
        began = time.perf_counter()
        asyncio.run(visits(server.socket, options.count))
        each = (time.perf_counter() - began) / options.count
        after = gauges(server)
    print(f"{options.count} connects and disconnects, {each * 1000:.0f} ms each, one to a picture:")
    for name, old in before.items():
        new = after[name]
        scale = 1 << 20 if "MiB" in name else 1
        change = f"{(new / old - 1) * 100:+.1f} % (bar 5)" if scale > 1 else f"{new - old:+.0f}"
        print(f"  {name:<12} {old / scale:7.0f} before, {new / scale:7.0f} after, {change}")


if __name__ == "__main__":
    main()
