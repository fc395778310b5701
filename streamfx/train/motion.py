"""The recipe of ``interpolate-neural``: frames between, under a teacher that has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from streamfx.nodes.interpolate._network import COARSE, Between, Fusion, Pair
from streamfx.nodes.interpolate._warp import warped
from streamfx.train.loop import Stage, Training
from streamfx.train.losses import laplacian
from streamfx.train.motion_pool import Pool

LEARN = Stage("learn", 6000, 8e-4)
SIDE = 128
"""Pixels along each side of what a step sees."""
_MARGIN = 8
"""Pixels along its edge that do not count: what moved in came from outside."""
_UNIT = 16.0
_COLOUR, _PYRAMID, _TEACHER, _DISTILLED, _TAUGHT = 0.05, 0.5, 0.5, 0.002, 0.1
"""Weights of the terms of the loss."""
_LEAST = 1e-5
"""Squared error below which a picture is as good as the truth."""


class Teacher(nn.Module):
    """Repairs flow as the network does, but is shown the frame between (Huang et al. 2022)."""

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(13, width, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, 5, 3, padding=1),
        )

    def forward(
        self, first: Tensor, second: Tensor, truth: Tensor, flow: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the frame and the flow, both at a quarter of the size; flow in whole pixels."""
        shrunk = [functional.avg_pool2d(x, COARSE) for x in (first, second, truth)]
        coarse = functional.avg_pool2d(flow, COARSE)
        seen = [warped(x, f / COARSE) for x, f in zip(shrunk[:2], coarse.chunk(2, 1), strict=True)]
        made = self.body(torch.cat([*(x - 0.5 for x in [*seen, shrunk[2]]), coarse / _UNIT], 1))
        better = coarse + made[:, :4] * COARSE
        ends = [warped(x, f / COARSE) for x, f in zip(shrunk[:2], better.chunk(2, 1), strict=True)]
        return torch.lerp(ends[0], ends[1], torch.sigmoid(made[:, 4:])), better


