"""A training that can be stopped and taken up again: steps, averages of weights, checkpoints."""

from __future__ import annotations

import copy
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from streamfx.errors import ModelError

log = logging.getLogger(__name__)

_DECAY = 0.998
"""Share of the averaged weights that a step keeps."""


@dataclass(slots=True)
class Stage:
    """One part of a training."""

    name: str
    """What logs and checkpoints call it."""
    steps: int
    """How many steps it has."""
    rate: float
    """Learning rate that it begins with; it falls to a twentieth of it along a cosine."""

    def shortened(self, steps: int) -> Stage:
        """Return the stage with another number of steps."""
        return replace(self, steps=steps)


@dataclass(slots=True)
class Training:
    """A network while it learns, and all that is needed to go on after a stop.

    ``checkpoint`` is written every ``every`` seconds and after each stage; where there is one
    already, training goes on from it.
    """

    network: nn.Module
    checkpoint: Path
    every: float = 120.0
    stage: int = 0
    step: int = 0
    average: nn.Module = field(init=False)
    _optimiser: torch.optim.Optimizer = field(init=False)
    _kept: dict[str, Any] = field(init=False, default_factory=dict)
    _sums: dict[str, float] = field(init=False, default_factory=dict)
    _saved: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self._optimiser = torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        if self.checkpoint.exists():
            self._resume()

    def run(self, number: int, stage: Stage, loss: Callable[[], Mapping[str, Tensor]]) -> None:
        """Do the steps of a stage that are left; ``loss`` returns the terms to add up.

        The learning rate rises over the first steps, and falls along a cosine (Loshchilov & Hutter
        2017).
        """
        if number < self.stage:
            return
        if number > self.stage:
            self.stage, self.step = number, 0
        while self.step < stage.steps:
            for group in self._optimiser.param_groups:
                group["lr"] = stage.rate * _pace(self.step, stage.steps)
            terms = loss()
            self._optimiser.zero_grad(set_to_none=True)
            total = torch.stack(list(terms.values())).sum()
            total.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self._optimiser.step()
            self._follow()
            self.step += 1
            self._note(stage, terms)
            if time.monotonic() - self._saved > self.every:
                self.save()
        self.stage, self.step = number + 1, 0
        self.save()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        self._saved = time.monotonic()
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "stage": self.stage,
            "step": self.step,
            **self._kept,
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.checkpoint)

    def keep(self, name: str, state: Mapping[str, Any]) -> None:
        """Put more into the checkpoint, such as a second network; what it held is loaded first."""
        self._kept[name] = state

    def kept(self, name: str) -> Any:  # noqa: ANN401  whatever was given to keep()
        """Return what the checkpoint held under a name, or None."""
        return self._kept.get(name)

    def _resume(self) -> None:
        try:
            state = torch.load(self.checkpoint, weights_only=True)
            self.network.load_state_dict(state.pop("network"))
            self.average.load_state_dict(state.pop("average"))
            self._optimiser.load_state_dict(state.pop("optimiser"))
            self.stage, self.step = int(state.pop("stage")), int(state.pop("step"))
            self._kept = state
        except (RuntimeError, KeyError, ValueError, EOFError, UnpicklingError) as exc:
            raise ModelError(
                f"{self.checkpoint} is no checkpoint of this training; move it away to start anew"
            ) from exc
        log.info("going on from %s: stage %d, step %d", self.checkpoint, self.stage, self.step)

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the averaged weights follow (Polyak & Juditsky 1992), faster at first."""
        share = 1 - min(_DECAY, (1 + self.step) / (10 + self.step))
        pairs = zip(
            self.average.state_dict().values(), self.network.state_dict().values(), strict=True
        )
        for slow, fast in pairs:
            if slow.dtype.is_floating_point:
                slow.lerp_(fast, share)
            else:
                slow.copy_(fast)

    def _note(self, stage: Stage, terms: Mapping[str, Tensor]) -> None:
        for name, value in terms.items():
            now = float(value.detach())
            before = self._sums.get(name, now)
            self._sums[name] = before + 0.02 * (now - before)
        if self.step % 25 == 0:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in self._sums.items())
            log.info("%s %d/%d  %s", stage.name, self.step, stage.steps, shown)


def _pace(step: int, steps: int) -> float:
    rise = min(1.0, (step + 1) / min(100, max(1, steps // 10)))
    fall = 0.05 + 0.95 * 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * step / steps))))
    return rise * fall
