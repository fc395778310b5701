"""``streamfx train matting``: from a folder of footage to the weights of ``matting-portrait``."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from streamfx.models.store import ModelStore
from streamfx.nodes.matting._network import Portrait, folded
from streamfx.nodes.matting._people import SQUARE, WIDE
from streamfx.nodes.matting._trimap import alpha_from_trimap
from streamfx.train import people_pool
from streamfx.train.loop import Training
from streamfx.train.matting import AGAINST, MOVING, STILL, Recipe
from streamfx.train.people_batches import Pool
from streamfx.train.people_clips import Clip, clip, watched
from streamfx.train.settings import Settings, publish
from streamfx.train.textures import Bytes, Floats

log = logging.getLogger(__name__)

NAME = "matting-portrait"
CLIPS = 1600
"""Clips with a known alpha."""
WATCHED = 200
"""Clips without."""
_FRAMES, _SIZE = 4, 224


def train(settings: Settings) -> Path:
    """Train to the end, or go on where it stopped, and return the weights' file."""
    cv2.setNumThreads(1)
    torch.manual_seed(settings.seed)
    settings.out.mkdir(parents=True, exist_ok=True)
    known, taken = _pools(settings)
    network = Portrait(learning=True).to(settings.device)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a format
    training = Training(network, settings.out / f"{NAME}.pt")
    rng = np.random.default_rng((settings.seed, training.stage, training.step))
    recipe = Recipe(training, known, taken, rng, device=settings.device)
    for number, stage in enumerate((STILL, MOVING, AGAINST)):
        recipe.learn(number, stage.shortened(settings.steps(stage.steps)))
    finished = folded(training.average.eval()).cpu()
    return publish(finished, NAME, settings.out)


def _pools(settings: Settings) -> tuple[Pool, Pool]:
    """Return clips with alphas and clips without; what an earlier run made is taken."""
    folders = settings.out / "known", settings.out / "taken"
    if not all(folder.is_dir() for folder in folders):
        rng = np.random.default_rng(settings.seed)
        find = finder(ModelStore.installed(), settings.device)
        people = people_pool.gather(settings.footage, rng, soften, find)
        films = people_pool.films(settings.footage)

        def any_film() -> Clip:
            return watched(rng, films[rng.integers(len(films))], _FRAMES, _SIZE)

        log.info("%s; putting clips together", people)
        _made(folders[0], settings.steps(CLIPS), lambda: clip(rng, people, _FRAMES, _SIZE), find)
        _made(folders[1], settings.steps(WATCHED), any_film, find)
    return Pool(folders[0]), Pool(folders[1])


def _made(folder: Path, count: int, make: Callable[[], Clip], find: people_pool.Find) -> None:
    """Make a pool, whole or not at all."""
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        Pool.make(part, count, make, find)
        os.replace(part, folder)


def finder(models: ModelStore, device: torch.device) -> people_pool.Find:
    """Return what looks for people as the node does: by two networks, each on its own."""
    nets = [models.load(name, device, torch.float32) for name in (SQUARE, WIDE)]

    def find(picture: Bytes) -> Bytes:
        masks = []
        for net in nets:
            high, wide = net.size  # type: ignore[misc]  # a fact of the file
            small = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
            image = torch.from_numpy(small).to(device).permute(2, 0, 1)[None].float() / 255
            with torch.inference_mode():
                mask = net(image)[0, 0].clamp(0, 1).cpu().numpy()
            masks.append(cv2.resize(mask, picture.shape[1::-1]))
        return np.asarray(np.stack(masks) * 255 + 0.5, np.uint8)

    return find


def soften(picture: Floats, trimap: Bytes) -> Floats:
    """Return soft alpha for a drawn outline, by the closed form of ``matting.trimap``."""
    image = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
    known = torch.from_numpy(trimap.astype(np.float32) / 255)
    made: Floats = alpha_from_trimap(image, known, samples=0.0).numpy()
    return made