@dataclass(slots=True)
class Recipe:
    """What is trained on what."""

    training: Training
    pools: Sequence[Pool]
    """Each is drawn from as its size says."""
    rng: Generator
    samples: int = 8
    """Triplets a step."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def learn(self, number: int, stage: Stage) -> None:
        """Go through one stage."""
        self.training.network.train()
        self.training.run(number, stage, self._loss)

    def _loss(self) -> dict[str, Tensor]:
        batch = self._batch()
        both = self.training.network
        assert isinstance(both, Taught)
        student, teacher = both.student, both.teacher
        first, truth, second = batch.images.unbind(1)
        looks = student.features(first), student.features(second)
        pair = Pair(first, second, looks, batch.flows[:, 0], batch.flows[:, 1])
        made = student(pair, batch.at)
        shown, better = teacher(first, second, truth, made.flow.detach())
        small = functional.avg_pool2d(truth, COARSE)
        right = self._right(made, shown, truth, small)
        flow = functional.avg_pool2d(made.flow, COARSE)
        apart = _inside((flow - better.detach()).abs() * right, COARSE).mean()
        off = _inside(made.image - truth).square().mean((1, 2, 3))
        return {
            "colour": _COLOUR * (off + _LEAST).log().mean(),
            "pyramid": _PYRAMID * laplacian(_inside(made.image), _inside(truth)),
            "teacher": _TEACHER * _inside(shown - small, COARSE).abs().mean(),
            "distilled": _DISTILLED * apart,
            "taught": _TAUGHT * self._untaught(made, batch),
        }

    def _untaught(self, made: Between, batch: Batch) -> Tensor:
        """Return how far flow is from a published network's, outliers counting less (Huber)."""
        flow = functional.avg_pool2d(made.flow, 2)
        off = functional.smooth_l1_loss(flow, batch.taught, reduction="none")
        off = _inside(off, 2).mean((1, 2, 3)) * batch.known
        return off.sum() / batch.known.sum().clamp(min=1)

    @torch.no_grad()
    def _right(self, made: Between, shown: Tensor, truth: Tensor, small: Tensor) -> Tensor:
        """Return where the teacher's flow leads to the truth about as well, or better: 0 or 1."""
        own = functional.avg_pool2d((made.image - truth).abs().mean(1, keepdim=True), COARSE)
        theirs = (shown - small).abs().mean(1, keepdim=True)
        return (theirs < own + 0.01).to(own.dtype)

    def _batch(self) -> Batch:
        sizes = np.array([len(pool) for pool in self.pools], float)
        made = [
            self._one(self.pools[self.rng.choice(len(sizes), p=sizes / sizes.sum())])
            for _ in range(self.samples)
        ]
        images, flows, taught = (
            torch.stack(list(parts)).to(self.device)
            for parts in zip(*(one[:3] for one in made), strict=True)
        )
        at, known = (torch.tensor([one[i] for one in made], device=self.device) for i in (3, 4))
        return Batch(images, flows, taught, at[:, None, None, None], known)

    def _one(self, pool: Pool) -> tuple[Tensor, Tensor, Tensor, float, float]:
        """Return one triplet: a part of it, mirrored, turned, backwards, in other colours."""
        rng = self.rng
        n = int(rng.integers(len(pool)))
        top, left = 2 * rng.integers((pool.images.shape[2] - SIDE) // 2 + 1, size=2)
        part = (slice(None), slice(top, top + SIDE), slice(left, left + SIDE))
        images = torch.from_numpy(pool.images[n][part].astype(np.float32) / 255)
        flows = torch.from_numpy(pool.flows[n][part].astype(np.float32))
        images, flows, at = images.permute(0, 3, 1, 2), flows.permute(0, 3, 1, 2), float(pool.at[n])
        taught = torch.zeros(2, 2, SIDE // 2, SIDE // 2)
        there = pool.taught
        if there is not None:
            half = (slice(top // 2, (top + SIDE) // 2), slice(left // 2, (left + SIDE) // 2))
            taught = torch.from_numpy(there[n][:, half[0], half[1]].astype(np.float32))
            taught = taught.view(2, 2, SIDE // 2, SIDE // 2)
        if rng.random() < 0.5:
            across = _sign(-1, 1)
            images, flows, taught = images.flip(3), flows.flip(3) * across, taught.flip(3) * across
        if rng.random() < 0.5:
            down = _sign(1, -1)
            images, flows, taught = images.flip(2), flows.flip(2) * down, taught.flip(2) * down
        if rng.random() < 0.5:
            images = images.transpose(2, 3)
            flows, taught = (x.transpose(2, 3).flip(1) for x in (flows, taught))
        if rng.random() < 0.5:
            images, flows, taught, at = images.flip(0), flows.flip(0), taught.flip(0), 1 - at
        if rng.random() < 0.5:
            images = images[:, torch.from_numpy(rng.permutation(3))]
        known = float(there is not None)
        return images.contiguous(), flows.contiguous(), taught.flatten(0, 1), at, known


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some triplets."""

    images: Tensor
    """``(N, 3, 3, S, S)``: first, between, second."""
    flows: Tensor
    """``(N, 2, 2, S, S)``: forth and back."""
    taught: Tensor
    """``(N, 4, S / 2, S / 2)``: to the first and to the second, in whole pixels."""
    at: Tensor
    """``(N, 1, 1, 1)``."""
    known: Tensor
    """``(N,)``: 1 where ``taught`` was, else 0."""


class Taught(nn.Module):
    """The network and its teacher, trained as one."""

    def __init__(self) -> None:
        super().__init__()
        self.student = Fusion()
        self.teacher = Teacher()


def _sign(across: float, down: float) -> Tensor:
    return torch.tensor([across, down])[None, :, None, None]


def _inside(x: Tensor, by: int = 1) -> Tensor:
    edge = _MARGIN // by
    return x[..., edge:-edge, edge:-edge]
