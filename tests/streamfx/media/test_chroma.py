from __future__ import annotations

import numpy as np
import pytest
import torch

from streamfx.colour import Siting
from streamfx.media import chroma

SIZES = (1, 2, 3, 4, 5, 8, 9, 33)
BOTH = pytest.mark.parametrize("cosited", [True, False])
AXES = pytest.mark.parametrize("axis", [0, 1])


@BOTH
@AXES
@pytest.mark.parametrize("size", SIZES)
def test_halving_gives_back_what_was_doubled(size: int, axis: int, cosited: bool) -> None:
    shape = [7, 7]
    shape[axis] = chroma.size_halved(size, 1)
    plane = np.random.default_rng(size).integers(0, 256, shape).astype(np.float32)
    wide = chroma.double_array(plane, axis, cosited, size)
    assert wide.shape[axis] == size
    assert (
        np.abs(chroma.halve_array(np.ascontiguousarray(wide), axis, cosited) - plane).max() < 1e-4
    )
    tensor = chroma.double_tensor(torch.from_numpy(plane), axis, cosited, size)
    back = chroma.halve_tensor(tensor, axis, cosited)
    assert (back - torch.from_numpy(plane)).abs().max() < 1e-4


@BOTH
@AXES
@pytest.mark.parametrize("size", SIZES)
def test_tensors_agree_with_arrays(size: int, axis: int, cosited: bool) -> None:
    shape = [7, 7]
    shape[axis] = size
    plane = np.random.default_rng(size).random(shape, np.float32)
    tensor = torch.from_numpy(plane)
    half = chroma.halve_array(plane, axis, cosited)
    assert np.abs(half - chroma.halve_tensor(tensor, axis, cosited).numpy()).max() < 1e-6
    for goal in (2 * size, 2 * size - 1):
        wide = chroma.double_array(plane, axis, cosited, goal)
        same = chroma.double_tensor(tensor, axis, cosited, goal).numpy()
        assert np.abs(wide - same).max() < 1e-6


@BOTH
@AXES
def test_a_ramp_stays_where_it_is(axis: int, cosited: bool) -> None:
    """Luma sample x sits at x; chroma sample c at 2c when co-sited, at 2c + 1/2 when centred."""
    where = 2 * np.arange(16, dtype=np.float32) + (0 if cosited else 0.5)
    plane = np.repeat(where[None], 16, 0)
    plane = np.ascontiguousarray(plane if axis == 1 else plane.T)
    wide = chroma.double_array(plane, axis, cosited, 32)
    inner = np.take(wide, range(2, 29), axis)
    expected = np.arange(2, 29, dtype=np.float32)
    assert np.allclose(inner, expected if axis == 1 else expected[:, None], atol=1e-5)
    half = chroma.halve_array(np.ascontiguousarray(wide), axis, cosited)
    assert np.allclose(np.take(half, range(2, 14), axis), np.take(plane, range(2, 14), axis))


@BOTH
@AXES
def test_a_spot_keeps_its_centre_of_mass(axis: int, cosited: bool) -> None:
    plane = np.zeros((16, 16), np.float32)
    plane[8, 8] = 1
    wide = chroma.double_array(plane, axis, cosited, 32)
    mass = wide.sum(1 - axis)
    centre = float((mass * np.arange(32)).sum() / mass.sum())
    assert centre == pytest.approx(16 if cosited else 16.5)


@pytest.mark.parametrize(
    ("siting", "down", "across"),
    [("left", False, True), ("center", False, False), ("topleft", True, True)],
)
def test_siting_is_per_axis(siting: Siting, down: bool, across: bool) -> None:
    assert chroma.sited(siting, 0) is down
    assert chroma.sited(siting, 1) is across
