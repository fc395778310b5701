"""A listener that remembers, a clip that is encoded as a session would, and free ports."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from fractions import Fraction
from threading import Condition
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from streamfx.live.media.encoding import SoundEncoder, VideoEncoder
from streamfx.live.media.push import Push

PATIENCE = 30.0
"""Seconds after which what was waited for counts as never coming."""


class Ear:
    """Remembers what a source brings; only every picture's size and middle pixel."""

    def __init__(self) -> None:
        self.pictures: list[tuple[Fraction, int, int, int]] = []
        self.sounds: list[tuple[Fraction, float]] = []
        self.states: list[str] = []
        self.changed = Condition()

    def picture(self, frame: VideoFrame, instant: Fraction, arrived: float) -> None:
        grey = frame.reformat(format="gray").to_ndarray()
        middle = int(grey[frame.height // 2, frame.width // 2])
        with self.changed:
            self.pictures.append((instant, frame.width, frame.height, middle))
            self.changed.notify()

    def sound(self, frame: AudioFrame, instant: Fraction, arrived: float) -> None:
        samples = frame.to_ndarray().astype(np.float64)
        with self.changed:
            self.sounds.append((instant, float(np.sqrt((samples**2).mean()))))
            self.changed.notify()

    def state(self, state: str) -> None:
        with self.changed:
            self.states.append(state)
            self.changed.notify()

    def wait(self, until: Callable[[Ear], Any], patience: float = PATIENCE) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: until(self), patience), (
                self.states,
                len(self.pictures),
                len(self.sounds),
            )


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def picture(number: int, size: tuple[int, int] = (160, 96)) -> VideoFrame:
    """Grey that changes from frame to frame, at 25 frames a second."""
    width, height = size
    frame = VideoFrame.from_ndarray(
        np.full((height, width), 60 + number % 100, np.uint8), "gray"
    ).reformat(format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def tone(number: int) -> AudioFrame:
    """Twenty milliseconds of 440 Hz."""
    at = np.arange(number * 960, number * 960 + 960)
    wave = (8000 * np.sin(2 * np.pi * 440 * at / 48000)).astype(np.int16)
    frame = AudioFrame.from_ndarray(np.repeat(wave, 2)[None], "s16", "stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, number * 960, Fraction(1, 48000)
    return frame


class Feeding:
    """Encodes pictures and sound at their pace and sends them to pushes until it is closed."""

    def __init__(self, *, sound: bool = True) -> None:
        self.size = (160, 96)
        self._sound = sound
        self._keyframe = False
        self._pushes: list[Push] = []
        self._task: asyncio.Task[None] | None = None

    def want_keyframe(self) -> None:
        self._keyframe = True

    def add(self, push: Push) -> None:
        self._pushes.append(push)

    async def __aenter__(self) -> Feeding:
        self._task = asyncio.ensure_future(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        for push in self._pushes:
            await push.stop()
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        video, sound = VideoEncoder("H264", fps=25), SoundEncoder()
        began = time.perf_counter()
        number = 0
        while True:
            packets = video.encode(picture(number, self.size), keyframe=self._keyframe)
            self._keyframe = False
            for packet in packets:
                for push in self._pushes:
                    push.send_video(packet)
            for packet in (p for i in (2 * number, 2 * number + 1) for p in sound.encode(tone(i))):
                for push in self._pushes if self._sound else []:
                    push.send_sound(packet)
            number += 1
            await asyncio.sleep(max(0.0, began + number / 25 - time.perf_counter()))


async def wait_for(until: Callable[[], Any], patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not until():
            await asyncio.sleep(0.02)
