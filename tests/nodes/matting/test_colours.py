import torch

from streamfx.nodes.matting._colours import Colours

ALL = torch.ones(12, 16, dtype=torch.bool)


def plain(level: float) -> torch.Tensor:
    return torch.full((3, 12, 16), level)


def learnt(*levels: float) -> Colours:
    colours = Colours(plain(0.0))
    for level in levels:
        colours.learn(plain(level), ALL)
    return colours


def test_what_comes_back_counts_more_than_what_stays():
    often = [0.2] * 4
    stays = [0.8] * 20
    image, _ = learnt(*often, *stays, *often, 0.5, *often, 0.1, *often).agreed()
    assert image.sub(0.2).abs().max() < 0.01
    image, _ = learnt(*often, *stays).agreed()
    assert image.sub(0.8).abs().max() < 0.01


def test_noise_is_averaged_away():
    maker = torch.Generator().manual_seed(2)
    colours = Colours(plain(0.0))
    for _ in range(40):
        colours.learn(0.5 + 0.015 * torch.randn(3, 12, 16, generator=maker), ALL)
    image, seen = colours.agreed()
    assert image.sub(0.5).std() < 0.004
    assert seen.min() >= 39


def test_where_nothing_was_told_nothing_is_seen():
    told = ALL.clone()
    told[:, 5:] = False
    colours = Colours(plain(0.0))
    for level in (0.3, 0.3, 0.9):
        colours.learn(plain(level), told)
    _, seen = colours.agreed()
    assert seen[:, 5:].max() == 0
    assert seen[:, :5].min() == 2


def test_neighbours_decide_where_a_pixel_is_in_doubt():
    colours = learnt(0.2, 0.2, 0.2, 0.2, 0.8)
    wrong = torch.zeros_like(ALL)
    wrong[6, 8] = True
    for _ in range(5):
        colours.learn(plain(0.8), wrong)
    image, _ = colours.agreed()
    assert image.sub(0.2).abs().max() < 0.01


def test_what_passes_by_does_not_drive_out_the_wall():
    colours = learnt(*[0.3] * 6)
    for number in range(40):
        colours.learn(plain(0.5 + 0.12 * (number % 4)), ALL)
        if number % 5 == 0:
            colours.learn(plain(0.3), ALL)
    assert colours.agreed()[0].sub(0.3).abs().max() < 0.01
