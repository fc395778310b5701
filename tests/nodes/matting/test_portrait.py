from fractions import Fraction

import pytest
import torch

from streamfx.errors import ParamError
from streamfx.frame import Frame, Props
from streamfx.models.shared import SharedModels
from streamfx.nodes.matting import Portrait
from streamfx.testing import context, noise, run
from tests.nodes.matting.people import Bright, store


def scene(left: int, size: tuple[int, int] = (96, 128), number: int = 0, **props) -> Frame:
    """Return a bright square on a dark wall, ``left`` pixels from the left."""
    image = torch.full((3, *size), 0.1)
    image[:, size[0] // 4 : 3 * size[0] // 4, left : left + size[0] // 2] = 0.9
    return Frame(image, Fraction(number, 25), Fraction(1, 25), props=Props(**props))


def cut(*frames: Frame, strength: float = 0.0, **params) -> list[Frame]:
    return run(Portrait(**params), context(store(strength)), frame=frames)


@pytest.mark.parametrize("search", ["thorough", "fast"])
def test_a_person_is_solid_and_the_wall_is_gone(search):
    (made,) = cut(scene(40), search=search)
    alpha = made.image[3]
    assert alpha[40:56, 60:70].min() > 0.99
    assert alpha[:, :20].max() == alpha[:10].max() == 0
    assert alpha[48].diff().abs().sum() == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("search", ["thorough", "fast"])
def test_nobody_leaves_nothing_behind(search):
    (made,) = cut(Frame(torch.full((3, 70, 90), 0.2), Fraction(0), Fraction(1)), search=search)
    assert made.image[3].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (17, 33), (101, 67), (64, 300)])
def test_a_picture_of_any_size_keeps_it(size):
    (made,) = cut(Frame(torch.rand(3, *size), Fraction(0), Fraction(1)), strength=1)
    assert made.image.shape == (4, *size)
    assert made.image.isfinite().all()
    assert 0 <= made.image[3].min() <= made.image[3].max() <= 1


def test_an_edge_is_drawn_in_full_size():
    size = (768, 1024)
    (made,) = cut(scene(320, size), detail=128)
    edge = made.image[3, 384, 300:340]
    assert edge[:16].max() < 0.05 and edge[24:].min() > 0.95


def test_what_the_network_remembers_changes_what_it_sees():
    moving = [scene(10 * i, number=i) for i in range(4)]
    after = cut(*moving, strength=1)[-1]
    (alone,) = cut(moving[-1], strength=1)
    assert not torch.equal(after.image[3], alone.image[3])


def test_a_cut_is_a_new_beginning():
    before = [scene(10 * i, number=i) for i in range(3)]
    new = scene(50, number=3, cut=True)
    after = cut(*before, new, strength=1)[-1]
    (alone,) = cut(new, strength=1)
    assert torch.equal(after.image, alone.image)


def test_a_shot_that_nobody_marked_as_new_is_seen_to_be():
    before = [scene(10 * i, number=i) for i in range(3)]
    other = scene(50, number=3)
    new = other.showing(1 - other.image)
    after = cut(*before, new, strength=1)[-1]
    (alone,) = cut(new, strength=1)
    assert torch.equal(after.image, alone.image)


def test_frames_of_another_size_are_a_new_beginning():
    before, new = scene(10), scene(20, (64, 80), 1)
    after = cut(before, new, strength=1)[-1]
    (alone,) = cut(new, strength=1)
    assert torch.equal(after.image, alone.image)


def test_the_same_frames_give_the_same_pictures():
    frames = noise(3, size=(40, 60))
    first, second = cut(*frames, strength=1), cut(*frames, strength=1)
    assert all(torch.equal(a.image, b.image) for a, b in zip(first, second, strict=True))


def test_colours_stay_to_the_bit_where_nothing_is_to_be_taken_out():
    frame = scene(40)
    (made,) = cut(frame, strength=1, decontaminate=False)
    assert torch.equal(made.image[:3], frame.image)
    (made,) = cut(frame, strength=1)
    hard = (made.image[3] == 0) | (made.image[3] == 1)
    assert torch.equal(made.image[:3, hard], frame.image[:, hard])
    assert not torch.equal(made.image[:3], frame.image)


def test_an_alpha_that_is_there_already_stays_the_most_there_may_be():
    frame = scene(40)
    half = torch.full((1, *frame.image.shape[1:]), 0.5)
    (made,) = cut(frame.showing(torch.cat([frame.image, half])))
    (alone,) = cut(frame)
    assert torch.allclose(made.image[3], alone.image[3] * 0.5)


def test_the_last_matte_can_be_used_again_for_a_newer_picture():
    node = Portrait()
    node.open(context(store()))
    assert node.reuse(scene(40)) is None
    node.process(scene(40))
    again = node.reuse(scene(40, number=1))
    assert again is not None
    assert again.pts == Fraction(1, 25)
    assert again.image[3, 48, 64] > 0.99


def test_a_small_person_is_looked_at_from_close_by():
    models = store()
    found = torch.full((3, 200, 320), 0.1)
    found[:, 100:130, 200:225] = 0.9
    frame = Frame(found, Fraction(0), Fraction(1))
    shared = SharedModels(models)
    square = shared.load("mediapipe-selfie", torch.device("cpu"), torch.float32)
    assert isinstance(square, Bright)
    run(Portrait(), context(shared), frame=[frame])
    assert len(square.sizes) == 2
    run(Portrait(search="fast"), context(shared), frame=[frame])
    assert len(square.sizes) == 2


def test_it_says_which_models_it_wants():
    assert list(Portrait().wants()) == [
        "mediapipe-selfie",
        "mediapipe-selfie-landscape",
        "mediapipe-pose-detection",
        "mediapipe-face-detection-full",
        "matting-portrait",
    ]


def test_a_search_that_is_not_known_is_refused():
    with pytest.raises(ParamError, match="thorough"):
        Portrait(search="deep")  # type: ignore[arg-type]  # what a user may write


def test_it_runs_on_any_device(device):
    frame = scene(40)
    on_device = frame.showing(frame.image.to(device))
    (made,) = run(Portrait(), context(store(1.0), device), frame=[on_device])
    (here,) = cut(frame, strength=1)
    assert made.image.device.type == device.type
    assert torch.allclose(made.image.cpu(), here.image, atol=2e-3)
