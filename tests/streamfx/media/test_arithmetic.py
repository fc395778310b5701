from __future__ import annotations

import numpy as np
import pytest
import torch

from streamfx.media.arithmetic import Array, Arrays, Tensors

PLANES: list[Array] = [
    np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8),
    np.random.default_rng(1).integers(0, 65536, (5, 7)).astype(np.uint16),
    np.random.default_rng(2).random((5, 7), np.float32),
]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_planes_of_any_dtype_are_mixed(count: int) -> None:
    weights = (0.25, -0.001, 3.0)[:count]
    terms = list(zip(PLANES, weights, strict=False))
    wanted = sum(plane.astype(np.float64) * weight for plane, weight in terms) + 0.5
    mixed = Arrays().mix(terms, 0.5)
    assert mixed.dtype == np.float32
    assert np.allclose(mixed, wanted, atol=1e-4)
    tensors = [(torch.from_numpy(plane), weight) for plane, weight in terms]
    assert np.allclose(Tensors().mix(tensors, 0.5).numpy(), wanted, atol=1e-4)


def test_a_mix_goes_where_it_is_told() -> None:
    out = np.zeros((3, 5, 7), np.float32)
    Arrays().mix([(PLANES[0], 1.0)], 0.0, out=out[1])
    assert np.array_equal(out[1], PLANES[0])
    assert not out[[0, 2]].any()


@pytest.mark.parametrize(("top", "shift"), [(255, 0), (1023, 0), (1023, 6), (65535, 0)])
def test_codes_are_rounded_and_held_in_their_range(top: int, shift: int) -> None:
    values = np.array([[-9.0, 0.4, 0.6, top - 0.4, top + 9.0, 1e6]], np.float32)
    wanted = [0, 0, 1, top, top, top]
    codes = Arrays().store(values, 1.0, 0.0, top, shift)
    assert codes.dtype == (np.uint8 if top == 255 else np.uint16)
    assert (codes >> shift)[0].tolist() == wanted
    same = Tensors().store(torch.from_numpy(values), 1.0, 0.0, top, shift)
    assert np.array_equal(same.numpy(), codes)


def test_lines_are_views_unless_samples_lie_apart() -> None:
    plane = np.zeros((8, 6), np.float32)
    assert np.shares_memory(Arrays().lines(plane, 2, 4), plane)
    apart = Arrays().lines(plane[:, ::2], 2, 4)
    assert apart.flags.c_contiguous
    assert apart.shape == (2, 3)
