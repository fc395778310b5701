"""The subject takes on the scene's colours, steadily, and no further than looks right."""

import pytest
import torch
from torch import Tensor

from streamfx.nodes.compose._match import WINDOW, Match


def flat(*rgb: float, spread: float = 0.0, seed: int = 0) -> Tensor:
    noise = torch.randn((1, 72, 96), generator=torch.Generator().manual_seed(seed)) * spread
    return (torch.tensor(rgb)[:, None, None] + noise).clamp(0, 1).expand(3, 72, 96).contiguous()


def cut(colour: Tensor, share: float = 0.5) -> Tensor:
    alpha = torch.zeros(1, 72, 96)
    alpha[:, :, : int(96 * share)] = 1
    return torch.cat([colour, alpha])


def test_the_mean_moves_all_the_way_and_by_half() -> None:
    image, scene = cut(flat(0.5, 0.45, 0.4)), flat(0.6, 0.56, 0.53)
    there = scene[:, 0, 0]
    for amount in (1.0, 0.5):
        match = Match()
        for _ in range(WINDOW):
            made = match.matched(image, scene, amount)
        wanted = torch.lerp(image[:3, 0, 0], there, amount)
        torch.testing.assert_close(made[:3, 0, 0], wanted, atol=2e-3, rtol=0)
        assert made[3].equal(image[3])


def test_the_spread_follows_within_bounds() -> None:
    image = cut(flat(0.5, 0.5, 0.5, spread=0.05))
    wide = Match().matched(image, flat(0.5, 0.5, 0.5, spread=0.055, seed=1), 1.0)
    wider = Match().matched(image, flat(0.5, 0.5, 0.5, spread=0.25, seed=1), 1.0)
    before = image[0, :, :40].std()
    assert before < wide[0, :, :40].std() < 1.15 * before
    assert wider[0, :, :40].std() / before == pytest.approx(1.4, abs=0.03)


def test_only_what_is_opaque_counts() -> None:
    image, scene = cut(flat(0.5, 0.5, 0.5)), flat(0.6, 0.6, 0.6)
    image[:3, :, 48:] = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    made = Match().matched(image, scene, 1.0)
    torch.testing.assert_close(made[:3, 10, 10], torch.full((3,), 0.6), atol=3e-3, rtol=0)


def test_black_does_not_turn_to_haze() -> None:
    made = Match().matched(cut(flat(0.05, 0.05, 0.05)), flat(0.9, 0.9, 0.9), 1.0)
    assert made[:3, 10, 10].max() < 0.25


def test_a_flash_changes_little_at_once() -> None:
    image = cut(flat(0.4, 0.4, 0.4))
    match = Match()
    for _ in range(WINDOW):
        before = match.matched(image, flat(0.4, 0.4, 0.4), 1.0)
    after = match.matched(image, flat(0.52, 0.52, 0.52), 1.0)
    assert (after - before)[:3].abs().max() < 0.02
    for _ in range(WINDOW):
        after = match.matched(image, flat(0.52, 0.52, 0.52), 1.0)
    assert after[0, 0, 0].item() == pytest.approx(0.52, abs=3e-3)


def test_what_lies_further_back_than_the_window_is_forgotten() -> None:
    image, late = cut(flat(0.4, 0.4, 0.4)), flat(0.5, 0.5, 0.5)
    long, short = Match(), Match()
    for _ in range(5):
        long.matched(image, flat(0.2, 0.8, 0.3), 1.0)
    for _ in range(WINDOW):
        one, other = long.matched(image, late, 1.0), short.matched(image, late, 1.0)
    assert one.equal(other)


def test_a_subject_that_is_hardly_there_is_left_alone() -> None:
    image = cut(flat(0.5, 0.5, 0.5), share=0)
    image[3, 0, 0] = 1
    made = Match().matched(image, flat(0.9, 0.2, 0.2), 1.0)
    assert (made[:3, 0, 0] - 0.5).abs().max() < 0.05
