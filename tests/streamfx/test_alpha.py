import torch

from streamfx.alpha import premultiply, straighten


def test_an_opaque_image_passes_as_it_is() -> None:
    image = torch.rand(3, 4, 5)
    assert premultiply(image) is image
    assert straighten(image) is image


def test_straight_comes_back_where_something_can_be_seen() -> None:
    image = torch.rand(4, 8, 9).clamp(min=0.01)
    torch.testing.assert_close(straighten(premultiply(image)), image, atol=1e-5, rtol=0)


def test_colour_is_black_where_nothing_can_be_seen() -> None:
    image = torch.ones(4, 2, 2)
    image[3] = 0
    assert straighten(premultiply(image)).eq(0).all()


def test_overshoot_of_a_filter_is_brought_back() -> None:
    ringing = torch.tensor([0.9, -0.1, 0.2, 1.2])[:, None, None]
    out = straighten(ringing)
    assert out.flatten().tolist() == torch.tensor([0.9, 0, 0.2, 1]).tolist()
