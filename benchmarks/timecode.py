"""A clip whose pictures carry their number and whose sound carries the seconds, encoded once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from streamfx.live.media.encoding import SoundEncoder, VideoEncoder
from streamfx.media.packets import AnyPacket

WIDTH, HEIGHT, FPS = 1280, 720, 30
SECONDS = 20
FRAMES = SECONDS * FPS
"""Pictures until the clip begins again: a number stands for one of them."""
KEYFRAMES = FPS
"""Pictures from one keyframe to the next: whoever asks for one waits a second at the most."""

BLOCK, BITS, CHECK = 64, 16, 4
"""A block's side in pixels; bits of the number, and of the sum that guards it."""
RATE = 48_000
BEEP = 0.06
"""Seconds of the tone with which each second begins."""

FOOTAGE = Path(__file__).parents[2] / "shared/footage/matting/webcam_people"


@dataclass(frozen=True)
class Clip:
    """Encoded pictures and sound, timed from 0 on."""

    pictures: tuple[bytes, ...]
    """One for each picture."""
    keyframes: frozenset[int]
    """Which of them stand alone."""
    sounds: tuple[bytes, ...]
    """Opus, one for each 20 ms."""
    head: int
    """Samples at 48 kHz by which the first sound packet begins before the first picture."""


@cache
def encoded(codec: Literal["H264", "VP8"]) -> Clip:
    """Draw the clip and encode it."""
    video = VideoEncoder(codec, fps=FPS)
    pictures: list[bytes] = []
    keyframes = set()
    for number, frame in zip(range(FRAMES), _scenery(), strict=False):
        stamp(frame, number)
        frame.pts, frame.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
        packets = video.encode(frame, keyframe=number % KEYFRAMES == 0)
        if any(packet.is_keyframe for packet in packets):
            keyframes.add(number)
        pictures.append(b"".join(map(bytes, packets)))
    video.close()
    sounds = _sound()
    head = -round((sounds[0].pts or 0) * Fraction(sounds[0].time_base) * RATE)
    return Clip(tuple(pictures), frozenset(keyframes), tuple(map(bytes, sounds)), head)


def stamp(frame: av.VideoFrame, number: int) -> None:
    """Write a number into the luma of a picture: a row of blocks, and the same row inverted."""
    plane = _luma(frame)
    word = number | (_sum(number) << BITS)
    for place in range(BITS + CHECK):
        lit = word >> place & 1
        left = place * BLOCK
        plane[:BLOCK, left : left + BLOCK] = 210 if lit else 40
        plane[BLOCK : 2 * BLOCK, left : left + BLOCK] = 40 if lit else 210


def read(frame: av.VideoFrame) -> int | None:
    """Return the number that was written into a picture, or None where it cannot be read."""
    plane = _luma(frame)
    if plane.shape != (HEIGHT, WIDTH):
        return None
    inner = slice(BLOCK // 4, 3 * BLOCK // 4)
    rows = plane[: 2 * BLOCK].reshape(2, BLOCK, WIDTH // BLOCK, BLOCK)
    light = rows[:, inner, :, inner].astype(np.float32).mean((1, 3))
    word = sum(1 << place for place in range(BITS + CHECK) if light[0, place] > light[1, place])
    number = word & (1 << BITS) - 1
    return number if word >> BITS == _sum(number) else None


def onsets(samples: NDArray[np.float32], quiet: bool) -> Iterator[int]:
    """Yield where tones begin in a run of samples; ``quiet``: whether none sounded before."""
    step = RATE // 1000
    for start in range(0, len(samples) - step + 1, step):
        loud = float(np.abs(samples[start : start + step]).max()) > 0.1
        if loud and quiet:
            yield start
        quiet = not loud


def _sum(number: int) -> int:
    return (number ^ number >> 4 ^ number >> 8 ^ number >> 12 ^ 0b1010) & 0b1111


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    codes: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    return codes.reshape(-1, plane.line_size)[: frame.height, : frame.width]


def _scenery() -> Iterator[av.VideoFrame]:
    """Yield pictures of the right size for ever: footage where there is some, else a test card."""
    clips = sorted(FOOTAGE.glob("*.mp4"))
    while True:
        if clips:
            source: Any = av.open(str(clips[0]))
        else:
            source = av.open(f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FPS}", format="lavfi")
        with source:
            for frame in source.decode(video=0):
                made = frame.reformat(WIDTH, HEIGHT, "yuv420p")
                yield av.VideoFrame.from_ndarray(made.to_ndarray(), "yuv420p")


def _sound() -> list[AnyPacket]:
    encoder = SoundEncoder()
    at = np.arange(SECONDS * RATE)
    tone = np.where(at % RATE < BEEP * RATE, 0.5 * np.sin(2 * np.pi * 1000 * at / RATE), 0)
    both = np.tile(tone.astype(np.float32), (2, 1))
    frame = av.AudioFrame.from_ndarray(both, "fltp", "stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    return encoder.encode(frame)
