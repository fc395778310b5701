from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import pytest
import torch
from torch import Tensor

from streamfx import Frame
from streamfx.nodes.matting import Difference
from streamfx.testing import context, noise, run
from tests.clips import FOOTAGE

HIGH, WIDE = 96, 128
BOX = (slice(30, 80), slice(40, 90))
INNER = (slice(34, 76), slice(44, 86))
ORANGE = torch.tensor([0.9, 0.5, 0.1])[:, None, None]
ROOM = FOOTAGE / "matting" / "room_people_and_empty_plate.mp4"


def room() -> Tensor:
    """Return a picture with soft shades and some texture."""
    rough = torch.rand(3, 6, 8, generator=torch.Generator().manual_seed(3))
    soft = torch.nn.functional.interpolate(rough[None], (HIGH, WIDE), mode="bicubic")[0]
    return 0.3 + 0.3 * soft.clamp(0, 1)


def shots(*images: Tensor, grain: float = 0.01) -> list[Frame]:
    """Return frames of images, each with noise of its own."""
    maker = torch.Generator().manual_seed(5)
    made = []
    for i, image in enumerate(images):
        noisy = (image + grain * torch.randn(image.shape, generator=maker)).clamp(0, 1)
        made.append(Frame(noisy, Fraction(i, 10), Fraction(1, 10)))
    return made


def occupied(scene: Tensor, colour: Tensor = ORANGE) -> Tensor:
    """Return a scene with a box of one colour in it."""
    image = scene.clone()
    image[:, BOX[0], BOX[1]] = colour
    return image


def mattes(frames: list[Frame], plate: Frame | None = None, **params: Any) -> list[Tensor]:
    plate = plate or shots(room())[0]
    out = run(Difference(**params), frame=frames, plate=[plate])
    return [frame.image[3] for frame in out]


def overlap(alpha: Tensor) -> float:
    """Return the intersection over union of a matte and the box."""
    box = torch.zeros(HIGH, WIDE)
    box[BOX] = 1
    solid = alpha.cpu() > 0.5
    return float((solid & (box > 0)).sum() / (solid | (box > 0)).sum())


def test_what_is_not_on_the_plate_is_cut_out(device: torch.device) -> None:
    (plate,) = shots(room())
    (frame,) = shots(occupied(room()))
    moved = [f.showing(f.image.to(device)) for f in (frame, plate)]
    (out,) = run(Difference(), context(device=device), frame=moved[:1], plate=moved[1:])
    assert out.image.device.type == device.type
    assert overlap(out.image[3]) > 0.95
    assert out.image[3][INNER].eq(1).all()
    assert out.image[:3].cpu()[:, *INNER].equal(frame.image[:, *INNER])


def test_an_empty_room_is_empty() -> None:
    for alpha in mattes(shots(*[room()] * 6)):
        assert alpha.eq(0).all()


@pytest.mark.parametrize("grain", [0.005, 0.02, 0.04])
def test_noise_of_the_camera_is_no_subject(grain: float) -> None:
    (plate,) = shots(room(), grain=grain)
    frames = shots(room(), room(), room(), occupied(room()), grain=grain)[1:]
    *empty, full = mattes(frames, plate)
    assert all(alpha.mean() < 0.01 for alpha in empty)
    assert overlap(full) > 0.9


def test_exposure_and_white_balance_may_change() -> None:
    def lit(image: Tensor) -> Tensor:
        return (image * torch.tensor([1.2, 1.1, 0.95])[:, None, None] + 0.02).clamp(0, 1)

    *_, empty = mattes(shots(*[lit(room())] * 3))
    assert empty.mean() < 0.005
    *_, full = mattes(shots(*[lit(occupied(room()))] * 3))
    assert overlap(full) > 0.95


def test_a_shadow_is_no_subject_unless_wanted() -> None:
    scene = room()
    dark = shots(*[occupied(scene, scene[:, *BOX] * 0.7)] * 3)
    assert mattes(dark, shadows=0.4)[-1].mean() < 0.005
    assert overlap(mattes(dark, shadows=0.0)[-1]) > 0.9


def test_a_pinhole_closes_and_a_window_stays() -> None:
    scene = room()
    image = occupied(scene)
    image[:, 50:53, 60:63] = scene[:, 50:53, 60:63]
    (alpha,) = mattes(shots(image))
    assert alpha[50:53, 60:63].eq(1).all()
    image = occupied(scene)
    image[:, 45:65, 55:75] = scene[:, 45:65, 55:75]
    (alpha,) = mattes(shots(image))
    assert alpha[50:60, 60:70].eq(0).all()


def test_a_speck_is_dropped() -> None:
    image = room()
    image[:, 10:13, 10:13] = 1
    (alpha,) = mattes(shots(image))
    assert alpha.eq(0).all()


