import numpy as np
import pytest

from streamfx.train.people_clips import clip, watched
from tests.streamfx.train.people import people


@pytest.mark.parametrize("seed", range(12))
def test_a_clip_of_any_kind_has_pictures_alphas_and_colours_of_one_size(seed):
    made = clip(np.random.default_rng(seed), people(), 3, 48)
    assert made.images.shape == made.colours.shape == (3, 48, 48, 3)
    assert made.alphas.shape == (3, 48, 48)
    assert {part.dtype for part in (made.images, made.alphas, made.colours)} == {np.dtype("u1")}


def test_the_same_seed_makes_the_same_clip():
    first, second = (clip(np.random.default_rng(5), people(), 2, 48) for _ in range(2))
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.alphas, second.alphas)


def test_people_are_seen_where_alpha_says_so():
    seen = []
    for seed in range(40):
        made = clip(np.random.default_rng(seed), people(), 1, 48)
        solid, empty = made.alphas > 250, made.alphas < 5
        if solid.sum() > 20 and empty.sum() > 20:
            seen.append(made.images[solid].mean() > made.images[empty].mean() + 20)
    assert len(seen) > 10
    assert np.mean(seen) > 0.9


def test_some_clips_show_nobody():
    empty = [clip(np.random.default_rng(s), people(), 1, 48).alphas.max() == 0 for s in range(60)]
    assert 2 < sum(empty) < 40


def test_a_watched_film_is_shown_as_it_was_taken():
    film = [np.full((60, 80, 3), level, np.uint8) for level in range(10, 90, 10)]
    made = watched(np.random.default_rng(0), film, 4, 32)
    levels = made.images.reshape(4, -1)
    assert (levels == levels[:, :1]).all()
    assert (np.diff(levels[:, 0].astype(int)) > 0).all()
    assert made.alphas.max() == 0
