import math

import numpy as np
import pytest
import torch

from streamfx.train.scores import (
    SIGMA,
    connectivity,
    dtssd,
    edge,
    gradient,
    iou,
    mad,
    mse,
    sad,
    scores,
)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def flat(level: float, high: int = 10, wide: int = 20) -> np.ndarray:
    return np.full((high, wide), level, np.float32)


def test_iou_is_the_shared_part_of_what_either_marks() -> None:
    made, truth = flat(0), flat(0)
    made[:, :10], truth[:, 5:20] = 0.7, 1
    assert iou(made, truth) == pytest.approx(50 / 200)
    assert iou(made, truth, threshold=0.8) == 0


def test_iou_of_nobody_with_nobody_is_one_and_with_a_ghost_zero() -> None:
    assert iou(flat(0), flat(0)) == 1
    assert iou(flat(0.6), flat(0)) == 0


def test_iou_takes_booleans_and_means_over_pictures() -> None:
    truth = np.stack([flat(1), flat(1)]) > 0
    made = truth.copy()
    made[1, :, :10] = False
    assert iou(made, truth) == pytest.approx(0.75)


def test_plain_differences_have_the_customary_units() -> None:
    made, truth = flat(0.25, 100, 200), flat(0, 100, 200)
    assert mad(made, truth) == pytest.approx(0.25)
    assert mse(made, truth) == pytest.approx(0.0625)
    assert sad(made, truth) == pytest.approx(5.0)  # 20000 pixels, 0.25 each, in thousands


def slopes_by_hand(alpha: np.ndarray) -> np.ndarray:
    """The definition of the paper, pixel by pixel, with edges repeated."""
    high, wide = alpha.shape
    at = range(-4, 5)
    bell = {i: math.exp(-i * i / (2 * SIGMA**2)) / (SIGMA * math.sqrt(2 * math.pi)) for i in at}
    slope = {i: -i * bell[i] / SIGMA**2 for i in at}
    norm = math.sqrt(sum((bell[i] * slope[j]) ** 2 for i in at for j in at))
    made = np.zeros((high, wide))
    for y in range(high):
        for x in range(wide):
            across = along = 0.0
            for i in at:
                for j in at:
                    seen = float(alpha[min(max(y - i, 0), high - 1), min(max(x - j, 0), wide - 1)])
                    across += bell[i] * slope[j] / norm * seen
                    along += slope[i] * bell[j] / norm * seen
            made[y, x] = math.hypot(across, along)
    return made


def test_gradient_is_what_the_papers_formula_gives_pixel_by_pixel() -> None:
    made, truth = noise(11, 14, seed=1), noise(11, 14, seed=2)
    wanted = ((slopes_by_hand(made) - slopes_by_hand(truth)) ** 2).sum() / 1000
    assert gradient(made, truth) == pytest.approx(wanted, rel=1e-4)


def test_gradient_of_a_ramp_is_that_of_calculus() -> None:
    """A unit-energy derivative of a Gaussian answers a slope s by 2 pi sigma^2 s / sqrt(pi/2)."""
    slope, wide = 0.004, 200
    ramp = np.broadcast_to(np.arange(wide, dtype=np.float32) * slope, (50, wide))
    wanted = (2 * math.pi * SIGMA**2 * slope / math.sqrt(math.pi / 2)) ** 2 * ramp.size / 1000
    assert gradient(ramp, np.zeros_like(ramp)) == pytest.approx(wanted, rel=0.1)


def test_gradient_sees_a_blurred_edge_and_no_level() -> None:
    sharp = flat(0)
    sharp[:, 10:] = 1
    soft = sharp.copy()
    soft[:, 9:11] = 0.5
    assert gradient(flat(0.3), flat(0.8)) == pytest.approx(0, abs=1e-9)
    assert gradient(soft, sharp) > 0
    assert gradient(sharp, sharp) == 0


def test_an_island_away_from_the_subject_is_loose_by_its_whole_alpha() -> None:
    truth, made = flat(0), flat(0)
    truth[:, :8] = made[:, :8] = 1
    made[2:4, 15:18] = 0.6
    assert connectivity(made, truth) == pytest.approx(6 * 0.6 / 1000)


def test_a_thin_bridge_counts_by_how_far_it_is_above_what_holds_it() -> None:
    truth = flat(0)
    truth[:, :8] = 1
    truth[4, 8:12] = 1
    truth[:, 12:15] = 1
    made = truth.copy()
    made[4, 8:12] = 0.3  # from 0.4 on the bridge is gone: bridge and island are connected up to 0.3
    assert connectivity(made, truth) == pytest.approx(4 * 0.7 / 1000)


def test_what_is_less_than_0_15_above_its_level_is_not_loose() -> None:
    truth, made = flat(1), flat(1)
    made[0, 0] = 0.89  # connected up to 0.8: 0.09 above there, the truth 0.2
    made[0, 1] = 0.95  # connected up to 0.9: 0.05 and 0.1, neither counts
    assert connectivity(made, truth) == pytest.approx(0.2 / 1000, rel=1e-5)


def test_diagonal_neighbours_are_not_connected() -> None:
    truth = flat(0)
    truth[:5, :10] = 1
    truth[5, 10] = 1
    made = truth.copy()
    made[5, 10] = 0
    assert connectivity(made, truth) == pytest.approx(1 / 1000)


