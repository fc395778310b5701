"""The recipe of interpolate-neural, from made-up triplets to weights that load."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from streamfx.models import shelf
from streamfx.nodes.interpolate._network import Fusion
from streamfx.train import interpolation, motion_pool
from streamfx.train.loop import Stage, Training
from streamfx.train.losses import laplacian
from streamfx.train.motion import SIDE, Recipe, Taught
from streamfx.train.motion_pool import Pool, made_up
from streamfx.train.settings import Settings


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    return Pool.make(folder / "made", made_up(np.random.default_rng(1), folder), 6)


@pytest.fixture
def asked(monkeypatch):
    """Put a teacher that sees nothing move in the place of the published one."""
    half = motion_pool.SIDE // 2
    still = np.zeros((4, half, half), np.float32)
    monkeypatch.setattr(interpolation, "_teacher", lambda _: lambda pictures, at: still)


def test_made_up_triplets_move_as_their_flow_says(pool):
    assert pool.images.shape == (6, 3, motion_pool.SIDE, motion_pool.SIDE, 3)
    for images, flows in zip(pool.images, pool.flows, strict=True):
        back = flows[1].astype(np.float32)
        left = motion_pool.unexplained(list(images), back, (slice(8, -8), slice(8, -8)))
        changed = np.abs(images[0].astype(int) - images[2])[8:-8, 8:-8].mean()
        assert left < 0.8 * changed


def test_the_picture_between_lies_between(pool):
    for images, at in zip(pool.images.astype(np.float32), pool.at, strict=True):
        first, between, second = images
        nearer, farther = (first, second) if at < 0.5 else (second, first)
        if abs(at - 0.5) > 0.2:
            assert np.abs(between - nearer).mean() < np.abs(between - farther).mean()


def test_turned_and_mirrored_triplets_keep_their_flow(pool):
    recipe = Recipe(Training(Taught(), pool._folder / "none.pt"), [pool], np.random.default_rng(3))
    for _ in range(6):
        batch = recipe._batch()
        first, _, second = batch.images.unbind(1)
        row, column = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
        places = torch.stack([column, row]).float() + batch.flows[:, 0]
        grid = ((2 * places + 1) / SIDE - 1).permute(0, 2, 3, 1)
        seen = torch.nn.functional.grid_sample(second, grid, align_corners=False)
        inside = ((places > 2) & (places < SIDE - 3)).all(1, keepdim=True)
        left = ((seen - first).abs() * inside).sum() / inside.sum()
        still = ((second - first).abs() * inside).sum() / inside.sum()
        assert left < 0.8 * still


def test_a_training_lowers_its_loss(pool, tmp_path):
    torch.manual_seed(1)
    training = Training(Taught(), tmp_path / "net.pt")

    def same() -> dict[str, torch.Tensor]:
        return Recipe(training, [pool], np.random.default_rng(9), samples=2)._loss()

    before = {name: float(value.detach()) for name, value in same().items()}
    training.run(0, Stage("try", 40, 4e-4), same)
    after = {name: float(value.detach()) for name, value in same().items()}
    assert sum(after.values()) < sum(before.values())
    assert after["teacher"] < before["teacher"]
    assert np.isfinite(list(after.values())).all()


def test_a_training_ends_with_weights_that_load_and_is_not_done_twice(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(interpolation, "MADE_UP", 4000)
    settings = Settings(tmp_path, tmp_path / "out", share=0.0005)
    path = interpolation.train(settings)
    state = load_file(path)
    Fusion().load_state_dict({key: value.float() for key, value in state.items()})
    card = shelf.parse("interpolate-neural", path.with_suffix(".toml").read_text("utf-8"))
    assert card.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    first = path.read_bytes()
    monkeypatch.setattr(interpolation, "made_up", lambda *_: pytest.fail("made again"))
    assert interpolation.train(settings).read_bytes() == first


def test_the_pyramid_sees_every_scale():
    truth = torch.rand(2, 3, 32, 32)
    assert float(laplacian(truth, truth)) == 0
    assert float(laplacian(truth + 0.1, truth)) < 0.01, "a constant is at none of its levels"
    assert float(laplacian(truth.flip(2), truth)) > 0.5
