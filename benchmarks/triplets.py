"""Frames between which one is known: triplets as handed round, films thinned out, and scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from people import FOOTAGE, Picture, frames, read

_NAMES = (("frame0", "gt", "frame1"), ("frame10", "frame10i11", "frame11"), ("im1", "im2", "im3"))
"""What sets call the first frame, the one between, and the second."""
_FILMS = (
    ("general/railway_vp9.webm", 120),
    ("general/fountain_crowd_25fps.mp4", 120),
    ("matting/more/clips/man_ball_garden_720p.mp4", 120),
)
"""Films that no training saw, and how many of their frames are taken."""
_WIDEST = 640
_TRUE_60 = "general/rooftop_320x240_60fps.mp4"


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Two frames and what was filmed between them, at equal steps."""

    kind: str
    first: Picture
    between: Sequence[Picture]
    second: Picture
    before: Picture | None = None
    """The frame a step before the first, for those who look further; None where it is not known."""
    after: Picture | None = None
    """The frame a step after the second."""

    @property
    def shares(self) -> list[float]:
        """Where on the way from the first to the second each frame lies."""
        steps = len(self.between) + 1
        return [i / steps for i in range(1, steps)]


def triplets(folder: Path, only: Sequence[str] = ()) -> Iterator[Known]:
    """Yield ``<kind>_triplets/<name>/{frame0,gt,frame1}.png`` of a folder, kind by kind."""
    for kind in sorted(folder.glob("*_triplets")):
        name = kind.name.removesuffix("_triplets")
        if only and name not in only:
            continue
        for each in sorted(path for path in kind.iterdir() if path.is_dir()):
            for names in _NAMES:
                paths = [each / f"{n}.png" for n in names]
                if all(path.exists() for path in paths):
                    first, middle, second = (read(path) for path in paths)
                    yield Known(name, first, [middle], second)


def films(only: Sequence[str] = ()) -> Iterator[Known]:
    """Yield pairs of frames of films, one left out between them, or three at 60 a second."""
    for name in ("breakdance", "motocross-jump"):
        folder = FOOTAGE / "interpolation" / "davis16_sequences" / name / "frames"
        if not only or name in only:
            yield from _thinned(name, [read(path) for path in sorted(folder.iterdir())], 2, 6)
    for path, count in _FILMS:
        name = Path(path).stem.partition("_")[0]
        if not only or name in only:
            yield from _thinned(name, [_bounded(p) for p in frames(FOOTAGE / path, count)], 2, 12)
    for factor in (2, 4):
        name = f"60fps x{factor}"
        if not only or name in only:
            yield from _thinned(name, frames(FOOTAGE / _TRUE_60, 296), factor, 16)


def score(made: Picture, truth: Picture) -> tuple[float, float]:
    """Return PSNR and SSIM of a frame that was made, beside the one that was filmed."""
    return psnr(made, truth), ssim(made, truth)


def psnr(made: Picture, truth: Picture) -> float:
    """Return the peak signal-to-noise ratio of R'G'B' of 8 bits, in dB."""
    off = float(np.square(made.astype(np.float64) - truth).mean())
    return 10 * math.log10(255**2 / max(off, 1e-6))


def ssim(made: Picture, truth: Picture) -> float:
    """Return the structural similarity of luma (Wang et al. 2004), 11 x 11 Gaussian windows."""
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (made, truth))

    def mean(z: Picture) -> Picture:
        return cv2.GaussianBlur(z, (11, 11), 1.5)

    a, b = mean(x), mean(y)
    spread = mean(x * x) - a * a + mean(y * y) - b * b
    common = mean(x * y) - a * b
    c, d = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    map_ = (2 * a * b + c) * (2 * common + d) / ((a * a + b * b + c) * (spread + d))
    return float(map_[5:-5, 5:-5].mean())


def _thinned(kind: str, pictures: Sequence[Picture], factor: int, every: int) -> Iterator[Known]:
    for at in range(0, len(pictures) - factor, every):
        run = pictures[at : at + factor + 1]
        before = pictures[at - factor] if at >= factor else None
        after = pictures[at + 2 * factor] if at + 2 * factor < len(pictures) else None
        yield Known(kind, run[0], run[1:-1], run[-1], before, after)


def _bounded(picture: Picture) -> Picture:
    by = _WIDEST / picture.shape[1]
    if by >= 1:
        return picture
    return cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
