"""The recipe of ``matting-portrait``: supervised, then adversarial, its first self the teacher."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass, field

import torch
from numpy.random import Generator
from torch import Tensor, nn

from streamfx.nodes.matting._network import Memory
from streamfx.train.judge import Judge
from streamfx.train.loop import Stage, Training
from streamfx.train.losses import alpha_loss, change_loss, colour_loss
from streamfx.train.people_batches import Batch, Pool

log = logging.getLogger(__name__)

STILL = Stage("still", 1200, 2e-3)
MOVING = Stage("moving", 1600, 1e-3)
AGAINST = Stage("against", 200, 1e-4)


@dataclass(slots=True)
class Recipe:
    """What is trained on what."""

    training: Training
    known: Pool
    """Clips whose alpha is known."""
    taken: Pool
    """Clips as they were taken, whose alpha nobody knows."""
    rng: Generator
    clips: int = 6
    """Clips of four frames a step."""
    judge: Judge = field(default_factory=Judge)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __post_init__(self) -> None:
        self.judge.to(self.device)

    def learn(self, number: int, stage: Stage) -> None:
        """Go through one stage: pictures, then clips, then the adversary."""
        network = self.training.network
        if number < 2:
            network.train()
            frames = (1, 4)[number]
            self.training.run(number, stage, lambda: self._taught(network, frames))
            return
        network.eval()  # normalisation stays as it was learnt
        kept = self.training.kept("teacher")
        teacher = copy.deepcopy(self.training.average).eval()
        if kept is None:
            self.training.keep("teacher", copy.deepcopy(teacher.state_dict()))
        else:
            teacher.load_state_dict(kept)
        optimiser = torch.optim.Adam(self.judge.parameters(), 2e-4, betas=(0.5, 0.99))
        self.training.run(number, stage, lambda: self._judged(network, teacher, optimiser))

    def _batch(self, pool: Pool, clips: int, frames: int) -> Batch:
        return pool.batch(self.rng, clips, frames).to(self.device)

    def _taught(self, network: nn.Module, frames: int) -> dict[str, Tensor]:
        batch = self._batch(self.known, self.clips * 4 // frames, frames)
        return terms(batch, *unrolled(network, batch))

    def _judged(
        self, network: nn.Module, teacher: nn.Module, optimiser: torch.optim.Optimizer
    ) -> dict[str, Tensor]:
        half = max(1, self.clips // 2)
        batch = self._batch(self.known, half, 4)
        known = terms(batch, *unrolled(network, batch))
        batch = self._batch(self.taken, half, 4)
        alphas, colours = unrolled(network, batch)
        with torch.no_grad():
            as_taught, _ = unrolled(teacher, batch)
        scenes = torch.cat(self._batch(self.known, half, 4).images)
        alpha = torch.cat(alphas)
        made = torch.cat(colours) * alpha + scenes * (1 - alpha)
        optimiser.zero_grad(set_to_none=True)
        mistakes = self.judge.mistakes(torch.cat(batch.images), made)
        mistakes.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        optimiser.step()
        self.judge.requires_grad_(False)
        fooled = 0.02 * self.judge.fooled(made)
        self.judge.requires_grad_(True)
        return known | {
            "taught": alpha_loss(alpha, torch.cat(as_taught)),
            "steady": 5 * change_loss(alphas, as_taught),
            "fooled": fooled,
        }


def unrolled(network: nn.Module, batch: Batch) -> tuple[list[Tensor], list[Tensor]]:
    """Return alphas and colours of each frame, the network remembering those before."""
    memory: Memory | None = None
    alphas, colours = [], []
    for image, coarse in zip(batch.images, batch.coarse, strict=True):
        seen = image.contiguous(memory_format=torch.channels_last)
        alpha, colour, memory = network(seen, coarse, memory)
        alphas.append(alpha)
        colours.append(colour)
    return alphas, colours


def terms(batch: Batch, alphas: list[Tensor], colours: list[Tensor]) -> dict[str, Tensor]:
    """Return what is wrong, term by term (weights as in Robust Video Matting, Lin et al. 2022)."""
    found, truth = torch.cat(alphas), torch.cat(batch.alphas)
    return {
        "alpha": alpha_loss(found, truth),
        "change": 5 * change_loss(alphas, batch.alphas),
        "colour": colour_loss(torch.cat(colours), torch.cat(batch.colours), truth),
    }