def test_connectivity_of_nothing_is_zero() -> None:
    assert connectivity(flat(0), flat(0)) == 0


def connectivity_by_hand(made: np.ndarray, truth: np.ndarray) -> float:
    """The definition of the paper by flood filling, with no library."""
    high, wide = made.shape
    level = np.zeros((high, wide))
    gone = np.zeros((high, wide), bool)
    for step in range(1, 11):
        both = np.minimum(made, truth) >= np.float32(step / 10)
        largest: set[tuple[int, int]] = set()
        left = {(y, x) for y in range(high) for x in range(wide) if both[y, x]}
        for first in sorted(left):
            if first not in left:
                continue
            part, todo = set(), [first]
            left.discard(first)
            while todo:
                y, x = todo.pop()
                part.add((y, x))
                for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    if near in left:
                        left.discard(near)
                        todo.append(near)
            largest = part if len(part) > len(largest) else largest
        for y in range(high):
            for x in range(wide):
                gone[y, x] |= (y, x) not in largest
                level[y, x] = level[y, x] if gone[y, x] else step / 10
    off = [np.where(alpha - level >= 0.15, alpha - level, 0) for alpha in (made, truth)]
    return float(np.abs(off[0] - off[1]).sum()) / 1000


def test_connectivity_is_what_flood_filling_gives() -> None:
    for seed in range(5):
        truth = np.clip(noise(12, 15, seed=seed) * 1.6, 0, 1)
        made = np.clip(truth + (noise(12, 15, seed=seed + 50) - 0.5) * 0.8, 0, 1)
        assert connectivity(made, truth) == pytest.approx(
            connectivity_by_hand(made, truth), rel=1e-4
        )


def test_dtssd_is_the_difference_of_the_changes_in_hundredths() -> None:
    truth = np.stack([flat(0.2), flat(0.3), flat(0.3)])
    steady = np.stack([flat(0.5)] * 3)
    assert dtssd(steady, truth) == pytest.approx((10 + 0) / 2, rel=1e-5)


def test_dtssd_forgives_what_is_wrong_alike_in_every_frame() -> None:
    truth = noise(4, 10, 20) * 0.5
    assert dtssd(truth + np.float32(0.25), truth) == pytest.approx(0, abs=1e-4)


def test_dtssd_of_a_flicker_in_half_of_the_pixels_is_a_root_mean_square() -> None:
    made = np.stack([flat(0), flat(0)])
    made[1, :, :10] = 0.1
    assert dtssd(made, np.zeros_like(made)) == pytest.approx(10 * math.sqrt(0.5), rel=1e-5)


def test_dtssd_of_one_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 frames, got 1"):
        dtssd(flat(0)[None], flat(0)[None])


def test_an_old_fringe_is_an_edge_error_and_the_inside_is_none() -> None:
    truth = np.zeros((4, 10, 20), np.float32)
    truth[0], truth[3] = 1, flat(1)
    truth[3, :, 10] = 0.5
    made = truth.copy()
    made[:3, :, 10] = [[0], [1], [0]]  # green instead of red where alpha is a half
    assert edge(made, truth) == pytest.approx(0.5 * (1 + 1 + 0) / 3)
    inside = truth.copy()
    inside[:3, :, :9] = 0
    assert edge(inside, truth) == 0


def test_a_wrong_alpha_is_seen_against_the_colour_behind() -> None:
    truth = np.zeros((4, 10, 20), np.float32)
    truth[2], truth[3] = 1, 0.5
    made = truth.copy()
    made[3] = 0.25
    assert edge(made, truth, behind=(0, 0, 1)) == pytest.approx(0, abs=1e-7)
    assert edge(made, truth, behind=(1, 0, 0)) == pytest.approx(0.25 * 2 / 3)


def test_without_a_soft_edge_there_is_no_edge_error() -> None:
    assert edge(np.zeros((4, 2, 2), np.float32), np.ones((4, 2, 2), np.float32)) == 0


def test_a_table_holds_every_measure_and_flicker_for_clips_only() -> None:
    still = scores(flat(0.5), flat(0.25))
    assert list(still) == ["MAD", "MSE", "SAD", "Grad", "Conn"]
    assert still["MAD"] == pytest.approx(0.25)
    clip = scores(np.stack([flat(0), flat(1)]), np.stack([flat(0), flat(0.5)]))
    assert clip["dtSSD"] == pytest.approx(50)


def test_tensors_on_any_device_score_as_arrays_do(device: torch.device) -> None:
    made, truth = noise(3, 9, 12, seed=3), noise(3, 9, 12, seed=4)
    tensors = [torch.from_numpy(x).to(device) for x in (made, truth)]
    assert scores(*tensors) == scores(made, truth)


@pytest.mark.parametrize("measure", [iou, mad, mse, sad, gradient, connectivity, dtssd])
def test_alphas_of_two_sizes_are_refused(measure) -> None:
    with pytest.raises(ValueError, match=r"of one size, got \(2, 3\) and \(3, 2\)"):
        measure(np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32))


def test_bytes_are_refused_and_not_taken_for_shares() -> None:
    with pytest.raises(ValueError, match="floats in \\[0, 1\\] or booleans, got uint8"):
        mad(np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.uint8))
