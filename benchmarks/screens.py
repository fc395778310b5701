"""Subjects of known alpha before green and blue screens, as a camera and a codec show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from streamfx import Colour
from streamfx.media.convert import from_image, to_image

Floats = NDArray[Any]
"""Of float32."""
Kind = Literal["flat", "uneven", "wrinkled"]
"""What is wrong with a screen: nothing; light that falls off and a shadow; folds as well."""

FOOTAGE = Path(__file__).parents[1].parent / "shared" / "footage" / "matting"
SCREENS = {"green": (0.16, 0.63, 0.27), "blue": (0.12, 0.31, 0.71)}
"""R'G'B' of each screen in full light."""
HD = Colour("bt709", "bt709", "bt709", "limited")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A subject as it would look alone."""

    name: str
    """Name of its picture."""
    colour: Floats
    """``(3, H, W)`` R'G'B', known everywhere."""
    alpha: Floats
    """``(H, W)``, its true coverage."""


def subjects(footage: Path = FOOTAGE) -> Iterator[Subject]:
    """Yield every picture with a soft alpha: alphamatting.com's, the lemur, the portraits."""
    pairs = [
        (path, footage / "alphamatting" / "alpha" / path.name)
        for path in sorted((footage / "alphamatting" / "image").glob("*.png"))
    ]
    pairs.append((footage / "lemur" / "image.png", footage / "lemur" / "alpha.png"))
    portraits = footage / "portraits_p3m"
    pairs += [
        (path, portraits / "alpha_ref" / f"{path.stem}.png")
        for path in sorted((portraits / "image").glob("*.jpg"))
    ]
    for image, alpha in pairs:
        yield subject(image, alpha)


def subject(image: Path, alpha: Path) -> Subject:
    """Return what two files hold; the colours along the edge are estimated."""
    shown = read(image, cv2.IMREAD_COLOR)[..., ::-1]
    matte = read(alpha, cv2.IMREAD_GRAYSCALE)
    high, wide = (side - side % 2 for side in matte.shape)
    shown, matte = np.ascontiguousarray(shown[:high, :wide]), matte[:high, :wide]
    colour = foreground(shown, matte).transpose(2, 0, 1)
    return Subject(image.stem, np.ascontiguousarray(colour), matte)


def read(path: Path, how: int) -> Floats:
    """Return what an image file holds, in [0, 1]."""
    made = cv2.imread(str(path), how)
    if made is None:
        raise FileNotFoundError(path)
    return made.astype(np.float32) / 255


def foreground(image: Floats, alpha: Floats) -> Floats:
    """Return the subject's colours ``(H, W, 3)``, given image ``(H, W, 3)`` and alpha ``(H, W)``.

    Coarse to fine, foreground and background are solved for together, each held close to its own
    neighbours (after Germer et al., "Fast Multi-Level Foreground Estimation", 2020).
    """
    sizes = [alpha.shape]
    while min(sizes[-1]) > 2:
        sizes.append((max(1, (sizes[-1][0] + 1) // 2), max(1, (sizes[-1][1] + 1) // 2)))
    front: Floats = np.full((1, 1, 3), 0.5, np.float32)
    back: Floats = front
    for high, wide in reversed(sizes):
        size = (wide, high)
        front, back = (cv2.resize(x, size, interpolation=cv2.INTER_NEAREST) for x in (front, back))
        shown = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        matte = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        for _ in range(10 if min(size) <= 32 else 4):
            front, back = _relaxed(front, back, shown, matte)
    made: Floats = np.where(alpha[..., None] > 0.999, image, front)
    return made


def _relaxed(front: Floats, back: Floats, shown: Floats, matte: Floats) -> tuple[Floats, Floats]:
    """Solve each pixel's two colours anew from its own equation and its neighbours' colours."""
    edge = np.pad(matte, 1, mode="edge")
    near_f, near_b = (np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge") for x in (front, back))
    high, wide = matte.shape
    sum_f, sum_b, weight = np.zeros_like(front), np.zeros_like(back), np.zeros_like(matte)
    for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
        there = np.s_[y : y + high, x : x + wide]
        held = 1e-5 + np.abs(edge[there] - matte)
        sum_f += held[..., None] * near_f[there]
        sum_b += held[..., None] * near_b[there]
        weight += held
    f, b = sum_f / weight[..., None], sum_b / weight[..., None]
    off = shown - matte[..., None] * f - (1 - matte[..., None]) * b
    step = (off / (weight + matte**2 + (1 - matte) ** 2)[..., None]).astype(np.float32)
    f = np.clip(f + matte[..., None] * step, 0, 1)
    b = np.clip(b + (1 - matte[..., None]) * step, 0, 1)
    return f.astype(np.float32), b.astype(np.float32)


def screen(colour: str, kind: Kind, high: int, wide: int, seed: int = 0) -> Floats:
    """Return a screen ``(3, H, W)``: its light, and its folds, are the same for the same seed."""
    base = np.array(SCREENS[colour], np.float32)[:, None, None]
    light = np.ones((high, wide), np.float32)
    y, x = np.mgrid[0 : 1 : high * 1j, 0 : 1 : wide * 1j].astype(np.float32)
    if kind != "flat":
        light = 1.12 - 0.45 * ((x - 0.35) ** 2 + (y - 0.25) ** 2)
        light -= 0.22 * np.exp(-((x - 0.62) ** 2 + (y - 0.7) ** 2) / 0.03)
    if kind == "wrinkled":
        maker = np.random.default_rng(seed)
        for _ in range(9):
            turn, place, width = maker.uniform(0, 3.14), maker.uniform(0, 1), maker.uniform(3, 12)
            along = np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5) + 0.5
            bend = along - place + 0.04 * np.sin(6 * (x - y) + 7 * place)
            light += 0.09 * np.tanh(width * 2 * bend) * np.exp(-((width * bend) ** 2))
    white = 0.02 * np.clip(light - 1, 0, 1)
    made: Floats = np.clip(base * light + white, 0, 1).astype(np.float32)
    return made


def composite(subject: Subject, behind: Floats) -> Floats:
    """Return the subject before a screen, ``(3, H, W)``."""
    made: Floats = subject.alpha * subject.colour + (1 - subject.alpha) * behind
    return made


def shot(image: Floats, sigma: float, seed: int = 0, pix_fmt: str = "yuv420p") -> torch.Tensor:
    """Return a picture as a camera gives it: noise of ``sigma`` codes of 8 bits, Y'CbCr, 4:2:0."""
    maker = np.random.default_rng(seed)
    noisy = image + maker.normal(0, sigma / 255, image.shape).astype(np.float32)
    frame = from_image(torch.from_numpy(np.clip(noisy, 0, 1).astype(np.float32)), pix_fmt, HD)
    return to_image(frame, HD)
