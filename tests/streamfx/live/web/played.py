"""A session that is played: its pictures come back tinted, whatever it is asked for is noted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.sdp import candidate_from_sdp

from streamfx.live.refusal import Refusal
from streamfx.live.sessions.contract import Message, Tell
from tests.streamfx.live.web.offered import DEFINITIONS, PRESETS, summaries


class Tinted(MediaStreamTrack):
    """The pictures of another track, ``desk.stops`` brighter, with their colours turned."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack, desk: FakeDesk) -> None:
        super().__init__()
        self._track = track
        self._desk = desk

    async def recv(self) -> av.VideoFrame:
        """Return the next picture."""
        frame = await self._track.recv()
        assert isinstance(frame, av.VideoFrame)
        planes = frame.to_ndarray(format="yuv420p").astype(np.int16)
        luma, chroma = planes[: frame.height], planes[frame.height :]
        luma += int(40 * self._desk.stops)
        np.subtract(256, chroma, out=chroma)
        made = av.VideoFrame.from_ndarray(planes.clip(0, 255).astype(np.uint8), format="yuv420p")
        made.pts, made.time_base = frame.pts, frame.time_base
        self._desk.pictures += 1
        return made


class FakeDesk:
    """One played session."""

    def __init__(
        self, number: int, preset: str, folder: Path, heard: list[tuple[Any, ...]], *, records: bool
    ) -> None:
        self.heard = heard
        self.recordings = folder
        self.records = records
        self.session = f"session-{number:04d}"
        self.stream = f"stream-{number}"
        self.upload_folder = folder / self.session
        self.uploads = 0
        self.resumed = False
        self.preset = preset
        self.values: dict[tuple[str, str], Any] = {}
        self.behind: tuple[str, str | None] = ("blur", None)
        self.plated = False
        self.pictures = 0
        self.offers = 0
        self.recording_on = False
        self.left: bool | None = None
        self.tell: Tell = lambda message: None
        self.pc: RTCPeerConnection | None = None
        self._ticking: asyncio.Task[None] | None = None

    @property
    def stops(self) -> float:
        """How much brighter the pictures become."""
        return float(sum(v for (_, param), v in self.values.items() if param == "stops"))

    def body(self) -> Message:
        """Return the preset that runs."""
        title, inputs, nodes = PRESETS[self.preset]
        return {
            "name": self.preset,
            "title": title,
            "inputs": inputs,
            "nodes": [
                {
                    "id": name,
                    "use": use,
                    "title": f"What {name} does, in a sentence.",
                    "schema": {"type": "object", "properties": properties, "$defs": DEFINITIONS},
                    "values": {
                        param: self.values.get((name, param), about.get("default"))
                        for param, about in properties.items()
                    },
                }
                for name, (use, properties) in nodes.items()
            ],
            "background": {"kind": self.behind[0], "value": self.behind[1]},
            "plate": self.plated,
        }

    def welcome(self) -> Message:
        """Return the first message."""
        self._ticking = self._ticking or asyncio.create_task(self._tick())
        return {
            "type": "welcome",
            "session": self.session,
            "stream": self.stream,
            "resumed": self.resumed,
            "presets": summaries(),
            "preset": self.body(),
            "ice_servers": [],
            "limits": {"upload_bytes": 1 << 20, "uploads": 5},
            "record": self.records,
            "linger": 10,
        }

    async def offer(self, sdp: str) -> str:
        """Answer with a relay that tints."""
        self.offers += 1
        await self.close()
        self.pc = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # it would ask Google
        relay = MediaRelay()

        @pc.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            mine = relay.subscribe(track, buffered=False)
            pc.addTrack(Tinted(mine, self) if track.kind == "video" else mine)

        await pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        return str(pc.localDescription.sdp)

    async def trickle(self, fragment: str) -> None:
        """Take a candidate."""
        lines = dict(line[2:].partition(":")[::2] for line in fragment.split("\r\n") if line)
        if self.pc is None or "candidate" not in lines or ".local" in lines["candidate"]:
            return
        found = candidate_from_sdp(lines["candidate"])
        found.sdpMid = lines["mid"]
        await self.pc.addIceCandidate(found)

    async def set(self, node: str, param: str, value: object) -> Message:
        """Take a value, unless it is the word refused."""
        self.heard.append(("set", node, param, value))
        if value == "refused":
            raise Refusal(400, "request", "name must be something else")
        self.values[node, param] = value
        return {"type": "set", "node": node, "param": param, "value": value}

    async def switch(self, preset: str) -> Message:
        """Change the preset."""
        self.heard.append(("preset", preset))
        self.preset = preset
        return {"type": "preset", **self.body()}

    async def background(self, kind: str, value: str | None) -> Message:
        """Take a background."""
        self.heard.append(("background", kind, value))
        self.behind = kind, value
        return {"type": "background", "kind": kind, "value": value}

    async def plate(self) -> None:
        """Take a plate at once."""
        self.heard.append(("plate",))
        self.tell({"type": "plate", "state": "taking", "why": ""})
        self.plated = True
        self.tell({"type": "plate", "state": "taken", "why": ""})

    async def record(self, on: bool) -> Message:
        """Pretend to record."""
        self.heard.append(("record", on))
        self.recording_on = on
        file = {"name": f"{self.stream}-output.mkv", "kind": "output", "bytes": 7, "seconds": 2.5}
        return {"type": "record", "on": on, "files": [] if on else [file]}

    async def push(self, url: str) -> None:
        """Pretend to send on."""
        self.heard.append(("push", url))
        self.tell({"type": "push", "state": "live", "why": ""})

    async def stop_push(self) -> None:
        """End that."""
        self.heard.append(("stop-push",))
        self.tell({"type": "push", "state": "stopped", "why": ""})

    async def add_upload(self, path: Path, kind: str) -> str:
        """Name an upload."""
        self.uploads += 1
        self.heard.append(("upload", kind))
        return f"upload-{self.uploads:03d}"

    def recording(self, name: str) -> Path:
        """Return what was recorded."""
        path = self.recordings / name
        path.write_bytes(b"a video")
        return path

    def stats(self) -> Message:
        """Return figures."""
        nodes = PRESETS[self.preset][2]
        return {
            "type": "stats",
            "fps_in": 30.0,
            "fps_out": 29.7,
            "frames_in": 1000 + self.pictures,
            "frames_out": 990 + self.pictures,
            "dropped": 10,
            "late": 0,
            "latency_ms": {"p50": 21.4 + self.pictures % 7, "p95": 38.0},
            "bits_in": 2_410_000.0,
            "bits_out": 2_630_000.0,
            "round_trip_ms": 1.2,
            "rung": "full",
            "load": 0.42,
            "nodes": [{"id": name, "ms": 4.0 + 5 * i} for i, name in enumerate(nodes)],
            "viewers": 1,
        }

    async def leave(self, *, keep: bool) -> None:
        """Note that the channel closed."""
        self.left = not keep
        if not keep:
            await self.close()

    async def close(self) -> None:
        """End the media."""
        if self.pc is not None:
            pc, self.pc = self.pc, None
            await pc.close()

    async def end(self) -> None:
        """End everything."""
        if self._ticking is not None:
            self._ticking.cancel()
        await self.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.tell(self.stats())
