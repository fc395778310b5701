"""Cuts, motion and repeats told apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from streamfx.likeness import CUT, change, repeated, thumbnail
from tests.nodes.interpolate.scenes import shifted, texture

SIZE = 180, 320


def seen(image: torch.Tensor) -> np.ndarray:
    return thumbnail(image)


def test_a_thumbnail_is_small_and_the_mean_of_what_it_shows(device: torch.device) -> None:
    image = texture(360, 640)
    made = thumbnail(image.to(device))
    assert made.shape == (90, 160, 3)
    truth = torch.nn.functional.avg_pool2d(image, 4).permute(1, 2, 0).numpy()
    assert np.abs(made - truth).max() < 1e-3


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (50, 40), (721, 1283)])
def test_any_size_has_a_thumbnail(size: tuple[int, int]) -> None:
    made = thumbnail(torch.rand(4, *size))
    assert max(made.shape[:2]) <= 160 and min(made.shape[:2]) >= 1
    assert change(made, made) == 0
    assert repeated(made, made)


@pytest.mark.parametrize("step", [(0, 0), (4, 1), (25, 8), (-22, 0)])
def test_motion_is_no_cut(step: tuple[int, int]) -> None:
    page = texture(400, 640)
    before, after = (seen(shifted(page, i * step[0], i * step[1], SIZE)) for i in range(2))
    assert change(before, after) < CUT / 2


@pytest.mark.parametrize("other", range(2, 8))
def test_another_picture_is_a_cut(other: int) -> None:
    before, after = (shifted(texture(seed=s), 0, 0, SIZE) for s in (1, other))
    assert change(seen(before), seen(after[[2, 0, 1]] * 0.75)) > CUT


def test_light_is_no_cut() -> None:
    image = shifted(texture(), 0, 0, SIZE)
    assert change(seen(image), seen((image * 0.8 + 0.15).clamp(0, 1))) < CUT


def test_pictures_of_two_sizes_are_two_shots() -> None:
    assert change(seen(torch.rand(3, 90, 160)), seen(torch.rand(3, 160, 90))) == 1


def test_a_repeat_may_differ_by_what_coding_leaves() -> None:
    image = shifted(texture(), 0, 0, SIZE)
    noise = torch.randn(3, *SIZE, generator=torch.Generator().manual_seed(1)) * 2 / 255
    assert repeated(seen(image), seen(image + noise))


def test_a_small_thing_that_moves_is_no_repeat() -> None:
    before = shifted(texture(), 0, 0, SIZE)
    after = before.clone()
    after[:, 80:92, 100:112] = shifted(texture(seed=4), 0, 0, SIZE)[:, 80:92, 100:112]
    assert not repeated(seen(before), seen(after))


def test_a_slow_pan_is_no_repeat() -> None:
    page = texture()
    assert not repeated(seen(shifted(page, 0, 0, SIZE)), seen(shifted(page, 1.5, 0, SIZE)))
