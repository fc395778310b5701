"""The peer of the live benchmarks: aiortc as it comes, sending back what it gets.

Reads an offer as a line of JSON, writes the answer as one, and runs until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay


async def main() -> None:
    """Answer one offer, and echo its tracks."""
    offer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    connection = RTCPeerConnection()
    relay = MediaRelay()

    @connection.on("track")
    def echo(track: Any) -> None:  # noqa: ANN401  aiortc's event emitter is untyped
        connection.addTrack(relay.subscribe(track))

    await connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    print(json.dumps({"sdp": connection.localDescription.sdp}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
