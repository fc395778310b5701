import numpy as np
import pytest
import torch

from streamfx.nodes.matting._network import Portrait
from streamfx.train.judge import Judge
from streamfx.train.loop import Stage, Training
from streamfx.train.matting import Recipe
from streamfx.train.people_batches import Pool
from streamfx.train.people_clips import clip, watched
from tests.streamfx.train.people import find, people


@pytest.fixture(scope="module")
def pools(tmp_path_factory):
    rng = np.random.default_rng(0)
    film = people().scenes * 4
    known = Pool.make(tmp_path_factory.mktemp("known"), 6, lambda: clip(rng, people(), 4, 64), find)
    taken = Pool.make(tmp_path_factory.mktemp("taken"), 3, lambda: watched(rng, film, 4, 64), find)
    return known, taken


def recipe(pools, path, seed=0):
    torch.manual_seed(seed)
    network = Portrait((4, 6, 8, 8), learning=True)
    training = Training(network, path, every=1e9)
    return Recipe(
        training, pools[0], pools[1], np.random.default_rng(seed), clips=2, judge=Judge(4)
    )


def wrong(recipe):
    """Return how wrong the averaged network is on clips of its own choice."""
    batch = recipe.known.batch(np.random.default_rng(9), 6, 1)
    network = recipe.training.average.eval()
    with torch.no_grad():
        alpha, _, _ = network(batch.images[0], batch.coarse[0])
    return (alpha - batch.alphas[0]).abs().mean().item()


def test_pictures_and_then_clips_make_the_network_better(pools, tmp_path):
    made = recipe(pools, tmp_path / "it.pt")
    before = wrong(made)
    made.learn(0, Stage("still", 40, 4e-3))
    made.learn(1, Stage("moving", 20, 2e-3))
    assert wrong(made) < 0.8 * before


def test_the_adversary_keeps_its_teacher_over_a_stop(pools, tmp_path):
    made = recipe(pools, tmp_path / "it.pt")
    made.learn(0, Stage("still", 4, 1e-3))
    made.learn(1, Stage("moving", 2, 1e-3))
    teacher = {key: value.clone() for key, value in made.training.average.state_dict().items()}
    made.learn(2, Stage("against", 3, 1e-3))
    again = recipe(pools, tmp_path / "it.pt", seed=5)
    assert again.training.stage == 3
    kept = again.training.kept("teacher")
    assert all(torch.equal(kept[key], value) for key, value in teacher.items())
    moved = again.training.network.state_dict()["out.weight"]
    assert not torch.equal(moved, teacher["out.weight"])


def test_the_adversary_leaves_normalisation_as_it_was_learnt(pools, tmp_path):
    made = recipe(pools, tmp_path / "it.pt")
    made.learn(0, Stage("still", 4, 1e-3))
    made.learn(1, Stage("moving", 2, 1e-3))
    before = made.training.network.state_dict()["stem.1.running_mean"].clone()
    made.learn(2, Stage("against", 2, 1e-3))
    assert torch.equal(made.training.network.state_dict()["stem.1.running_mean"], before)
