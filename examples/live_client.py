"""Send a clip through a graph that runs on a server, live, and look at what comes back."""

import asyncio
import subprocess
import sys

from streamfx.live import Client
from streamfx.media.testcard import Card, draw

draw("clip.mp4", Card(width=320, height=180))


async def main(url: str) -> None:
    async with Client(url, preset="brighten") as client:
        frames = client.frames()  # the newest one waits for us, older ones are dropped
        await client.publish("clip.mp4")  # a camera is "/dev/video0"
        before = await anext(frames)
        print(f"{before.width} x {before.height} comes back")

        await client.set("lift", "stops", 3.0)
        async for frame in frames:
            if frame.image.mean() > before.image.mean() + 0.2:
                print("and gets brighter while it runs")
                break

        stats = await client.stats()
        print(f"the server shows every node: {[node['id'] for node in stats['nodes']]}")


# A server of our own; one that runs elsewhere is Client("wss://HOST/ws", token="…").
command = [sys.executable, "-m", "streamfx", "serve", "brighten", "--port", "0"]
with subprocess.Popen(
    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
) as server:
    assert server.stdout is not None
    try:
        url = server.stdout.readline().split()[-1]  # Listening on http://127.0.0.1:PORT/
        while not server.stdout.readline().startswith("Ready"):
            pass
        asyncio.run(main(url.replace("http", "ws") + "ws"))
    finally:
        server.terminate()
        server.stdout.read()
