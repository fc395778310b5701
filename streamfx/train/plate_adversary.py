"""The second stage: a discriminator looks at real shots, put before new backgrounds.

After Sengupta et al. 2020. What the network cuts out of real pictures, which nobody has drawn a
matte of, is composited over other scenes; a discriminator (least squares, Mao et al. 2017) tells
that from composites of true mattes, and the network learns not to be told. The supervised network,
as it was, is the teacher: its mattes hold the student's in place.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from streamfx.nodes.matting._plate_network import Coarse, Fine, PlateMatting, scaled
from streamfx.train.plate_losses import Batch, bounded, reduced
from streamfx.train.plate_pool import Pool, pictures

_CLIP = "matting/room_people_and_empty_plate.mp4"
"""Real people before a real room."""
_EMPTY, _EVERY, _MOST = 20, 7, 200
"""Picture of the room without anybody, pictures between two that are taken, and where to end."""
_WORTH = 0.03
"""What the discriminator's view weighs against the teacher's."""


class Discriminator(nn.Sequential):
    """Tells patches of composites: ``(N, 3, S, S)`` to ``(N, 1, S/8, S/8)``, 1 for true."""

    def __init__(self, width: int = 24) -> None:
        super().__init__(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, 3, 1, 1),
        )


class Adversary:
    """A discriminator, a teacher, and the real shots that a student is tried on."""

    def __init__(self, student: PlateMatting, pool: Pool, footage: Path, side: int) -> None:
        self._teacher = copy.deepcopy(student).eval().requires_grad_(False)
        self._pool, self._side = pool, side
        self._real = real_shots(footage, side)
        self._judge = Discriminator()
        self._learn = torch.optim.Adam(self._judge.parameters(), 2e-4, betas=(0.5, 0.99))

    @property
    def works(self) -> bool:
        """Whether there is any real footage to play on."""
        return len(self._real) > 0

    def loss(
        self, student: PlateMatting, truth: Batch, count: int, rng: np.random.Generator
    ) -> Tensor:
        """Let the judge learn from true composites and the student's; return what that has lost."""
        shots = torch.stack([self._real[i] for i in rng.integers(len(self._real), size=count)])
        image, plate = (part.contiguous() for part in torch.split(shots.float() / 255, 3, 1))
        backs = self._backgrounds(len(image), rng)
        made = _whole(student, image, plate)
        with torch.no_grad():
            wanted = _whole(self._teacher, image, plate)
        alpha, beyond = bounded(made.alpha)
        composite = alpha * made.colour + (1 - alpha) * backs
        self._teach(true_composites(truth, self._side, backs), composite.detach())
        fooled: Tensor = (self._judge(composite) - 1).square().mean()
        held: Tensor = (alpha - wanted.alpha.clamp(0, 1)).abs().mean() + 0.2 * beyond
        colours: Tensor = ((made.colour - wanted.colour).abs() * (wanted.alpha > 0.05)).mean()
        return held + colours + _WORTH * fooled

    def _teach(self, true: Tensor, made: Tensor) -> None:
        """Take one step of the judge: true composites are 1, the student's are 0."""
        loss = (self._judge(true) - 1).square().mean() + self._judge(made).square().mean()
        self._learn.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._learn.step()
        self._judge.zero_grad(set_to_none=True)

    def _backgrounds(self, count: int, rng: np.random.Generator) -> Tensor:
        """Return crops of scenes ``(count, 3, S, S)``."""
        made, side = [], self._side
        fitting = [s for s in self._pool.scenes if min(s.shape[:2]) > side]
        for i in rng.integers(len(fitting), size=count):
            high, wide = fitting[i].shape[:2]
            row, column = rng.integers(high - side), rng.integers(wide - side)
            made.append(fitting[i][row : row + side, column : column + side])
        return torch.from_numpy(np.stack(made)).movedim(3, 1).float() / 255


def _whole(network: PlateMatting, image: Tensor, plate: Tensor) -> Fine:
    """Return all of a matte, refined everywhere."""
    coarse: Coarse = network(image, plate, torch.full_like(image[:, :1], 0.5))
    return network.refine(image, plate, scaled(coarse, *image.shape[2:]))


def true_composites(truth: Batch, side: int, backs: Tensor) -> Tensor:
    """Return composites of true mattes before the same backgrounds."""
    count = min(len(backs), len(truth.alpha))
    alpha, colour = (reduced(x[:count], side) for x in (truth.alpha, truth.colour))
    return alpha * colour + (1 - alpha) * backs[:count]


def real_shots(footage: Path, side: int) -> list[Tensor]:
    """Return real pictures and their plates ``(6, S, S)`` of uint8, about the people in them."""
    shots = list(pictures(footage / _CLIP, _EVERY, _MOST))
    if not shots:
        return []
    plate = next(x for n, x in enumerate(pictures(footage / _CLIP, 1, _EMPTY + 1)) if n == _EMPTY)
    made = []
    for shot in shots:
        off = np.abs(shot.astype(np.int16) - plate).max(-1) > 40
        rows, columns = off.nonzero()
        if len(rows) < 0.01 * off.size:
            continue
        high, wide = off.shape
        row = int(np.clip(np.quantile(rows, 0.3) - side / 2, 0, high - side))
        column = int(np.clip(np.median(columns) - side / 2, 0, wide - side))
        both = np.concatenate([shot, plate], -1)[row : row + side, column : column + side]
        made.append(torch.from_numpy(both.copy()).movedim(2, 0).contiguous())
    return made
