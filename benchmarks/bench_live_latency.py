"""Latency of a live graph at 1280x720 and 30 fps, against aiortc sending back what it gets."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from caller import Call, Caller, quantile

from streamfx.live.remote.channel import Channel

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests start a server the same way
from tests.serving import serving

RELAY_SECONDS = 20.0
MINUTE = 60.0


async def relay(codec: Literal["H264", "VP8"]) -> Call:
    """Call the relay. In H.264 its encoder cannot keep up on two cores: VP8 is its better side."""
    command = [sys.executable, str(Path(__file__).with_name("relay.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        into, out = process.stdin, process.stdout

        async def negotiate(offer: str) -> str:
            into.write(json.dumps({"sdp": offer}) + "\n")
            into.flush()
            return str(json.loads(await asyncio.to_thread(out.readline))["sdp"])

        try:
            return await Caller(codec).call(negotiate, RELAY_SECONDS)
        finally:
            into.close()


async def ours(url: str, preset: str, seconds: float) -> tuple[Call, list[dict[str, Any]]]:
    """Call a server, and return what its statistics said each second, too."""
    told: list[dict[str, Any]] = []
    channel = Channel(url, {"preset": preset}, tell=told.append, welcomed=_again, patience=1.0)
    await channel.open()

    async def negotiate(offer: str) -> str:
        return str((await channel.ask({"type": "offer", "sdp": offer}, "answer"))["sdp"])

    try:
        call = await Caller().call(negotiate, seconds)
    finally:
        await channel.close()
    return call, [message for message in told if message["type"] == "stats"]


async def _again(welcome: dict[str, Any]) -> None:
    sys.exit("the control channel broke")


def show(name: str, call: Call) -> None:
    """Print one row."""
    p50, p95 = call.latency(0.5), call.latency(0.95)
    print(
        f"{name:<22} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  {call.fps:5.2f} fps out"
        f"  {call.lost * 100:5.2f} % lost  {call.unreadable} unreadable"
    )


def report(bare: Call, call: Call, stats: list[dict[str, Any]]) -> None:
    """Print the figures that count, each beside its bar."""
    base = bare.latency(0.5)
    print(f"added latency: p50 {call.latency(0.5) - base:.1f} ms (bar 40)", end=", ")
    print(f"p95 {call.latency(0.95) - base:.1f} ms (bar 70), both over the relay's median")
    part = min(0.5, MINUTE / call.seconds)
    growth = call.latency(0.5, 1 - part) - call.latency(0.5, 0, part)
    print(f"growth: {growth:+.1f} ms from the first {part * call.seconds:.0f} s to the last")
    print(f"fps out: {call.fps:.2f} (bar 29); lost: {call.lost * 100:.2f} % (bar 2)")
    late = [abs(offset) for second, offset in call.offsets if second > call.seconds - MINUTE]
    if late:
        print(f"sound to picture, last minute: p50 {quantile(late, 0.5) * 1000:.1f} ms,", end=" ")
        print(f"at most {max(late) * 1000:.1f} ms (bar 40)")
    else:
        print("sound to picture: no tone came back")
    if stats:
        nodes = {node["id"]: node["ms"] for node in stats[-1]["nodes"]}
        rungs = Counter(message["rung"] for message in stats)
        shares = (f"{rung} {count / len(stats) * 100:.0f} %" for rung, count in rungs.items())
        print(f"the server says: {', '.join(shares)} of the time;", end=" ")
        print("ms a node: " + ", ".join(f"{name} {ms:.1f}" for name, ms in nodes.items()))


def main() -> None:
    """Call the relay, then the server, then report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="soft-focus", help="the graph (soft-focus)")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to call (1)")
    parser.add_argument("--relay-codec", choices=("VP8", "H264"), default="VP8")
    options = parser.parse_args()
    bare = asyncio.run(relay(options.relay_codec))
    show(f"aiortc relay, {options.relay_codec}", bare)
    with serving(options.preset) as server:
        call, stats = asyncio.run(ours(server.socket, options.preset, options.minutes * MINUTE))
    show(f"streamfx {options.preset}", call)
    report(bare, call, stats)


if __name__ == "__main__":
    main()
