import numpy as np
import pytest

from streamfx.train import procedural
from streamfx.train.procedural import Canvas, foreground, straightened
from streamfx.train.textures import field, scene, texture


def test_subjects_come_out_the_same_for_a_seed_and_differ_for_another() -> None:
    one, again, other = (foreground(np.random.default_rng(seed), 48) for seed in (4, 4, 5))
    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])
    assert not np.array_equal(one[1], other[1])


@pytest.mark.parametrize("kind", procedural._KINDS)
def test_each_kind_of_subject_is_soft_somewhere_and_not_everywhere(kind) -> None:
    alphas = []
    for seed in range(3):
        canvas = Canvas(np.random.default_rng(seed), 64)
        kind(canvas)
        alphas.append(canvas.finished()[1])
    joined = np.stack(alphas)
    assert joined.max() > 100
    assert joined.min() == 0
    assert ((joined > 20) & (joined < 235)).mean() > 0.002


def test_alpha_is_the_share_that_is_covered() -> None:
    canvas = Canvas(np.random.default_rng(0), 10)
    mask = np.zeros((30, 30), np.uint8)
    mask[:, :16] = 255
    canvas.paint(mask, np.full((30, 30, 3), 90, np.uint8))
    colours, alpha = canvas.finished()
    assert (alpha[:, :5] == 255).all()
    assert (alpha[:, 5] == 85).all()
    assert (alpha[:, 6:] == 0).all()
    assert np.abs(colours.astype(int) - 90).max() <= 1


def test_colour_goes_on_where_nothing_is() -> None:
    alpha = np.zeros((32, 32), np.float32)
    alpha[10:14, 10:14] = 1
    summed = alpha[..., None] * np.array([0.8, 0.4, 0.2], np.float32)
    colours, _ = straightened(summed, alpha)
    assert np.abs(colours / 255 - [0.8, 0.4, 0.2]).max() < 0.02


def test_textures_and_scenes_are_pictures() -> None:
    rng = np.random.default_rng(2)
    for made in (texture(rng, 40, 60), scene(rng, 40, 60)):
        assert made.shape == (40, 60, 3)
        assert made.dtype == np.uint8
    smooth = field(rng, 40, 60, 4)
    assert smooth.min() == 0
    assert smooth.max() == pytest.approx(1, abs=1e-5)
