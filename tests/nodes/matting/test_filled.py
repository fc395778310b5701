import pytest
import torch

from streamfx.nodes.matting._filled import filled


def test_what_is_known_stays_as_it_is():
    image = torch.rand(3, 21, 34)
    known = (torch.rand(21, 34) > 0.5).float()
    made = filled(image, known)
    assert made[:, known == 1].equal(image[:, known == 1])
    assert filled(image, torch.ones(21, 34)) is image


def test_a_hole_in_a_plain_wall_cannot_be_seen():
    image = torch.full((3, 60, 80), 0.4)
    known = torch.ones(60, 80)
    image[:, 20:45, 10:60] = 0.9
    known[20:45, 10:60] = 0
    assert filled(image, known).sub(0.4).abs().max() < 1e-4


def test_a_hole_in_a_ramp_is_between_its_sides():
    image = torch.linspace(0, 1, 64).expand(3, 48, 64).clone()
    known = torch.ones(48, 64)
    known[12:36, 20:44] = 0
    made = filled(image * known, known)
    assert made.sub(image).abs().max() < 0.25
    assert made.diff(dim=2).abs().max() < 0.15


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 5), (33, 2)])
def test_any_size_is_filled_from_a_single_pixel(size):
    known = torch.zeros(size)
    known[0, 0] = 1
    made = filled(torch.full((3, *size), 0.7) * known, known)
    assert made.sub(0.7).abs().max() < 1e-5


def test_where_nothing_is_known_it_is_black():
    assert filled(torch.rand(3, 8, 8), torch.zeros(8, 8)).abs().max() == 0
