import numpy as np
import pytest
import torch

from streamfx.nodes.matting._plate_network import PlateMatting
from streamfx.train import plate_adversary
from streamfx.train.plate import Plan, Run, Shots, learn, pace
from streamfx.train.plate_losses import laplacian, reduced, supervised
from streamfx.train.plate_pool import Pool, keyed
from streamfx.train.procedural import foreground
from streamfx.train.textures import scene

TINY = Plan(steps=3, adversarial=2, batch=2, work=64, crop=32, every=2, fresh=1, kept=4)


@pytest.fixture(scope="module")
def pool() -> Pool:
    rng = np.random.default_rng(0)
    subjects = [foreground(rng, 64) for _ in range(4)]
    return Pool(subjects, subjects[:1], [scene(rng, 120, 160) for _ in range(3)])


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the footage of a real room: two shots of noise and their plates."""
    maker = torch.Generator().manual_seed(1)
    shots = [torch.randint(256, (6, 64, 64), generator=maker).to(torch.uint8) for _ in range(2)]
    monkeypatch.setattr(plate_adversary, "real_shots", lambda footage, side: shots)


def test_the_recipe_runs_to_its_end(pool, room, tmp_path) -> None:
    network = learn(pool, tmp_path, tmp_path, TINY)
    image, back = torch.rand(2, 1, 3, 64, 64)
    coarse = network(image, back, torch.full((1, 1, 64, 64), 0.5))
    assert isinstance(network, PlateMatting)
    assert all(part.isfinite().all() for part in coarse)
    assert Run(TINY, tmp_path).step == TINY.steps + TINY.adversarial


def test_it_learns(pool, tmp_path) -> None:
    plan = Plan(steps=40, batch=2, work=64, crop=32, every=1000, fresh=1, kept=8)
    batch = next(iter(Shots(pool, plan, np.random.default_rng(3))))
    run = Run(plan, tmp_path)
    maker = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(plan.steps):
        loss, _ = supervised(run.network, batch, plan.work, plan.crop, maker)
        run.descend(loss, 2e-3)
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_a_stopped_training_goes_on(pool, tmp_path) -> None:
    first = Run(TINY, tmp_path)
    first.supervise(pool)
    again = Run(TINY, tmp_path)
    assert again.step == TINY.steps
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert a.equal(b)


def test_the_learning_rate_rises_at_once_and_falls_along_a_cosine() -> None:
    plan = Plan(steps=1000)
    rates = [pace(step, plan) for step in (0, 99, 500, 1000)]
    assert rates[0] < rates[1] > rates[2] > rates[3] > 0
    assert rates[1] == pytest.approx(plan.rate, rel=0.05)


def test_shots_are_pictures_of_the_truth(pool) -> None:
    """Without the tricks of a camera a shot is its subject before its plate, to a few shades."""
    batch = next(iter(Shots(pool, TINY, np.random.default_rng(5))))
    assert batch.image.shape == batch.plate.shape == batch.colour.shape
    assert batch.alpha.amin() >= 0
    assert batch.alpha.amax() <= 1
    solid = (batch.alpha > 0.99).expand(-1, 3, -1, -1)
    if solid.any():
        assert (batch.image - batch.colour)[solid].abs().median() < 0.15


def test_a_pyramid_of_equal_mattes_is_no_loss() -> None:
    matte = torch.rand(1, 1, 32, 32)
    assert laplacian(matte, matte) == 0
    assert laplacian(matte, 1 - matte) > 0
    assert reduced(matte, 8).mean() == pytest.approx(float(matte.mean()), abs=1e-5)


def test_a_key_is_pulled_off_a_green_screen() -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:] = 60, 160, 90
    picture[30:, 50:110] = 180, 120, 100
    colours, alpha = keyed(picture, 1)
    assert (alpha[40:, 60:100] == 255).all()
    assert (alpha[:, :40] == 0).all()
    assert np.abs(colours[60, 80].astype(int) - (180, 120, 100)).max() < 4
