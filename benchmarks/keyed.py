"""People before a screen: keyed, their alphas are near the truth, and they stand anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from av.video.frame import VideoFrame
from people import FOOTAGE, Picture, Shot, codes, frames, read

from streamfx import Frame
from streamfx.catalog import Catalog
from streamfx.media.reader import Reader
from streamfx.resample import resize
from streamfx.testing import run

Place = Callable[[int, int, int], Picture]
"""What stands behind: frame number, height and width give a picture."""

LINES = 720
"""Larger clips are shrunk to this after keying: fine errors of the key go."""
GRAIN = 2.5
"""Standard deviation of the camera's noise, in codes of 8 bits."""
CRF = 28


@dataclass(frozen=True, slots=True)
class Screen:
    """A clip before a screen."""

    path: str
    """Below the footage."""
    used: tuple[float, float, float, float] = (0, 0, 1, 1)
    """Left, top, right and bottom of the part that is used, as shares of the picture: no borders,
    no folds of the screen that are darker than the key can tell from hair."""


SCREENS = {
    "studio": (
        Screen("faces/more/mead/M003_disgusted.mp4"),
        Screen("faces/more/mead/M026_disgusted.mp4", (0, 0, 0.66, 1)),
        Screen("faces/more/mead/W023_surprised.mp4", (0, 0, 0.66, 1)),
    ),
    "head": (Screen("matting/greenscreen_head.mp4", (0, 0, 1, 0.945)),),
    "small": (
        *(
            Screen(f"faces/grid/{name}.mpg", (0.015, 0.01, 1, 0.99))
            for name in ("bbaf2n", "brbk7n", "lbbc2a", "sbia1a", "swiz3n")
        ),
        Screen("faces/grid/lwbsza.mpg", (0.06, 0.02, 0.95, 0.86)),
    ),
}
"""Studio portraits in HD, a head at 512 lines, and heads of 288 lines."""


def originals(group: str, count: int) -> Iterator[Shot]:
    """Yield the clips of a group as they were taken, with the alphas of the key."""
    for screen in SCREENS[group]:
        yield keyed(screen, count)


def elsewhere(group: str, count: int, *, rough: bool = False) -> Iterator[Shot]:
    """Yield the people of a group in two other places each; ``rough``: noisy and compressed."""
    names = list(PLACES)
    for at, screen in enumerate(SCREENS[group]):
        subject = keyed(screen, count)
        for step in (0, 3):
            name = names[(at + step) % len(names)]
            shot = composite(subject, name, PLACES[name]())
            yield roughened(shot, at) if rough else shot


@cache
def keyed(screen: Screen, count: int) -> Shot:
    """Return a clip with alpha and the subject's own colours."""
    path = FOOTAGE / screen.path
    taken = [_part(frame, screen) for frame in _first(path, count)]
    pictures, alphas, colours = [], [], []
    for shown, cut in zip(
        taken, run(Catalog.shipped()["matting.chroma"](), frame=taken), strict=True
    ):
        high, wide = shown.height, shown.width
        if high > LINES:
            high, wide = LINES, round(wide * LINES / high / 2) * 2
        made = resize(_subject(cut.image), high, wide, "area").numpy()
        pictures.append(codes(resize(shown.image, high, wide, "area").numpy()))
        alphas.append(np.ascontiguousarray(made[3]))
        colours.append(codes(made[:3]))
    return Shot(path.stem, pictures, alphas, colours)


def _subject(image: torch.Tensor) -> torch.Tensor:
    """Return ``(4, H, W)`` without whatever does not touch the largest part."""
    seen = (image[3] > 0.05).numpy().astype(np.uint8)
    _, parts, facts, _ = cv2.connectedComponentsWithStats(seen, connectivity=8)
    if len(facts) < 2:
        return image
    largest = torch.from_numpy(parts == 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax()))
    return torch.cat([image[:3], image[3:] * largest])


def composite(subject: Shot, name: str, place: Place) -> Shot:
    """Return a keyed subject in another place."""
    pictures = []
    for i, (colour, alpha) in enumerate(zip(subject.colours, subject.alphas, strict=True)):
        behind = place(i, *alpha.shape)
        share = alpha[..., None]
        made = colour * share + behind * (1 - share)
        pictures.append((made + 0.5).astype(np.uint8))
    return Shot(f"{subject.name} before {name}", pictures, subject.alphas, subject.colours)


def roughened(shot: Shot, seed: int) -> Shot:
    """Return a shot with the noise of a camera, through H.264."""
    maker = np.random.default_rng(seed)
    noisy = [
        np.clip(picture + maker.normal(0, GRAIN, picture.shape) + 0.5, 0, 255).astype(np.uint8)
        for picture in shot.pictures
    ]
    return Shot(shot.name, compressed(noisy), shot.alphas, shot.colours)


def compressed(pictures: list[Picture]) -> list[Picture]:
    """Return pictures as they come back from H.264 in 4:2:0."""
    held = io.BytesIO()
    with av.open(held, "w", format="matroska") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "veryfast", "crf": str(CRF)}
        for picture in pictures:
            target.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        target.mux(stream.encode())
    held.seek(0)
    with av.open(held, "r") as source:
        return [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]


def _still(path: Path) -> Place:
    """Return a picture that a camera pans over, a pixel a frame."""
    return _panned(read(path))


def _railway() -> Place:
    pictures = frames(FOOTAGE / "general" / "railway_vp9.webm", 60)
    return lambda i, high, wide: _covering(pictures[i % len(pictures)], high, wide)


def _panned(picture: Picture) -> Place:
    def place(i: int, high: int, wide: int) -> Picture:
        whole = _covering(picture, high, wide + 64)
        left = abs(i % 128 - 64)
        return whole[:, left : left + wide]

    return place


def _covering(picture: Picture, high: int, wide: int) -> Picture:
    """Return the middle of a picture, scaled to cover a size."""
    by = max(high / picture.shape[0], wide / picture.shape[1])
    size = max(wide, round(picture.shape[1] * by)), max(high, round(picture.shape[0] * by))
    whole = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC)
    top, left = (whole.shape[0] - high) // 2, (whole.shape[1] - wide) // 2
    made: Picture = whole[top : top + high, left : left + wide]
    return made


PLACES: dict[str, Callable[[], Place]] = {
    "railway": _railway,
    **{
        name: lambda name=name: _still(
            FOOTAGE / "super_resolution" / "bsds500_train" / f"{name}.jpg"
        )  # type: ignore[misc]
        for name in ("118035", "232038", "25098", "24004", "22013")
    },
}
"""None of which a shipped network has seen."""


def _first(path: Path, count: int) -> Iterator[Frame]:
    with Reader(str(path)) as reader:
        for at, frame in enumerate(reader):
            if at >= count:
                return
            assert isinstance(frame, Frame)
            yield frame


def _part(frame: Frame, screen: Screen) -> Frame:
    """Return the part of a frame that is used, its sides even."""
    left, top, right, bottom = (
        round(share * side / 2) * 2
        for share, side in zip(screen.used, (frame.width, frame.height) * 2, strict=True)
    )
    return frame.showing(frame.image[:, top:bottom, left:right].contiguous())
