import pytest
import torch

from streamfx.colour import Colour, from_linear, gamma_of, guess, to_linear

TRANSFERS = ["bt709", "smpte170m", "iec61966-2-1", "smpte2084", "arib-std-b67", "linear", "bt470m"]


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_light_and_back_is_the_same(transfer: str) -> None:
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    assert torch.allclose(from_linear(to_linear(x, transfer), transfer), x, atol=1e-6)


def test_known_values_of_the_standards() -> None:
    def light(value: float, transfer: str) -> float:
        return float(to_linear(torch.tensor(value, dtype=torch.float64), transfer))

    assert light(0.5, "iec61966-2-1") == pytest.approx(0.21404, abs=1e-5)  # IEC 61966-2-1
    assert light(0.508078, "smpte2084") * 10_000 == pytest.approx(100, rel=1e-3)  # ST 2084
    assert light(0.5, "arib-std-b67") == pytest.approx(1 / 12, abs=1e-6)  # BT.2100, HLG
    assert light(0.5, "bt709") == pytest.approx(0.5**2.4)  # BT.1886


def test_only_pure_powers_have_a_gamma() -> None:
    assert gamma_of("bt709") == 2.4
    with pytest.raises(ValueError, match="smpte2084 is not a pure power"):
        gamma_of("smpte2084")


@pytest.mark.parametrize(
    ("size", "family"),
    [((720, 480), "smpte170m"), ((720, 576), "bt470bg"), ((352, 288), "bt470bg"),
     ((1280, 720), "bt709"), ((1920, 1080), "bt709"), ((640, 360), "smpte170m")],
)  # fmt: skip
def test_untagged_pictures_are_judged_by_their_size(size: tuple[int, int], family: str) -> None:
    colour = guess(width=size[0], height=size[1], rgb=False)
    assert (colour.matrix, colour.primaries, colour.range) == (family, family, "limited")
    assert colour.guessed == ("primaries", "transfer", "matrix", "range")


def test_a_tag_decides_the_rest_of_its_family() -> None:
    colour = guess(width=640, height=360, rgb=False, matrix="bt709", range="full")
    assert (colour.primaries, colour.matrix, colour.range) == ("bt709", "bt709", "full")
    assert colour.guessed == ("primaries", "transfer")
    wide = guess(width=640, height=360, rgb=False, primaries="bt2020")
    assert wide.matrix == "bt2020nc"


def test_rgb_is_srgb_at_full_range() -> None:
    colour = guess(width=64, height=64, rgb=True)
    assert (colour.matrix, colour.transfer, colour.range) == ("gbr", "iec61966-2-1", "full")


def test_a_colour_says_what_was_guessed() -> None:
    assert str(Colour()) == "bt709/bt709/bt709 limited 8-bit"
    assert "(guessed: range)" in str(Colour(guessed=("range",)))
    assert Colour(transfer="smpte2084").hdr
    assert not Colour().hdr
