import pytest
import torch

from streamfx.colour import from_linear, to_linear
from streamfx.nodes.compose._wrap import wrapped


def half(level: float = 0.2) -> torch.Tensor:
    """Return a subject that fills the right half of a picture."""
    image = torch.full((4, 60, 200), level)
    image[3] = 0
    image[3, :, 100:] = 1
    return image


def test_light_of_the_scene_falls_on_the_edge_and_fades_inwards() -> None:
    made = wrapped(half(), torch.ones(3, 60, 200), 0.5, 16, None)
    row = made[0, 30, 100:]
    assert row[0].item() == pytest.approx(0.2 + 0.8 * 0.5 * 0.5, abs=0.03)
    assert row[40:].sub(0.2).abs().max() < 1e-3
    assert row.diff().le(1e-6).all()
    assert made[3].equal(half()[3])


def test_a_black_scene_throws_no_light() -> None:
    made = wrapped(half(), torch.zeros(3, 60, 200), 1.0, 16, None)
    assert made.sub(half()).abs().max() < 1e-6


def test_it_has_the_colour_of_the_scene() -> None:
    scene = torch.tensor([1.0, 0.5, 0.0])[:, None, None].expand(3, 60, 200)
    made = wrapped(half(), scene, 1.0, 16, None)[:, 30, 101] - 0.2
    assert made[1] / made[0] == pytest.approx(0.5, abs=0.02)
    assert made[2].abs() < 1e-6


@pytest.mark.parametrize("transfer", [None, "bt709", "smpte2084"])
def test_nothing_gets_brighter_than_white(transfer: str | None) -> None:
    made = wrapped(half(0.95), torch.ones(3, 60, 200), 1.0, 30, transfer)
    assert made.max() <= 1
    assert made[:3, :, 100:].min() >= 0.95 - 1e-4


def test_light_adds_up_when_asked() -> None:
    made = wrapped(half(), torch.ones(3, 60, 200), 0.25, 16, "bt709")
    plain = to_linear(torch.tensor(0.2), "bt709")
    lit = to_linear(made[0, 30, 100], "bt709") - plain
    assert lit.item() == pytest.approx(0.25 * 0.5, abs=0.02)
    assert from_linear(plain, "bt709").item() == pytest.approx(made[0, 30, 190].item(), abs=1e-4)


def test_a_clear_scene_throws_no_light() -> None:
    made = wrapped(
        half(), torch.cat([torch.ones(3, 60, 200), torch.zeros(1, 60, 200)]), 1, 16, None
    )
    assert made.sub(half()).abs().max() < 1e-6
