"""Chromium with a camera that shows a clip, for tests that look at pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import Browser, Locator, sync_playwright

CHROMIUM = shutil.which("chromium")
FOOTAGE = Path(__file__).parents[2] / "shared" / "footage" / "matting" / "webcam_people"
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


@contextmanager
def chromium(camera: Path | None = None) -> Iterator[Browser]:
    """Start Chromium; ``camera`` is the clip (Y4M) that its camera shows again and again."""
    assert CHROMIUM is not None
    file = [] if camera is None else [f"--use-file-for-fake-video-capture={camera}"]
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *file], chromium_sandbox=False
        )
        try:
            yield browser
        finally:
            browser.close()


def camera_clip(path: Path, width: int = 320, height: int = 180, seconds: int = 4) -> Path:
    """Write a clip for a camera: a person from the footage, where that is there, or bars."""
    source = FOOTAGE / "student.mkv"
    frames = person(source, width, height) if source.is_file() else bars(width, height)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420mpeg2\n".encode())
        for _, planes in zip(range(seconds * 30), frames, strict=False):
            file.write(b"FRAME\n" + planes)
    return path


def room_clip(path: Path, width: int = 384, height: int = 216) -> Path:
    """Write a clip of an empty room (6 s), then somebody at its centre (5 s), at 10 per second.

    It is footage, where that is there.
    """
    source = FOOTAGE.parent / "room_people_and_empty_plate.mp4"
    frames = room(source, width, height) if source.is_file() else drawn_room(width, height)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420mpeg2\n".encode())
        file.writelines(b"FRAME\n" + planes for planes in frames)
    return path


def room(source: Path, width: int, height: int) -> Iterator[bytes]:
    """Yield the empty room and the first visitor, as the planes of Y4M."""
    with av.open(str(source)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number < 60 or 130 <= number < 180:
                yield planes_of(frame.to_ndarray(format="rgb24"), width, height)
            elif number >= 180:
                return


def drawn_room(width: int, height: int) -> Iterator[bytes]:
    """Yield the same with a dark figure before a bright wall."""
    rng = np.random.default_rng(0)
    for number in range(110):
        rgb = np.full((height, width, 3), (200, 205, 215), np.uint8)
        rgb[height * 2 // 3 :] = (150, 100, 60)
        if number >= 60:
            left = width // 2 + number % 5
            rgb[height // 12 : height * 9 // 10, left : left + width // 5] = (70, 72, 75)
        noise = rng.integers(-2, 3, rgb.shape)
        yield planes_of((rgb + noise).clip(0, 255).astype(np.uint8), width, height)


def person(source: Path, width: int, height: int) -> Iterator[bytes]:
    """Yield the middle of a clip's pictures, as the planes of Y4M."""
    with av.open(str(source)) as container:
        for frame in container.decode(video=0):
            tall = frame.width * height // width
            top = (frame.height - tall) // 2
            rgb = frame.to_ndarray(format="rgb24")[top : top + tall]
            yield planes_of(np.ascontiguousarray(rgb), width, height)


def bars(width: int, height: int) -> Iterator[bytes]:
    """Yield bright bars that move over a dark ground, without end."""
    at = Fraction(0)
    while True:
        rgb = np.full((height, width, 3), 48, np.uint8)
        left = int(at * width) % width
        rgb[:, left : left + width // 8] = (220, 150, 90)
        yield planes_of(rgb, width, height)
        at += Fraction(1, 60)


def planes_of(rgb: np.ndarray, width: int, height: int) -> bytes:
    """Return a picture as planar 4:2:0 of another size."""
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    return frame.reformat(width, height, format="yuv420p").to_ndarray().tobytes()


MEAN = """
(video, box = [0, 0, 1, 1]) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 36];
  const pen = canvas.getContext("2d");
  const [left, top, width, height] = box;
  const [w, h] = [video.videoWidth, video.videoHeight];
  pen.drawImage(video, left * w, top * h, width * w, height * h, 0, 0, 64, 36);
  const data = pen.getImageData(0, 0, 64, 36).data;
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (const c of [0, 1, 2]) sums[c] += data[i + c];
  return sums.map((sum) => (4 * sum) / data.length);
}
"""
"""JavaScript: the mean red, green and blue of a part of a video, given in shares of its size."""

DETAIL = """
(video) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 4; i < data.length; i += 4) sum += Math.abs(data[i + 1] - data[i - 3]);
  return (4 * sum) / data.length;
}
"""

Box = tuple[float, float, float, float]
"""Left, top, width and height, in shares of the picture's."""


def mean_colour(video: Locator, box: Box = (0, 0, 1, 1)) -> tuple[float, float, float]:
    """Return the mean red, green and blue (0 to 255) of a part of what a video shows."""
    red, green, blue = video.evaluate(MEAN, list(box))
    return red, green, blue


def detail(video: Locator) -> float:
    """Return how much neighbours in a line of what a video shows differ, in codes of 255."""
    return float(video.evaluate(DETAIL))
