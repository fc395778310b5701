"""What one wire calls white is white on the other."""

import pytest
import torch

from streamfx.colour import Colour
from streamfx.nodes.compose._wires import converted
from streamfx.swatch import rgb
from streamfx.testing import noise

SDR = Colour()
PQ = Colour("bt2020", "smpte2084", "bt2020nc", depth=10)
HLG = Colour("bt2020", "arib-std-b67", "bt2020nc", depth=10)
LIGHT = Colour(transfer="linear", matrix="gbr", range="full", depth=32)


def swatch(name: str, colour: Colour) -> torch.Tensor:
    return torch.tensor(rgb(name, colour))[:, None, None].expand(3, 2, 3)


@pytest.mark.parametrize(
    "there", [SDR, Colour(transfer="iec61966-2-1", matrix="gbr"), Colour("smpte170m", "smpte170m")]
)
def test_among_sdr_pictures_codes_stay(there: Colour) -> None:
    image = noise(1)[0].image
    assert converted(image, there, SDR) is image


@pytest.mark.parametrize("wire", [PQ, HLG])
def test_one_kind_of_hdr_stays_as_it_is(wire: Colour) -> None:
    image = noise(1)[0].image
    assert converted(image, wire, wire) is image


@pytest.mark.parametrize("here", [PQ, HLG])
@pytest.mark.parametrize("name", ["white", "grey", "orange", "navy"])
def test_a_colour_of_sdr_is_where_a_swatch_of_it_would_be(here: Colour, name: str) -> None:
    there = Colour(transfer="iec61966-2-1", matrix="gbr", range="full")
    made = converted(swatch(name, there), there, here)
    torch.testing.assert_close(made, swatch(name, here), atol=2e-3, rtol=0)


@pytest.mark.parametrize("there", [PQ, HLG, LIGHT])
@pytest.mark.parametrize("name", ["grey", "navy", "green"])
def test_a_colour_comes_back_as_it_was(there: Colour, name: str) -> None:
    here = Colour(transfer="iec61966-2-1", matrix="gbr", range="full")
    made = converted(swatch(name, there), there, here)
    torch.testing.assert_close(made, swatch(name, here), atol=0.01, rtol=0)


def test_highlights_of_hdr_keep_their_differences_and_their_hue() -> None:
    light = (
        torch.linspace(0.5, 1, 64).expand(3, 1, 64) * torch.tensor([1.0, 0.9, 0.8])[:, None, None]
    )
    made = converted(light, PQ, SDR)
    assert made.max() <= 1
    brightest = made.amax(0)[0]
    assert brightest.diff().ge(0).all()
    assert brightest[-1] > brightest[20]
    assert (made[0] >= made[2]).all()


def test_a_wide_gamut_is_clipped_into_a_narrow_one() -> None:
    made = converted(torch.tensor([0.0, 1.0, 0.0])[:, None, None], Colour("bt2020"), SDR)
    torch.testing.assert_close(made[:, 0, 0], torch.tensor([0.0, 1.0, 0.0]), atol=0.01, rtol=0)
    grey = torch.full((3, 1, 1), 0.5)
    torch.testing.assert_close(converted(grey, Colour("smpte432"), SDR), grey, atol=2e-3, rtol=0)


def test_alpha_stays() -> None:
    image = noise(1, alpha=True)[0].image
    assert converted(image, PQ, SDR)[3].equal(image[3])
