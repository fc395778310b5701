"""The recipe of ``matting-plate``: made-up shots before a plate, then an adversary on real ones."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from streamfx.nodes.matting._plate_network import PlateMatting, folded
from streamfx.train.plate_adversary import Adversary
from streamfx.train.plate_losses import Batch, supervised
from streamfx.train.plate_pool import Pool, gather
from streamfx.train.plate_shots import shot
from streamfx.train.settings import Settings, publish

_log = logging.getLogger(__name__)

MODEL = "matting-plate"
_SCALES, _ODDS = (1.0, 1.5, 2.0), (0.5, 0.2, 0.3)
"""How much larger shots are than what the U-Net sees of them, and how often."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, and how large."""

    steps: int = 6000
    """Supervised steps."""
    adversarial: int = 160
    """Steps after that, against a discriminator."""
    batch: int = 6
    """Shots in a step."""
    work: int = 192
    """Side of what the U-Net sees, in pixels."""
    crop: int = 112
    """Side of what the refiner sees, in pixels."""
    rate: float = 2e-3
    """Highest learning rate."""
    every: int = 200
    """Steps between two checkpoints."""
    fresh: int = 2
    """Shots in a batch that were never seen; the others come again, turned."""
    kept: int = 320
    """Shots of each size that may come again."""
    made: int = 480
    """Subjects that are made by rule before it begins."""
    seed: int = 1
    """Of everything random."""


class Shots:
    """Batches without end; most shots come several times, since making one takes a while."""

    def __init__(self, pool: Pool, plan: Plan, rng: Generator) -> None:
        self._pool, self._plan, self._rng = pool, plan, rng
        self._kept: dict[float, list[Tensor]] = {scale: [] for scale in _SCALES}

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self._next(float(self._rng.choice(_SCALES, p=_ODDS)))

    def _next(self, scale: float) -> Batch:
        kept, plan, rng = self._kept[scale], self._plan, self._rng
        chosen = [self._make(scale) for _ in range(plan.fresh)]
        while len(chosen) < plan.batch:
            if len(kept) < 3 * plan.batch:
                chosen.append(self._make(scale))
            else:
                chosen.append(kept[rng.integers(len(kept))])
        joined = torch.split(torch.stack([self._turned(x) for x in chosen]), [3, 3, 1, 3, 1], 1)
        return Batch(*(part.contiguous().float().mul_(1 / 255) for part in joined))

    def _make(self, scale: float) -> Tensor:
        """Return all of a new shot as bytes ``(11, S, S)``, and keep it."""
        made = shot(self._rng, self._pool, round(self._plan.work * scale))
        planes = [
            made.image,
            made.plate,
            made.alpha[..., None],
            made.colour,
            made.before[..., None],
        ]
        joined = np.clip(np.concatenate(planes, -1) * 255 + 0.5, 0, 255).astype(np.uint8)
        bytes_ = torch.from_numpy(joined).permute(2, 0, 1).contiguous()
        kept = self._kept[scale]
        if len(kept) < self._plan.kept:
            kept.append(bytes_)
        else:
            kept[self._rng.integers(len(kept))] = bytes_
        return bytes_

    def _turned(self, planes: Tensor) -> Tensor:
        if self._rng.random() < 0.5:
            planes = planes.flip(2)
        if self._rng.random() < 0.3:
            planes = planes.transpose(1, 2)
        return planes


