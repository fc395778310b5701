import numpy as np
import pytest
from numpy.typing import NDArray

from streamfx.pyramid import blurred

Array = NDArray[np.float64]
SIGMAS = [0.4, 2.0, 3.3, 3.4, 5.0, 7.0, 7.3, 12.0, 14.9, 15.2, 31.0]
SIZE = 60, 91


def gaussian(plane: Array, sigma: float) -> Array:
    reach = int(np.ceil(6 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        plane = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return plane


def hard_pictures() -> list[Array]:
    """Return what shows a coarse grid at once: edges at every phase, stripes, noise, corners."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    made = [(x > 40 + phase) & (y > 30 - phase) for phase in range(4)]
    made += [(x % period) < period / 2 for period in (2, 3, 4, 5, 8, 9, 16, 17)]
    made += [(x + y) % 2 == 0, x == SIZE[1] - 1, x < 2, (x > 88) & (y < 3), x + y > 70]
    rng = np.random.default_rng(1)
    return [picture.astype(float) for picture in made] + [rng.random(SIZE)]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_it_is_the_gaussian_to_half_a_code_of_the_hardest_pictures(sigma: float) -> None:
    pictures = np.stack(hard_pictures())
    out = blurred(pictures.astype(np.float32), sigma)
    wanted = np.stack([gaussian(picture, sigma) for picture in pictures])
    assert out.shape == pictures.shape
    assert np.abs(out - wanted).max() < 0.5 / 255


@pytest.mark.parametrize("sigma", [0.5, 4.0, 9.0, 200.0])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 2), (40, 63), (64, 64)])
def test_any_size_works_and_a_flat_plane_stays_flat(sigma: float, size: tuple[int, int]) -> None:
    out = blurred(np.full((2, *size), 0.7, np.float32), sigma)
    assert out.shape == (2, *size)
    assert np.abs(out - 0.7).max() < 1e-5


def test_the_input_is_left_alone() -> None:
    planes = np.stack(hard_pictures()).astype(np.float32)
    before = planes.copy()
    for sigma in (1.0, 6.0):
        blurred(planes, sigma)
    assert (planes == before).all()


def test_lines_that_do_not_lie_back_to_back_will_do() -> None:
    planes = np.random.default_rng(2).random((2, 40, 50), np.float32)
    view = planes[:, 3:-2, 4:-5]
    for sigma in (1.0, 6.0):
        assert (blurred(view, sigma) == blurred(view.copy(), sigma)).all()
