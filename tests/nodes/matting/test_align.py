import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from streamfx.nodes.matting._align import Aligner, aligned, moved, warped

HIGH, WIDE = 270, 360


def scene(seed: int = 3, high: int = HIGH, wide: int = WIDE) -> Tensor:
    """Return a picture full of soft blobs of all sizes."""
    maker = np.random.default_rng(seed)
    image = np.zeros((high, wide, 3), np.float32)
    for cells in (8, 24, 60):
        rough = maker.random((cells * high // wide, cells, 3), np.float32)
        image += cv2.resize(rough, (wide, high), interpolation=cv2.INTER_CUBIC)
    return torch.from_numpy((image / 3).clip(0, 1)).permute(2, 0, 1).contiguous()


def shaken(x: float, y: float, degrees: float = 0.0, scale: float = 1.0) -> np.ndarray:
    turn = cv2.getRotationMatrix2D((WIDE / 2, HIGH / 2), degrees, scale)
    turn[:, 2] += np.array([x, y])
    return np.vstack([turn, [0, 0, 1]])


def shot(matrix: np.ndarray, *, grain: float = 0.01, box: bool = False) -> Tensor:
    image = warped(scene(), matrix)
    if box:
        image[:, 90:250, 130:250] = torch.tensor([0.8, 0.2, 0.1])[:, None, None]
    noise = grain * torch.randn(image.shape, generator=torch.Generator().manual_seed(1))
    return (image + noise).clamp(0, 1)


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Return by how many pixels the worst corner is off."""
    corners = np.array([[0, 0], [WIDE, 0], [WIDE, HIGH], [0, HIGH]], np.float32)
    return float(np.linalg.norm(moved(corners, found) - moved(corners, true), axis=1).max())


SHAKES = [(0.4, -0.3, 0.0, 1.0), (3.3, 2.6, 0.0, 1.0), (-2.2, 4.1, 0.4, 1.004), (14, -9, -0.8, 1.0)]


@pytest.mark.parametrize("shake", SHAKES)
@pytest.mark.parametrize("box", [False, True])
def test_a_shake_is_found_to_a_third_of_a_pixel(shake: tuple[float, ...], box: bool) -> None:
    true = shaken(*shake)
    shift = Aligner(scene())(shot(true, box=box))
    assert shift.found
    assert error(shift.matrix, true) < 0.3


def test_a_tilt_is_found() -> None:
    true = shaken(1, 2)
    true[2, 0] = 4e-5
    shift = Aligner(scene())(shot(true))
    assert error(shift.matrix, true) < 0.5


def test_a_brighter_picture_and_noise_do_not_matter() -> None:
    true = shaken(2.4, -1.7)
    image = (shot(true, grain=0.03) * 1.3 - 0.05).clamp(0, 1)
    assert error(Aligner(scene())(image).matrix, true) < 0.3


def test_a_camera_that_stands_still_is_not_moved_by_noise() -> None:
    follow = Aligner(scene())
    assert all(follow(shot(np.eye(3), grain=0.02)).none for _ in range(3))


def test_another_scene_is_not_aligned() -> None:
    shift = Aligner(scene())(scene(99))
    assert not shift.found
    assert shift.none


def test_a_plain_wall_tells_no_movement() -> None:
    shift = Aligner(torch.full((3, 90, 120), 0.5))(torch.full((3, 90, 120), 0.5))
    assert not shift.found
    assert shift.agreed == 0


def test_what_is_hidden_is_not_followed() -> None:
    """A subject that fills half the picture and moves the other way misleads nobody."""
    true = shaken(2.0, 0.5)
    image = shot(true)
    image[:, :, :200] = warped(scene(), shaken(-6, -4))[:, :, :200]
    hidden = np.zeros((27, 36), np.float32)
    hidden[:, :21] = 1
    assert error(Aligner(scene())(image, hidden).matrix, true) < 0.3


def test_a_larger_picture_is_followed_on_a_smaller_copy() -> None:
    large = torch.nn.functional.interpolate(scene()[None], scale_factor=3, mode="bicubic")[0]
    large = large.clamp(0, 1)
    true = np.array([[1, 0, 4.5], [0, 1, -2.25], [0, 0, 1]])
    shift = Aligner(large)(warped(large, true))
    assert abs(shift.matrix[:2, 2] - true[:2, 2]).max() < 0.3
    assert shift.reach(810, 1080) == pytest.approx(np.hypot(4.5, 2.25), abs=0.4)


def test_moving_back_undoes_the_shake() -> None:
    image = shot(shaken(3.3, -2.6, 0.3), grain=0)
    back, shift = aligned(image, scene())
    assert shift.found
    inner = (slice(None), slice(12, -12), slice(12, -12))
    assert (back - scene())[inner].abs().mean() < 0.01
    assert (image - scene())[inner].abs().mean() > 0.03


def test_devices_move_pictures_alike(device: torch.device) -> None:
    matrix = shaken(1.5, -2.25, 0.5)
    made = warped(scene().to(device), matrix)
    assert made.device.type == device.type
    assert (made.cpu() - warped(scene(), matrix)).abs().mean() < 0.004
