"""Shots before a plate, with the truth: mattes that nobody trained on, before scenes of the same.

Subjects are alphamatting.com's toys and plants and people keyed off screens; test data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx.frame import Frame
from streamfx.media.reader import Reader
from streamfx.nodes.matting.chroma import Chroma
from streamfx.testing import run

VARIANTS = ("still", "shake", "noise", "exposure", "shadow", "all")
"""Troubles: a little noise alone, or with more of something, or with everything at once."""
_SCENES = (
    ("general/railway_vp9.webm", 40),
    ("general/fountain_crowd_25fps.mp4", 60),
    ("matting/more/clips/hands_coffee_720p.mp4", 30),
    ("matting/more/clips/children_bedroom_540p.mp4", 10),
    ("matting/woman_plants_720p.mp4", 10),
    ("faces/man_kitchen_1080x1920.mp4", 0),
    ("super_resolution/Set14_HR/img_003_SRF_4_HR.png", 0),
    ("restoration/old_film_dialogue_1940.mp4", 60),
)
"""Plates: a file and the number of a picture in it."""
_KEYED = (
    ("faces/more/mead/M003_disgusted.mp4", 30, (0.0, 0.0, 1.0, 1.0), 0.5),
    ("faces/more/mead/M026_disgusted.mp4", 40, (0.0, 0.0, 0.66, 1.0), 0.5),
    ("faces/grid/bbaf2n.mpg", 20, (0.015, 0.01, 1.0, 0.99), 1.0),
    ("faces/grid/lwbsza.mpg", 30, (0.06, 0.02, 0.95, 0.86), 1.0),
)
"""People before a screen: file, picture, the part to use (left, top, right, bottom), scale."""


Image = NDArray[Any]
"""Of float32 in [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A subject, its true alpha, and a scene to put it before."""

    kind: str
    name: str
    colour: Image
    """``(H, W, 3)``."""
    alpha: Image
    """``(H, W)``."""
    scene: Image
    """``(H, W, 3)``."""


def cases(footage: Path) -> list[Case]:
    """Return all subjects before all scenes, each scene in its turn."""
    scenes = [picture(footage / name, n) for name, n in _SCENES if (footage / name).exists()]
    subjects = [
        ("alphamatting", path.stem, *cut_out(path))
        for path in sorted((footage / "matting/alphamatting/image").glob("*.png"))
    ]
    subjects += [
        ("keyed", Path(name).stem, *keyed(footage / name, number, part, by))
        for name, number, part, by in _KEYED
        if (footage / name).exists()
    ]
    return [
        Case(kind, name, colour, alpha, filled(scenes[i % len(scenes)], alpha.shape))
        for i, (kind, name, colour, alpha) in enumerate(subjects)
    ]


def picture(path: Path, number: int = 0) -> Image:
    """Return one picture of a file, ``(H, W, 3)``."""
    seen = -1
    with Reader(str(path)) as reader:
        for item in reader:
            seen += isinstance(item, Frame)
            if seen == number and isinstance(item, Frame):
                return item.image[:3].clamp(0, 1).permute(1, 2, 0).contiguous().numpy()
    raise ValueError(f"{path} has no picture {number}")


def cut_out(path: Path) -> tuple[Image, Image]:
    """Return a photo's subject in its own colours, and its true alpha.

    Colours are estimated by blurring and fusing (Forte 2021), the alpha being known.
    """
    image, alpha = picture(path), picture(path.parent.parent / "alpha" / path.name)[..., :1]
    colour = behind = image
    for side in (91, 15, 6):
        inside, outside = (blurred(x, side) for x in (alpha, 1 - alpha))
        colour = blurred(colour * alpha, side) / (inside + 1e-5)
        behind = blurred(behind * (1 - alpha), side) / (outside + 1e-5)
        rest = image - alpha * colour - (1 - alpha) * behind
        colour = np.clip(colour + alpha * rest, 0, 1)
    return colour.astype(np.float32), alpha[..., 0]


def blurred(image: Image, side: int) -> Image:
    """Return the mean around each pixel, of an image ``(H, W, C)``."""
    return cv2.blur(image, (side, side)).reshape(image.shape)


def keyed(
    path: Path, number: int, part: tuple[float, float, float, float], by: float
) -> tuple[Image, Image]:
    """Return a person before a screen without it, and the alpha that the key pulls."""
    image = torch.from_numpy(picture(path, number)).permute(2, 0, 1).contiguous()
    (out,) = run(Chroma(), frame=[Frame(image, Fraction(0), Fraction(1, 25))])
    high, wide = image.shape[1:]
    left, top, right, bottom = (round(a * b) for a, b in zip(part, (wide, high) * 2, strict=True))
    cut = out.image[:, top:bottom, left:right].permute(1, 2, 0).numpy().copy()
    solid = (cut[..., 3] > 0.05).astype(np.uint8)
    _, parts, facts, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    cut[..., 3] *= parts == 1 + facts[1:, cv2.CC_STAT_AREA].argmax()
    cut[..., :3] *= cut[..., 3:]
    cut = cv2.resize(cut, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    return np.clip(cut[..., :3] / np.maximum(cut[..., 3:], 0.01), 0, 1), cut[..., 3]


def filled(scene: Image, size: tuple[int, int]) -> Image:
    """Return the upper left part of a scene that was scaled to fill a size."""
    high, wide = size
    by = max(high / scene.shape[0], wide / scene.shape[1]) * 1.001
    way = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    whole = cv2.resize(scene, None, fx=by, fy=by, interpolation=way)
    return np.clip(whole[:high, :wide], 0, 1)


def shot(case: Case, variant: str, seed: int) -> tuple[Image, Image]:
    """Return what a camera takes of a case, and the plate that it took before."""
    rng = np.random.default_rng([seed, 7])
    alpha, everything = case.alpha[..., None], variant == "all"
    scene, gain = case.scene, np.ones(3)
    if variant == "shake" or everything:
        scene = shaken(scene, rng)
    if variant == "exposure" or everything:
        gain = 2 ** (rng.normal(0, 0.25) + rng.normal(0, 0.06, 3))
    if variant == "shadow" or everything:
        scene = scene * (1 - 0.3 * cast(case.alpha)[..., None])
    clean = np.clip((case.colour * alpha + scene * (1 - alpha)) * gain, 0, 1)
    grain = {"noise": 0.04, "all": 0.02}.get(variant, 0.012)
    quality = 85 if everything else None
    return taken(clean, rng, grain, quality), taken(case.scene, rng, grain, quality)


def shaken(scene: Image, rng: np.random.Generator) -> Image:
    """Return a scene as a camera sees it that moved some pixels and turned a little."""
    high, wide = scene.shape[:2]
    turn = cv2.getRotationMatrix2D(
        (wide / 2, high / 2), rng.normal(0, 0.25), 1 + rng.normal(0, 0.002)
    )
    turn[:, 2] = turn[:, 2] + rng.normal(0, 2.5, 2)
    return cv2.warpAffine(
        scene, turn, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def cast(alpha: Image) -> Image:
    """Return a soft shadow ``(H, W)`` to the right of a subject and below."""
    high, wide = alpha.shape
    move = np.array([[1, 0, 0.06 * wide], [0, 1, 0.04 * high]])
    return cv2.GaussianBlur(cv2.warpAffine(alpha, move, (wide, high)), (0, 0), wide / 50)


def taken(image: Image, rng: np.random.Generator, grain: float, quality: int | None) -> Image:
    """Return an image with noise, in 8 bits, and perhaps as JPEG with 4:2:0."""
    noisy = np.clip(image + rng.normal(0, grain, image.shape), 0, 1)
    codes = (noisy * 255 + 0.5).astype(np.uint8)
    if quality is None:
        return codes.astype(np.float32) / 255
    packed = cv2.imencode(".jpg", codes[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    read = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert read is not None
    return read[..., ::-1].astype(np.float32) / 255
