import pytest
import torch

from streamfx.nodes.compose import Blur
from streamfx.testing import clip, context, noise, run


def test_a_point_spreads_as_a_gaussian(device: torch.device) -> None:
    (frame,) = clip(0, size=(41, 41), device=device)
    image = frame.image.clone()
    image[:, 20, 20] = 1
    (out,) = run(Blur(radius=2.0), context(device=device), frame=[frame.showing(image)])
    away = torch.arange(41) - 20.0
    weights = torch.exp(-0.5 * (away / 2) ** 2)
    weights /= weights.sum()
    torch.testing.assert_close(out.image[1].cpu(), weights[:, None] * weights, atol=1e-4, rtol=0)


def test_an_edge_of_the_matte_gets_soft_and_keeps_its_colour() -> None:
    (frame,) = clip(0.8, size=(16, 32), alpha=0)
    image = frame.image.clone()
    image[3, :, :16] = 1
    image[:3, :, 16:] = 0  # what is hidden is black
    (out,) = run(Blur(radius=3.0), frame=[frame.showing(image)])
    assert out.image[3, 8, 15].item() == pytest.approx(0.57, abs=0.02)
    shown = out.image[:3, :, :20]
    torch.testing.assert_close(shown, torch.full_like(shown, 0.8), atol=1e-4, rtol=0)


def test_no_radius_leaves_the_frame_itself() -> None:
    (frame,) = noise(1)
    assert run(Blur(radius=0.0), frame=[frame]) == [frame]


def test_the_light_of_the_whole_picture_stays() -> None:
    (frame,) = clip(0, size=(200, 200))
    image = frame.image.clone()
    image[:, 90:110, 90:110] = 1
    for radius in (0.5, 3.0, 4.0, 9.0, 20.0):
        (out,) = run(Blur(radius=radius), frame=[frame.showing(image)])
        assert out.image.sum().item() == pytest.approx(1200, rel=2e-3)


def test_a_radius_that_glides_does_not_jump() -> None:
    (frame,) = noise(1, size=(64, 64))
    for edge in (4.0, 8.0, 16.0):
        below, above = (
            run(Blur(radius=edge + shift), frame=[frame])[0].image for shift in (-0.001, 0.001)
        )
        assert (below - above).abs().max() < 1 / 255
