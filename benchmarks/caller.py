"""The client side of the live benchmarks: sends the numbered clip, and notes what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import av
import numpy as np
import timecode

from streamfx.live.transport.peer import Peer, PeerSettings

WARM = 5.0
"""Seconds at the start that do not count: encoders and caches settle."""
REST = 1.0
"""Seconds that the last pictures get to come back."""


@dataclass
class Seen:
    """One picture that came back."""

    number: int
    at: float
    """Seconds on this process's clock."""
    instant: Fraction
    """Where the peer placed it on the clock that it shares with the sound."""
    latency: float
    """Seconds since it was sent."""


@dataclass
class Call:
    """What came of one call."""

    seconds: float
    """How long pictures were sent, without the warm-up."""
    sent: int
    """How many, in that time."""
    seen: list[Seen] = field(default_factory=list)
    """Those of them that came back, each once, in order of arrival."""
    unreadable: int = 0
    """Pictures whose number could not be read."""
    offsets: list[tuple[float, float]] = field(default_factory=list)
    """Second of the call, and by how many seconds the sound came later than its picture there."""

    @property
    def fps(self) -> float:
        """Different pictures a second."""
        return len(self.seen) / self.seconds

    @property
    def lost(self) -> float:
        """Share of the pictures that never came back."""
        return 1 - len(self.seen) / self.sent

    def latency(self, share: float, first: float = 0.0, last: float = 1.0) -> float:
        """Return a quantile of the latency in milliseconds, of a part of the call."""
        part = self.seen[int(first * len(self.seen)) : int(last * len(self.seen))]
        return quantile([each.latency for each in part], share) * 1000


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile; not a number where there are no values."""
    return float(np.quantile(values, share)) if values else float("nan")


class Caller:
    """A peer that sends the clip on time; the listener of its own connection."""

    def __init__(self, codec: Literal["H264", "VP8"] = "H264") -> None:
        self._codec: Literal["H264", "VP8"] = codec
        self.peer = Peer(PeerSettings(codecs=(codec,)), self)
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._sent_at = [0.0] * timecode.FRAMES
        self._counting = False
        self._seen: dict[int, Seen] = {}
        self._rounds = [0] * timecode.FRAMES
        self._unreadable = 0
        self._quiet = True
        self._beeps: list[Fraction] = []

    async def call(self, negotiate: Callable[[str], Awaitable[str]], seconds: float) -> Call:
        """Connect, send for ``WARM`` and ``seconds``, hang up, and return what came of it."""
        clip = await asyncio.to_thread(timecode.encoded, self._codec)
        offer = await self.peer.offer(video=True, audio=True, receive=True, send=True)
        await self.peer.answer(await negotiate(offer))
        async with asyncio.timeout(15):
            await self._connected.wait()
        sent = await self._send(clip, seconds)
        await asyncio.sleep(REST)
        await self.peer.close()
        seen = sorted(self._seen.values(), key=lambda each: each.at)
        return Call(seconds, sent, seen, self._unreadable, list(self._offsets(seen)))

    async def _send(self, clip: timecode.Clip, seconds: float) -> int:
        began = time.perf_counter()
        sounds, counted = 0, 0
        for count in range(int((WARM + seconds) * timecode.FPS)):
            while sounds * 0.02 <= count / timecode.FPS:
                self._send_sound(clip, sounds)
                sounds += 1
            due = began + count / timecode.FPS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            number = count % timecode.FRAMES
            self._counting = count >= WARM * timecode.FPS
            counted += self._counting
            packet = av.Packet(clip.pictures[number])
            packet.pts = packet.dts = count * 90_000 // timecode.FPS
            packet.time_base = Fraction(1, 90_000)
            packet.is_keyframe = number in clip.keyframes
            self._rounds[number] = count
            self._sent_at[number] = time.perf_counter()
            self.peer.send_video(packet)
            if self._lost.is_set():
                raise SystemExit("the connection broke")
        return counted

    def _send_sound(self, clip: timecode.Clip, count: int) -> None:
        packet = av.Packet(clip.sounds[count % len(clip.sounds)])
        packet.pts = packet.dts = count * timecode.RATE // 50 - clip.head
        packet.time_base = Fraction(1, timecode.RATE)
        self.peer.send_sound(packet)

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Note when a picture came back, in the decoder's thread."""
        now = time.perf_counter()
        number = timecode.read(frame)
        if number is None or number >= timecode.FRAMES:
            self._unreadable += self._counting
            return
        count, sent = self._rounds[number], self._sent_at[number]
        if self._counting and sent and count >= WARM * timecode.FPS and count not in self._seen:
            self._seen[count] = Seen(count, now, instant, now - sent)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Note where tones begin, in the decoder's thread."""
        array = frame.to_ndarray()
        if not frame.format.is_planar:
            array = array.reshape(-1, len(frame.layout.channels)).T
        samples = array[0].astype(np.float32)
        samples /= 1 if array.dtype.kind == "f" else 32768
        for start in timecode.onsets(samples, self._quiet):
            self._beeps.append(instant + Fraction(start, frame.sample_rate))
        tail = samples[-timecode.RATE // 1000 :]
        self._quiet = float(np.abs(tail).max()) <= 0.1

    def state(self, state: str) -> None:
        """Follow the connection."""
        if state == "connected":
            self._connected.set()
        elif state == "lost":
            self._lost.set()

    def keyframe_wanted(self) -> None:
        """Nothing to do: the clip has one each second."""

    def bandwidth(self, bits: int) -> None:
        """Nothing to do: the clip is as large as it is."""

    def _offsets(self, seen: list[Seen]) -> list[tuple[float, float]]:
        """Match each picture with which a second begins to the nearest tone."""
        heads = [each for each in seen if each.number % timecode.FPS == 0]
        found = []
        for each in heads:
            near = min(self._beeps, key=lambda beep: abs(beep - each.instant), default=None)
            if near is not None and abs(near - each.instant) < Fraction(1, 2):
                found.append((each.number / timecode.FPS, float(near - each.instant)))
        return found
