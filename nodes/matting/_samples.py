"""A first alpha of each unknown pixel, from known pixels of which it may be a mixture.

He, Rhemann, Rother, Tang and Sun, "A Global Sampling Method for Alpha Matting", 2011: of all pairs
of a foreground and a background pixel along the edge of what is known, the one that explains the
colour best without being far away. Too many to try: a pixel tries its neighbours' pairs and random
ones ever closer to its own (as PatchMatch does), among samples in order of brightness.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_ROUNDS = 4
"""How often each pixel looks at its neighbours and at random."""
_STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))
"""Where its neighbours are."""
_CODES = 255.0
"""By what an error of colour in [0, 1] weighs against a distance of one unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What samples tell of each of N unknown pixels."""

    alpha: Tensor
    """``(N,)``."""
    cost: Tensor
    """``(N,)``, how badly the best pair fits: code values of error, and how far away it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Known pixels of one kind, in order of brightness."""

    colour: Tensor
    """``(3, S)``."""
    row: Tensor
    """``(S,)``."""
    column: Tensor
    """``(S,)``."""
    nearest: Tensor
    """``(N,)``, the closest one of each unknown pixel."""
    distance: Tensor
    """``(N,)``, how far that is, in pixels, at least 1."""

    @classmethod
    def of(cls, image: Tensor, kind: NDArray[np.bool_], where: NDArray[np.intp]) -> Samples:
        """Return samples of ``image`` ``(3, H, W)`` where ``kind`` ``(H, W)`` is true."""
        distance, label = cv2.distanceTransformWithLabels(
            (~kind).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        places = np.flatnonzero(kind)
        device = image.device
        colour = image.reshape(3, -1)[:, torch.from_numpy(places).to(device)]
        order = colour.sum(0).cpu().argsort(stable=True).numpy()
        rank = np.empty(int(label.max()) + 1, np.int64)
        rank[label.reshape(-1)[places[order]]] = np.arange(len(order))
        row, column = (
            torch.from_numpy(part.astype(np.float32)).to(device)
            for part in np.divmod(places[order], image.shape[2])
        )
        return cls(
            colour[:, torch.from_numpy(order).to(device)],
            row,
            column,
            torch.from_numpy(rank[label.reshape(-1)[where]]).to(device),
            torch.from_numpy(distance.reshape(-1)[where]).to(device).clamp_(min=1),
        )


def guessed(image: Tensor, known: NDArray[np.uint8]) -> Guess:
    """Return what the edges of the known parts of an image tell of its unknown part.

    ``known`` ``(H, W)`` is 0 in the background, 255 in the foreground; both are there, and so is
    something in between, which is unknown. The N pixels are those, line by line.
    """
    unknown = (known > 0) & (known < 255)
    where = np.flatnonzero(unknown)
    front, back = (Samples.of(image, _edge(known == value, unknown), where) for value in (255, 0))
    search = _Search(image, where, front, back)
    maker = torch.Generator().manual_seed(0)
    neighbours = [_neighbour(unknown, where, *step).to(image.device) for step in _STEPS]
    for _ in range(_ROUNDS):
        for there in neighbours:
            search.consider(search.front[there], search.back[there])
        search.wander(maker)
    return Guess(search.alpha, search.cost)


class _Search:
    """The best pair of samples so far of every unknown pixel."""

    def __init__(
        self, image: Tensor, where: NDArray[np.intp], front: Samples, back: Samples
    ) -> None:
        self._samples = front, back
        places = torch.from_numpy(where).to(image.device)
        self._colour = image.reshape(3, -1)[:, places]
        self._row, self._column = (part.to(torch.float32) for part in _rows(places, image.shape[2]))
        self.front, self.back = front.nearest, back.nearest
        self.alpha, self.cost = self._tried(self.front, self.back)

    def consider(self, front: Tensor, back: Tensor) -> None:
        """Take another pair ``(N,)`` wherever it is better."""
        alpha, cost = self._tried(front, back)
        better = cost < self.cost
        self.front = torch.where(better, front, self.front)
        self.back = torch.where(better, back, self.back)
        self.alpha = torch.where(better, alpha, self.alpha)
        self.cost = torch.where(better, cost, self.cost)

    def wander(self, maker: torch.Generator) -> None:
        """Try pairs at random, ever closer to the best in brightness."""
        counts = [part.row.numel() for part in self._samples]
        reach = 1.0
        while reach * max(counts) > 1:
            shift = torch.rand((2, self.cost.numel()), generator=maker).to(self.cost.device) * 2 - 1
            self.consider(
                *(
                    (best + (by * (reach * count)).long()).clamp_(0, count - 1)
                    for best, by, count in zip((self.front, self.back), shift, counts, strict=True)
                )
            )
            reach /= 2

    def _tried(self, front: Tensor, back: Tensor) -> tuple[Tensor, Tensor]:
        ahead, behind = self._samples
        there = behind.colour[:, back]
        away = ahead.colour[:, front] - there
        here = self._colour - there
        alpha = (here * away).sum(0).div_((away * away).sum(0).add_(1e-6)).clamp_(0, 1)
        cost = (here - alpha * away).square_().sum(0).sqrt_().mul_(_CODES)
        for samples, best in ((ahead, front), (behind, back)):
            down, across = samples.row[best] - self._row, samples.column[best] - self._column
            cost += torch.hypot(down, across) / samples.distance
        return alpha, cost


def _edge(kind: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a kind that touch unknown ones, or any other, where none does."""
    for beyond in (unknown, ~kind):
        near = cv2.dilate(beyond.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        if (near & kind).any():
            break
    made: NDArray[np.bool_] = near & kind
    return made


def _rows(places: Tensor, wide: int) -> tuple[Tensor, Tensor]:
    return torch.div(places, wide, rounding_mode="floor"), places % wide


def _neighbour(
    unknown: NDArray[np.bool_], where: NDArray[np.intp], down: int, right: int
) -> Tensor:
    """Return which unknown pixel is a neighbour of each; itself where there is none."""
    number = np.full(np.add(unknown.shape, 2), -1, np.int64)
    own = np.arange(len(where))
    inner = number[1:-1, 1:-1]
    inner[unknown] = own
    high, wide = unknown.shape
    moved = number[1 + down : 1 + down + high, 1 + right : 1 + right + wide][unknown]
    return torch.from_numpy(np.where(moved >= 0, moved, own))
