import pytest
import torch

from streamfx.nodes.matting._network import Portrait, folded


def test_a_new_network_leaves_mask_and_picture_as_they_are():
    network = Portrait().eval()
    image, coarse = torch.rand(1, 3, 32, 48), torch.full((1, 1, 32, 48), 0.3)
    with torch.no_grad():
        alpha, colours, memory = network(image, coarse)
    assert torch.allclose(alpha, coarse, atol=1e-5)
    assert torch.equal(colours, image)
    assert [tuple(each.shape[2:]) for each in memory] == [(4, 6), (8, 12), (16, 24)]


def test_folding_changes_the_network_but_not_what_it_says():
    torch.manual_seed(0)
    network = Portrait((4, 6, 8, 8), learning=True).train()
    torch.nn.init.normal_(network.out.weight, 0, 0.1)
    for _ in range(3):
        network(torch.rand(2, 3, 32, 32), torch.rand(2, 1, 32, 32))
    network.eval()
    network.learning = False
    image, coarse = torch.rand(1, 3, 32, 32), torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        before = network(image, coarse)[0]
        plain = Portrait((4, 6, 8, 8)).eval()
        plain.load_state_dict(folded(network).state_dict())
        assert torch.allclose(plain(image, coarse)[0], before, atol=1e-5)


def test_what_the_mask_is_sure_of_stays_on_its_side():
    torch.manual_seed(1)
    network = Portrait((4, 6, 8, 8)).eval()
    torch.nn.init.normal_(network.out.weight, 0, 9)
    coarse = torch.zeros(1, 1, 96, 96)
    coarse[..., 48:] = 1
    coarse[..., 46:50] = 0.5
    with torch.no_grad():
        alpha, _, _ = network(torch.rand(1, 3, 96, 96), coarse)
    assert alpha[..., :40].max() < 0.5 < alpha[..., 56:].min()
    assert alpha[..., 46:50].min() < 0.2 and alpha[..., 46:50].max() > 0.8


def test_alpha_and_colours_stay_in_bounds():
    torch.manual_seed(1)
    network = Portrait((4, 6, 8, 8)).eval()
    torch.nn.init.normal_(network.out.weight, 0, 3)
    with torch.no_grad():
        alpha, colours, _ = network(torch.rand(1, 3, 32, 32), torch.rand(1, 1, 32, 32))
    for made in (alpha, colours):
        assert 0 <= made.min() <= made.max() <= 1


def test_two_pictures_at_once_are_seen_as_one_after_the_other():
    torch.manual_seed(2)
    network = Portrait((4, 6, 8, 8)).eval()
    torch.nn.init.normal_(network.out.weight, 0, 0.3)
    image, coarse = torch.rand(2, 3, 32, 32), torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        both = network(image, coarse)[0]
        each = [network(image[i : i + 1], coarse[i : i + 1])[0] for i in range(2)]
    assert torch.allclose(both, torch.cat(each), atol=1e-5)


def test_a_picture_that_cannot_be_halved_four_times_is_no_input():
    with pytest.raises(RuntimeError):
        Portrait((4, 6, 8, 8))(torch.rand(1, 3, 33, 32), torch.rand(1, 1, 33, 32))


def test_while_it_learns_edges_of_the_mask_are_wide():
    coarse = torch.zeros(1, 1, 96, 96)
    coarse[..., 48:] = 1
    image = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        hard = Portrait((4, 6, 8, 8)).eval()(image, coarse)[0]
        soft = Portrait((4, 6, 8, 8), learning=True).eval()(image, coarse)[0]
    assert ((hard > 0.02) & (hard < 0.98)).sum() == 0
    assert ((soft > 0.02) & (soft < 0.98)).sum() > 96
