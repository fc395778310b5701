"""People in photos and clips with hand-drawn masks, and pictures without anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfx import Frame
from streamfx.errors import SourceError
from streamfx.media.reader import Reader

FOOTAGE = Path(__file__).parents[1].parent / "shared" / "footage"
HELD = 5
"""Every fifth of the street photos, in order of their names, is never trained on."""

Picture = NDArray[Any]
"""``(H, W, 3)`` of uint8, RGB."""
Floats = NDArray[Any]
"""Of float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """Consecutive pictures and what is true of them; a photo is a shot of one picture."""

    name: str
    """Told in the table."""
    pictures: list[Picture]
    """One or more, all of one size."""
    alphas: list[Floats]
    """``(H, W)`` of each, in [0, 1]."""
    colours: list[Picture] = field(default_factory=list)
    """The subject's own colours, where they are known."""

    def first(self, count: int) -> Shot:
        """Return the shot, cut to so many pictures."""
        cut = slice(0, count)
        return Shot(self.name, self.pictures[cut], self.alphas[cut], self.colours[cut])


def read(path: Path) -> Picture:
    """Return a picture file as RGB."""
    return cv2.cvtColor(_opened(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def mask(path: Path, like: Picture, above: int = 127) -> Floats:
    """Return what is ``above`` a code of a mask as an alpha of 0 and 1, sized as its picture."""
    held = _opened(path, cv2.IMREAD_UNCHANGED)
    if held.ndim == 3:
        held = held[..., 3] if held.shape[2] == 4 else held[..., 0]
    inside = np.greater(held, above).astype(np.float32)
    sized = cv2.resize(inside, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR)
    made: Floats = np.greater(sized, 0.5).astype(np.float32)
    return made


def photos() -> Iterator[Shot]:
    """Yield the people photos with binary masks."""
    folder = FOOTAGE / "matting" / "person_masks"
    for path in sorted((folder / "image").glob("*.jpg"), key=lambda path: int(path.stem)):
        picture = read(path)
        yield Shot(path.stem, [picture], [mask(folder / "mask" / f"{path.stem}.png", picture)])


def street() -> Iterator[Shot]:
    """Yield the street photos that no training sees; bags are part of the person."""
    folder = FOOTAGE / "matting" / "more" / "street_people"
    for path in sorted((folder / "image").glob("*.jpg"))[::HELD]:
        picture = read(path)
        yield Shot(path.stem, [picture], [mask(folder / "labels" / f"{path.stem}.png", picture, 0)])


def dancer() -> Iterator[Shot]:
    """Yield the dancer; the mask leaves out the people who watch."""
    yield _davis("breakdance")


def rider() -> Iterator[Shot]:
    """Yield the rider; the mask holds the motorbike, too."""
    yield _davis("motocross-jump")


def stills(shots: Iterator[Shot]) -> Iterator[Shot]:
    """Yield every picture of some shots as a photo of its own."""
    for shot in shots:
        for i, (picture, alpha) in enumerate(zip(shot.pictures, shot.alphas, strict=True)):
            yield Shot(f"{shot.name} {i}", [picture], [alpha])


def nobody() -> Iterator[Shot]:
    """Yield places, things and textures that no shipped network saw: the true alpha is 0."""
    style, general = FOOTAGE / "style", FOOTAGE / "general"
    for name in ("brushstrokes.jpg", "contrast_of_forms.jpg", "flower_of_life.jpg", "trial.jpg"):
        yield _empty(name.partition(".")[0], [read(style / "styles" / name)])
    yield _empty("beach", [read(FOOTAGE / "matting" / "lemur" / "new_background.png")])
    yield _empty("railway", frames(general / "railway_vp9.webm", 30))
    for path in sorted((FOOTAGE / "matting" / "alphamatting" / "image").glob("*.png")):
        yield _empty("toys " + path.stem, [read(path)])
    for path in sorted((FOOTAGE / "restoration" / "real_noise" / "noisy").glob("*.JPG"))[::2]:
        yield _empty("things " + path.stem.removesuffix("_real"), [read(path)])


def frames(path: Path, count: int, first: int = 0) -> list[Picture]:
    """Return ``count`` frames of a video, from the ``first`` on."""
    made: list[Picture] = []
    with Reader(str(path)) as reader:
        for at, frame in enumerate(reader):
            if at >= first + count:
                break
            if at >= first:
                assert isinstance(frame, Frame)
                made.append(codes(frame.image.numpy()))
    return made


def codes(image: Floats) -> Picture:
    """Return ``(3, H, W)`` in [0, 1] as ``(H, W, 3)`` of 8 bits."""
    made = np.clip(image.transpose(1, 2, 0) * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(made)


def _opened(path: Path, mode: int) -> NDArray[Any]:
    held = cv2.imread(str(path), mode)
    if held is None:
        raise SourceError(f"no picture in {path}")
    return held


def _davis(name: str) -> Shot:
    folder = FOOTAGE / "interpolation" / "davis16_sequences" / name
    paths = sorted((folder / "frames").iterdir())
    pictures = [read(path) for path in paths]
    masks = [folder / "masks" / f"{path.stem}.png" for path in paths]
    return Shot(name, pictures, [mask(m, p) for m, p in zip(masks, pictures, strict=True)])


def _empty(name: str, pictures: list[Picture]) -> Shot:
    return Shot(name, pictures, [np.zeros(p.shape[:2], np.float32) for p in pictures])