def test_a_shared_pixel_gets_its_share_and_the_subject_its_own_colour() -> None:
    scene = room()
    cover = torch.zeros(1, HIGH, WIDE)
    cover[:, BOX[0], BOX[1]] = 1
    for _ in range(2):
        cover = torch.nn.functional.avg_pool2d(cover[None], 3, 1, 1)[0]
    image = torch.lerp(scene, ORANGE.expand_as(scene), cover)
    (frame,) = shots(image, grain=0)
    (plate,) = shots(scene, grain=0)
    (out,) = run(Difference(), frame=[frame], plate=[plate])
    off = (out.image[3] - cover[0]).abs()
    assert off.mean() < 0.01
    assert off[:, 50:80].max() < 0.2
    half = (cover[0] > 0.4) & (cover[0] < 0.9)
    assert (out.image[:3] - ORANGE)[:, half].abs().mean() < 0.06


def test_shrink_moves_the_edge_inwards() -> None:
    frames = shots(occupied(room()))
    whole, inner = mattes(frames)[0], mattes(frames, shrink=4)[0]
    assert overlap(whole) > 0.95
    assert inner[BOX[0].start + 2, 60] == 0
    assert inner[INNER[0].start + 2, 60] == 1
    assert (inner <= whole).all()


def test_a_higher_threshold_takes_less() -> None:
    faint = shots(occupied(room(), room()[:, *BOX] * torch.tensor([1.2, 1.0, 0.8])[:, None, None]))
    assert mattes(faint, threshold=3)[0].mean() > mattes(faint, threshold=40)[0].mean()


def test_smoothing_calms_what_flickers() -> None:
    scene = room()
    faint = scene[:, *BOX] + torch.tensor([0.06, 0.0, -0.06])[:, None, None]
    frames = shots(*[occupied(scene, faint)] * 12, grain=0.015)

    def restless(smooth: float) -> float:
        made = mattes(frames, smooth=smooth)[4:]
        return sum(float((a - b).abs().mean()) for a, b in pairwise(made))

    assert restless(0.9) < restless(0.0)


def test_fast_motion_leaves_no_trail() -> None:
    scene = room()
    frames = shots(*[occupied(scene)] * 4, scene)
    *_, last = mattes(frames, smooth=0.95)
    assert last.mean() < 0.01


def test_alpha_that_was_there_stays_out() -> None:
    (frame,) = shots(occupied(room()))
    (plate,) = shots(room())
    given = torch.ones(1, HIGH, WIDE)
    given[:, :50] = 0
    frame = frame.showing(torch.cat([frame.image, given]))
    (out,) = run(Difference(), frame=[frame], plate=[plate])
    assert out.image[3, :50].eq(0).all()
    assert out.image[3, 54:70, 50:80].eq(1).all()


def test_the_last_matte_is_used_again_where_time_is_short() -> None:
    (plate,) = shots(room())
    first, second = shots(occupied(room()), occupied(room()))
    node = Difference()
    assert node.reuses
    node.open(context())
    assert node.reuse(first) is None
    node.process(first, plate)
    again = node.reuse(second)
    assert again is not None
    assert again.pts == second.pts
    assert overlap(again.image[3]) > 0.95
    (other,) = noise(1, size=(8, 8))
    assert node.reuse(other) is None
    node.close()


def test_another_plate_starts_anew() -> None:
    scene = room()
    frames = shots(*[occupied(scene)] * 4)
    first, second = shots(scene, occupied(scene))
    late = second.at(frames[2].pts)
    out = run(Difference(), frame=frames, plate=[first, late])
    assert [round(float(f.image[3].mean()), 1) for f in out] == [0.2, 0.2, 0, 0]


def test_a_plate_of_another_size_is_fitted() -> None:
    (plate,) = shots(room())
    small = plate.showing(
        torch.nn.functional.interpolate(plate.image[None], (HIGH // 2, WIDE // 2), mode="area")[0]
    )
    (alpha,) = mattes(shots(occupied(room())), small)
    assert overlap(alpha) > 0.9


@pytest.mark.skipif(not ROOM.exists(), reason="no footage")
def test_people_in_a_real_room_are_found_and_the_room_is_not() -> None:
    wanted = {20, *range(40, 44), *range(110, 118), *range(282, 290)}
    pictures: dict[int, Tensor] = {}
    with av.open(str(ROOM)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                rgb = torch.from_numpy(frame.to_ndarray(format="rgb24"))
                pictures[number] = rgb.permute(2, 0, 1).float() / 255
            if number >= max(wanted):
                break

    def matte(numbers: range) -> Tensor:
        frames = [
            Frame(pictures[n], Fraction(i, 10), Fraction(1, 10)) for i, n in enumerate(numbers)
        ]
        return mattes(frames, Frame(pictures[20], Fraction(0), Fraction(10)))[-1]

    assert matte(range(40, 44)).mean() < 0.001
    for numbers, centre, share in (
        (range(110, 118), (200, 445), 0.095),
        (range(282, 290), (200, 455), 0.085),
    ):
        alpha = matte(numbers)
        assert alpha[centre] == 1
        assert alpha.mean().item() == pytest.approx(share, rel=0.25)
        assert alpha[:, :330].mean() < 0.001
        assert alpha[:, 580:].mean() < 0.001
