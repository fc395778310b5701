import torch

from streamfx.nodes.matting._people import People, Window, _around, _parts
from streamfx.testing import context
from tests.nodes.matting.people import store


def lit(size, top, left, bottom, right):
    image = torch.full((3, *size), 0.1)
    image[:, top:bottom, left:right] = 0.9
    return image


def test_a_mask_has_the_size_that_was_asked_for_and_shows_who_is_there():
    image = lit((100, 200), 20, 50, 80, 100)
    for thorough in (True, False):
        mask = People(context(store()), thorough=thorough).find(image, (48, 96))
        assert mask.shape == (48, 96)
        assert mask[24, 36] > 0.9
        assert mask[:, :16].max() < 0.1


def test_a_closer_look_finds_what_the_whole_picture_is_too_coarse_for():
    image = torch.full((3, 720, 1280), 0.1)
    image[:, 300:420, 600:720:2] = 0.9  # stripes that a small picture blurs into grey
    image[:, 300:420, 600:660] = 0.9
    truth = (image.mean(0) > 0.5).float()
    found = {
        thorough: People(context(store()), thorough=thorough).find(image, (720, 1280))
        for thorough in (True, False)
    }
    wrong = {key: float((mask - truth).abs().mean()) for key, mask in found.items()}
    assert wrong[True] < wrong[False]


def test_windows_are_square_lie_in_the_picture_and_do_not_tremble():
    first = _around(100, 50, 30, 60, 200, 300)
    assert first == _around(101, 51, 30, 60, 200, 300)
    assert first.top <= 50 - 9 and first.bottom >= 110 + 9
    assert abs((first.bottom - first.top) - (first.right - first.left)) <= 15
    edge = _around(0, 0, 40, 40, 200, 300)
    assert (edge.top, edge.left) == (0, 0)


def test_at_most_three_people_are_looked_at_the_larger_ones_first():
    mask = torch.zeros(100, 400)
    for i, size in enumerate((10, 30, 20, 25, 1)):
        mask[20 : 20 + size, 20 + 80 * i : 20 + 80 * i + size] = 1
    parts = _parts(mask)
    assert len(parts) == 3
    assert parts[0].left < 100 < parts[0].right
    assert not any(part.left <= 20 < part.right for part in parts)


def test_who_fills_the_picture_is_not_looked_at_again():
    assert _parts(torch.ones(50, 60)) == []
    assert _parts(torch.zeros(50, 60)) == []


def test_a_window_scales_with_the_picture():
    from streamfx.nodes.matting._people import _scaled

    assert _scaled(Window(1, 2, 3, 4), (10, 10), (100, 50)) == Window(10, 10, 30, 20)
