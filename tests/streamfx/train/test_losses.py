import pytest
import torch

from streamfx.train.losses import alpha_loss, change_loss, colour_loss


def test_what_is_right_costs_nothing():
    alpha, colour = torch.rand(2, 1, 32, 48), torch.rand(2, 3, 32, 48)
    assert float(alpha_loss(alpha, alpha)) == 0
    assert float(colour_loss(colour, colour, alpha)) == 0
    assert float(change_loss([alpha, alpha / 2], [alpha, alpha / 2])) == 0


def test_a_level_that_is_off_costs_its_mean_and_no_detail():
    truth = torch.full((1, 1, 64, 64), 0.3)
    assert float(alpha_loss(truth + 0.1, truth)) == pytest.approx(0.1, abs=1e-4)


def test_a_lost_edge_costs_more_than_the_same_error_spread_out():
    truth = torch.zeros(1, 1, 64, 64)
    truth[..., 32:] = 1
    soft = torch.nn.functional.avg_pool2d(truth, 9, 1, 4)
    even = truth + (soft - truth).abs().mean()
    assert float(alpha_loss(soft, truth)) > 1.3 * float(alpha_loss(even, truth))


def test_a_shift_that_stays_is_no_change_but_flicker_is():
    truth = [torch.rand(1, 1, 16, 16)] * 3
    steady = [each + 0.2 for each in truth]
    flickering = [truth[0], truth[0] + 0.2, truth[0]]
    assert float(change_loss(steady, truth)) == pytest.approx(0, abs=1e-12)
    assert float(change_loss(flickering, truth)) == pytest.approx(0.04, rel=1e-4)
    assert float(change_loss(truth[:1], truth[:1])) == 0


def test_colours_count_only_where_there_is_a_subject():
    alpha = torch.zeros(1, 1, 8, 8)
    alpha[..., :4] = 1
    truth = torch.zeros(1, 3, 8, 8)
    off = truth.clone()
    off[..., 4:] = 1
    assert float(colour_loss(off, truth, alpha)) == 0
    assert float(colour_loss(truth + 0.5, truth, alpha)) == pytest.approx(0.5, rel=0.02)
