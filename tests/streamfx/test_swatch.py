import pytest

from streamfx import Colour, Node, ParamError
from streamfx.frame import Frame
from streamfx.params import param
from streamfx.swatch import NAMES, Swatch, rgb


class Painted(Node):
    """A node with a colour."""

    colour: Swatch = param(default="black", help="Any.")

    def process(self, frame: Frame) -> Frame:
        return frame


@pytest.mark.parametrize("text", ["#fff", "#FF8000", "Orange", *NAMES])
def test_names_and_codes_are_taken(text: str) -> None:
    assert all(0 <= value <= 1 for value in rgb(Painted(colour=text).colour, Colour()))


@pytest.mark.parametrize("text", ["", "ff8000", "#ff80", "#ff80000", "#ggg", "beige-ish"])
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ParamError, match="^colour must be a colour such as #ff8000, or one of"):
        Painted(colour=text)


def test_codes_are_the_code_values_of_sdr_video() -> None:
    assert rgb("#ff8000", Colour()) == pytest.approx((1, 128 / 255, 0))
    assert rgb("#f80", Colour()) == pytest.approx((1, 136 / 255, 0))


@pytest.mark.parametrize(("transfer", "white"), [("smpte2084", 0.581), ("arib-std-b67", 0.75)])
def test_white_is_diffuse_white_in_hdr(transfer: str, white: float) -> None:
    colour = Colour("bt2020", transfer, "bt2020nc")
    assert rgb("white", colour) == pytest.approx((white,) * 3, abs=0.002)


def test_red_of_a_small_gamut_is_not_the_red_of_a_large_one() -> None:
    red, green, blue = rgb("red", Colour("bt2020", "smpte2084", "bt2020nc"))
    assert red > green > blue > 0.1


def test_linear_light_gets_light() -> None:
    assert rgb("grey", Colour(transfer="linear"))[0] == pytest.approx(0.216, abs=0.001)
