"""``streamfx train interpolation``: from a folder of footage to ``interpolate-neural``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

from streamfx.models.store import ModelStore
from streamfx.nodes.interpolate._rife_network import found_twice
from streamfx.nodes.interpolate.rife import MODEL
from streamfx.train.loop import Training
from streamfx.train.motion import LEARN, Recipe, Taught
from streamfx.train.motion_pool import Pool, filmed, made_up
from streamfx.train.settings import Settings, publish
from streamfx.train.textures import Bytes, Floats

log = logging.getLogger(__name__)

NAME = "interpolate-neural"
FILMED, MADE_UP = 4500, 1500
"""Triplets off films, and put together by rule."""
_EDGE = 8
"""Pixels that a triplet lacks, along each edge, to a size that the teacher takes."""


def train(settings: Settings) -> Path:
    """Train to the end, or go on where it stopped, and return the weights' file."""
    cv2.setNumThreads(1)
    torch.manual_seed(settings.seed)
    settings.out.mkdir(parents=True, exist_ok=True)
    pools = _pools(settings)
    network = Taught().to(settings.device)
    training = Training(network, settings.out / f"{NAME}.pt")
    rng = np.random.default_rng((settings.seed, training.stage, training.step))
    recipe = Recipe(training, pools, rng, device=settings.device)
    recipe.learn(0, LEARN.shortened(settings.steps(LEARN.steps)))
    average = training.average
    assert isinstance(average, Taught)
    return publish(average.student.eval().cpu(), NAME, settings.out)


def _pools(settings: Settings) -> list[Pool]:
    """Return triplets; what an earlier run made is taken."""
    rng = np.random.default_rng(settings.seed)
    made = settings.out / "made"
    if not made.is_dir():
        log.info("putting triplets together")
        Pool.make(made, made_up(rng, settings.footage), settings.steps(MADE_UP))
    films = settings.out / "filmed"
    if not films.is_dir():
        log.info("taking triplets off films")
        found = list(filmed(rng, settings.footage, settings.steps(FILMED)))
        if found:
            Pool.make(films, iter(found), len(found))
    pools = [Pool(folder) for folder in (made, films) if folder.is_dir()]
    if any(pool.taught is None for pool in pools):
        log.info("asking %s about their flow", MODEL)
        look = _teacher(settings.device)
        for pool in pools:
            pool.teach(look)
    return pools


def _teacher(device: torch.device) -> Callable[[Bytes, float], Floats]:
    """Return what tells the flow ``(4, S / 2, S / 2)`` of three pictures ``(3, S, S, 3)``."""
    network = ModelStore.installed().load(MODEL, device, torch.float32)

    @torch.inference_mode()
    def look(pictures: Bytes, at: float) -> Floats:
        image = torch.from_numpy(pictures[[0, 2]]).to(device).permute(0, 3, 1, 2).float() / 255
        image = functional.pad(image, (_EDGE,) * 4, mode="replicate")
        t = image.new_full((1, 1, 1, 1), at)
        flow, _ = found_twice(network, image[:1], image[1:], t)
        flow = functional.avg_pool2d(flow[..., _EDGE:-_EDGE, _EDGE:-_EDGE], 2)
        made: Floats = flow[0].cpu().numpy()
        return made

    return look