class Run:
    """A training that can be stopped, and gone on with from its last checkpoint."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        torch.manual_seed(plan.seed)
        self.network = PlateMatting(norm=True)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # it can
        self.smooth = copy.deepcopy(self.network).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=plan.rate, weight_decay=1e-3, betas=(0.9, 0.99)
        )
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self._state.exists():
            self._resume()

    @property
    def _state(self) -> Path:
        return self.folder / "state.pt"

    def save(self) -> None:
        """Write a checkpoint to go on from, whole or not at all."""
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "smooth": self.smooth.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        part = self._state.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._state)

    def _resume(self) -> None:
        state = torch.load(self._state, weights_only=True)
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.smooth.load_state_dict(state["smooth"])
        self.optimiser.load_state_dict(state["optimiser"])

    def supervise(self, pool: Pool) -> None:
        """Take the supervised steps that are left."""
        plan = self.plan
        shots = iter(Shots(pool, plan, np.random.default_rng([plan.seed, self.step])))
        maker = torch.Generator().manual_seed(plan.seed + self.step)
        began, sums = time.monotonic(), dict[str, float]()
        while self.step < plan.steps:
            loss, parts = supervised(self.network, next(shots), plan.work, plan.crop, maker)
            self.descend(loss, pace(self.step, plan))
            self.step += 1
            for name, part in parts.items():
                sums[name] = sums.get(name, part) * 0.98 + part * 0.02
            if self.step % 20 == 0:
                seconds = (time.monotonic() - began) / 20
                began = time.monotonic()
                told = " ".join(f"{name} {value:.4f}" for name, value in sums.items())
                _log.info("step %d, %.2f s each: %s", self.step, seconds, told)
            if self.step % plan.every == 0 or self.step == plan.steps:
                self.save()

    def contend(self, pool: Pool, footage: Path) -> None:
        """Take the steps against the adversary that are left, with supervised ones between them."""
        plan = self.plan
        rng = np.random.default_rng([plan.seed, 1, self.step])
        maker = torch.Generator().manual_seed(plan.seed + self.step)
        shots = iter(Shots(pool, plan, rng))
        self.network.load_state_dict(self.smooth.state_dict())
        adversary = Adversary(self.network, pool, footage, plan.work)
        for module in self.network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()  # real shots are few, and all of one room
        while adversary.works and self.step < plan.steps + plan.adversarial:
            truth = next(shots)
            loss, _ = supervised(self.network, truth, plan.work, plan.crop, maker)
            other = adversary.loss(self.network, truth, plan.batch // 2, rng)
            self.descend(loss + other, 0.02 * plan.rate)
            self.step += 1
            if self.step % 20 == 0:
                _log.info(
                    "step %d: %.4f, real shots %.4f", self.step, loss.detach(), other.detach()
                )
        self.save()

    def descend(self, loss: Tensor, rate: float) -> None:
        """Take one step downhill, and let the smoothed weights follow."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        keep = min(0.998, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            own, new = self.smooth.state_dict(), self.network.state_dict()
            for name, value in own.items():
                if value.is_floating_point():
                    value.lerp_(new[name], 1 - keep)
                else:
                    value.copy_(new[name])


def pace(step: int, plan: Plan) -> float:
    """Return the learning rate of a step: up at once, then down along a cosine."""
    warm = min(1.0, (step + 1) / 100)
    down = 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / plan.steps))
    return plan.rate * warm * (0.01 + 0.99 * down)


def weights(network: PlateMatting) -> PlateMatting:
    """Return the network as it ships, norms worked in."""
    return folded(copy.deepcopy(network).eval())


def learn(pool: Pool, footage: Path, folder: Path, plan: Plan) -> PlateMatting:
    """Train to the end, or go on with what lies in ``folder``, and return the network."""
    run = Run(plan, folder)
    run.supervise(pool)
    if plan.adversarial:
        run.contend(pool, footage)
    return weights(run.smooth)


def train(settings: Settings) -> Path:
    """Train from a folder of footage, and return the file of weights; the card lies beside it."""
    cv2.setNumThreads(1)
    plan = Plan()
    plan = replace(
        plan,
        steps=settings.steps(plan.steps),
        adversarial=settings.steps(plan.adversarial),
        seed=settings.seed,
    )
    settings.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(settings.seed)
    made = settings.steps(plan.made)
    _log.info("making %d subjects", made)
    pool = gather(settings.footage, rng, made, made // 4)
    network = learn(pool, settings.footage, settings.out, plan)
    return publish(network, MODEL, settings.out)
