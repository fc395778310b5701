"""Where a picture lies on its reference: small shakes of the camera, found below a pixel.

Points of the reference are followed into the picture by pyramids of Lucas and Kanade (Bouguet
2001), forth and back; what agrees with one movement of the whole picture is told from what does
not (a subject, say) by RANSAC (Fischler and Bolles 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from streamfx.nodes.matting._light import Floats, luma
from streamfx.resample import resize

Matrix = NDArray[np.float64]
"""``(3, 3)``, of places as columns ``(column, row, 1)``."""
Points = NDArray[np.float32]
"""``(N, 2)``, column and row, in pixels, 0 being the middle of the first."""

_LINES = 288
"""Lines, or columns, whichever are fewer, of the copies on which points are followed."""
_MOST = 300
"""Points that are followed."""
_LEAST = 12
"""Fewest points that must agree on a movement."""
_SHARE = 0.12
"""Least share of the points that must."""
_AWAY = 0.6
"""Pixels of the small copy by which a point may be off the movement."""
_STILL = 0.06
"""Pixels of the small copy below which a change of the movement is measuring error."""
_WINDOW = (15, 15)
"""What is followed around a point, in pixels of the small copy."""


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """How a picture moved against its reference."""

    matrix: Matrix
    """``(3, 3)``, places of the reference to places of the picture, pixels of full size."""
    found: bool
    """Whether it could be told. If not, the matrix is of no movement."""
    agreed: float
    """Share of the points followed that agree."""

    @property
    def none(self) -> bool:
        """Whether nothing moved."""
        return bool(np.array_equal(self.matrix, np.eye(3)))

    def reach(self, high: int, wide: int) -> float:
        """Return by how many pixels the corner that moved most did."""
        corners = _corners(high, wide)
        return float(np.linalg.norm(moved(corners, self.matrix) - corners, axis=1).max())


class Aligner:
    """Follows one reference through pictures. Each movement is sought near the one before."""

    def __init__(self, reference: torch.Tensor, lines: int = _LINES) -> None:
        """Get to know a reference ``(3, H, W)`` R'G'B'.

        ``lines`` is how many lines, or columns, whichever are fewer, the copies have at the most
        on which points are followed: with more, a movement is found more finely.
        """
        self.size = int(reference.shape[1]), int(reference.shape[2])
        """Height and width, of the pictures as well."""
        by = max(1.0, min(self.size) / lines)
        self._lines = tuple(max(1, round(side / by)) for side in self.size)
        self._small = self._copy(reference)
        corners = cv2.goodFeaturesToTrack(self._small, _MOST, 0.01, 7, blockSize=5)
        self._points: Points = np.zeros((0, 2), np.float32)
        if corners is not None:
            self._points = corners.reshape(-1, 2).astype(np.float32)
        self._last: Matrix = np.eye(3)

    def __call__(self, image: torch.Tensor, hidden: Floats | None = None) -> Shift:
        """Return how a picture ``(3, H, W)``, which may be a smaller copy of it, moved.

        ``hidden`` ``(h, w)`` is above a half where something is thought to stand before the scene.
        """
        there = self._copy(image)
        start = self._seen(hidden)
        if len(start) < _LEAST:
            return Shift(np.eye(3), False, 0.0)
        guess = moved(start, self._last)
        begun, end = self._follow(there, start, guess)
        if len(begun) < _LEAST:  # what was last seen misleads: a jump of the camera
            begun, end = self._follow(there, start, moved(start, self._jump(there)))
        matrix, agreed = fitted(begun, end)
        share = agreed / len(start)
        if matrix is None or agreed < _LEAST or share < _SHARE:
            self._last = np.eye(3)
            return Shift(np.eye(3), False, share)
        self._last = self._steadied(matrix)
        return Shift(self._full(self._last), True, share)

    def _copy(self, image: torch.Tensor) -> NDArray[np.uint8]:
        """Return luma, small, with what is finer than the light brought out: ``(h, w)``."""
        y = luma(reduced(image, *self._lines))
        fine = y - cv2.blur(y, (25, 25))
        contrast = cv2.blur(np.abs(fine), (49, 49)) + np.float32(0.015)
        made: NDArray[np.uint8] = np.clip(fine / contrast * 30 + 128, 0, 255).astype(np.uint8)
        return made

    def _seen(self, hidden: Floats | None) -> Points:
        """Return the points that nothing hides, if enough are left."""
        if hidden is None or not len(self._points):
            return self._points
        high, wide = self._small.shape
        cover = cv2.resize(hidden, (wide, high), interpolation=cv2.INTER_AREA)
        cover = cv2.dilate(cover, np.ones((9, 9), np.uint8))
        column, row = moved(self._points, self._last).round().astype(int).T
        open_ = cover[row.clip(0, high - 1), column.clip(0, wide - 1)] < 0.5
        return self._points[open_] if np.count_nonzero(open_) >= 2 * _LEAST else self._points

    def _follow(self, there: NDArray[np.uint8], start: Points, guess: Points) -> tuple[Points, ...]:
        """Return points and where they went, those only that find their way back."""
        use = cv2.OPTFLOW_USE_INITIAL_FLOW
        small = self._small
        ends, good, _ = cv2.calcOpticalFlowPyrLK(
            small, there, start, guess.copy(), winSize=_WINDOW, maxLevel=3, flags=use
        )
        back, returned, _ = cv2.calcOpticalFlowPyrLK(
            there, small, ends, start.copy(), winSize=_WINDOW, maxLevel=1, flags=use
        )
        off = np.linalg.norm(back - start, axis=1)
        kept = (good.ravel() > 0) & (returned.ravel() > 0) & (off < 0.3)
        return start[kept], ends[kept]

    def _jump(self, there: NDArray[np.uint8]) -> Matrix:
        """Return a movement found without a guess, by phase correlation (Kuglin, Hines 1975)."""
        high, wide = there.shape
        window = cv2.createHanningWindow((wide, high), cv2.CV_32F)
        (x, y), _ = cv2.phaseCorrelate(
            self._small.astype(np.float32), there.astype(np.float32), window
        )
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)

    def _steadied(self, matrix: Matrix) -> Matrix:
        """Return the movement before, or none, where this one is as good as the same."""
        corners = _corners(*self._small.shape)
        here = moved(corners, matrix)
        for known in (np.eye(3), self._last):
            if np.linalg.norm(moved(corners, known) - here, axis=1).max() < _STILL:
                return known
        return matrix

    def _full(self, matrix: Matrix) -> Matrix:
        """Return a movement of the small copy as one of pixels of full size."""
        if np.array_equal(matrix, np.eye(3)):
            return matrix
        high, wide = self._small.shape
        x, y = self.size[1] / wide, self.size[0] / high
        up = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        made: Matrix = up @ matrix @ np.linalg.inv(up)
        made /= made[2, 2]
        return made


def reduced(image: torch.Tensor, high: int, wide: int) -> Floats:
    """Return the colours of an image ``(C, H, W)`` as ``(3, h, w)``, each the mean of an area."""
    if image.device.type != "cpu":
        return np.ascontiguousarray(resize(image[:3].float(), high, wide, "area").cpu().numpy())
    planes = image[:3].float().numpy()
    if planes.shape[1:] == (high, wide):
        return planes
    return np.stack([cv2.resize(x, (wide, high), interpolation=cv2.INTER_AREA) for x in planes])


def fitted(start: Points, end: Points) -> tuple[Matrix | None, int]:
    """Return the movement ``(3, 3)`` that most points agree on, and how many do.

    It is a turn, a scale and a shift; more only where that explains clearly more points.
    """
    if len(start) < 4:
        return None, 0
    simple, inside = cv2.estimateAffinePartial2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=_AWAY, maxIters=500
    )
    agreed = int(inside.sum()) if inside is not None else 0
    if simple is None:
        return None, 0
    matrix = np.vstack([simple, [0, 0, 1]])
    if agreed > 40:
        tilted, inside = cv2.findHomography(start, end, cv2.RANSAC, _AWAY, maxIters=500)
        if tilted is not None and int(inside.sum()) > 1.15 * agreed:
            return np.asarray(tilted, np.float64), int(inside.sum())
    return matrix, agreed


def moved(points: NDArray[np.floating], matrix: Matrix) -> Points:
    """Return where a movement takes points."""
    there = points @ matrix[:, :2].T + matrix[:, 2]
    made: Points = (there[:, :2] / there[:, 2:]).astype(np.float32)
    return made


def warped(image: torch.Tensor, matrix: Matrix) -> torch.Tensor:
    """Return an image ``(C, H, W)`` moved, sampled by cubics; its edge goes on where it ends."""
    high, wide = int(image.shape[1]), int(image.shape[2])
    if image.device.type == "cpu":
        planes = image.permute(1, 2, 0).contiguous().numpy()
        made = cv2.warpPerspective(
            planes, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return torch.from_numpy(made.reshape(high, wide, -1)).permute(2, 0, 1)
    back = torch.from_numpy(np.linalg.inv(matrix)).to(image.device, torch.float32)
    y, x = torch.meshgrid(
        torch.arange(high, device=image.device, dtype=torch.float32),
        torch.arange(wide, device=image.device, dtype=torch.float32),
        indexing="ij",
    )
    place = torch.stack([x, y, torch.ones_like(x)], -1) @ back.T
    size = torch.tensor([wide, high], device=image.device)
    grid = (2 * place[..., :2] / place[..., 2:] + 1) / size - 1
    made_ = functional.grid_sample(
        image[None], grid[None], mode="bicubic", padding_mode="border", align_corners=False
    )
    return made_[0]


def aligned(
    image: torch.Tensor, reference: torch.Tensor, person: torch.Tensor | None = None
) -> tuple[torch.Tensor, Shift]:
    """Return a picture ``(3, H, W)`` moved to where its reference is, and how it had moved.

    ``person`` ``(H, W)`` is a share in [0, 1] of what hides the scene. For one picture; pictures
    of a clip want an :class:`Aligner`. Where no movement can be told the picture comes back.
    """
    hidden = None if person is None else person.float().cpu().numpy()
    shift = Aligner(reference)(image, hidden)
    if shift.none:
        return image, shift
    return warped(image[:3].float(), np.linalg.inv(shift.matrix).astype(np.float64)), shift


def _corners(high: int, wide: int) -> Points:
    return np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
