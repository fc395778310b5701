import numpy as np
import pytest
import torch

from streamfx.train.people_batches import SIDE, Pool
from streamfx.train.people_clips import clip
from tests.streamfx.train.people import find, people


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    rng = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("pool")
    return Pool.make(folder, 6, lambda: clip(rng, people(), 4, SIDE + 16), find)


def test_a_pool_is_read_from_its_files_again(pool, tmp_path):
    rng = np.random.default_rng(3)
    made = Pool.make(tmp_path, 2, lambda: clip(rng, people(), 4, 48), find)
    again = Pool(tmp_path)
    assert len(again) == len(made) == 2
    assert np.array_equal(again.parts["images"], made.parts["images"])


def test_a_batch_has_a_list_for_each_frame(pool):
    batch = pool.batch(np.random.default_rng(0), clips=3, frames=2)
    assert [x.shape for x in batch.images] == [(3, 3, SIDE, SIDE)] * 2
    assert [x.shape for x in batch.alphas] == [x.shape for x in batch.coarse]
    assert [x.shape for x in batch.alphas] == [(3, 1, SIDE, SIDE)] * 2
    whole = torch.cat([*batch.images, *batch.colours])
    assert 0 <= float(whole.min()) <= float(whole.max()) <= 1


def test_coarse_masks_differ_from_batch_to_batch_but_alphas_stay_true(pool):
    rng = np.random.default_rng(1)
    wrong, right = 0, []
    for _ in range(12):
        batch = pool.batch(rng, clips=2, frames=4)
        bright = torch.cat(batch.images).mean(1, keepdim=True) > 0.5
        truth = torch.cat(batch.alphas) > 0.5
        right.append(float((bright == truth).float().mean()))
        wrong += float((torch.cat(batch.coarse) - truth.float()).abs().mean()) > 0.02
    assert np.mean(right) > 0.8
    assert wrong > 3
