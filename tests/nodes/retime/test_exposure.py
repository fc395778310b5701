from fractions import Fraction

import pytest
import torch

from streamfx import Colour, Frame
from streamfx.colour import from_linear, to_linear
from streamfx.nodes.retime._exposure import Exposure
from streamfx.testing import clip, noise

HALF = Fraction(1, 2)
ONE = Fraction(1)


def exposed(*parts: tuple[Frame, Fraction]) -> Frame:
    exposure = Exposure()
    for frame, share in parts:
        exposure.add(frame, share)
    return exposure.picture(Fraction(3), Fraction(1, 5))


@pytest.mark.parametrize("transfer", ["bt709", "iec61966-2-1", "smpte2084", "linear"])
def test_light_is_averaged_not_code_values(transfer: str) -> None:
    dark, bright = (f.tagged(Colour(transfer=transfer)) for f in clip(0.2, 0.8))
    made = exposed((dark, ONE), (bright, ONE))
    light = (to_linear(dark.image, transfer) + to_linear(bright.image, transfer)) / 2
    torch.testing.assert_close(made.image, from_linear(light, transfer))
    assert made.colour == dark.colour


def test_who_is_seen_longer_counts_for_more() -> None:
    dark, bright = (f.tagged(Colour(transfer="linear")) for f in clip(0.0, 1.0))
    made = exposed((dark, Fraction(3, 100)), (bright, Fraction(1, 100)))
    torch.testing.assert_close(made.image, torch.full_like(made.image, 0.25))


def test_what_is_transparent_gives_no_light() -> None:
    (white,) = clip(1.0, alpha=1.0)
    (hidden,) = clip(0.0, alpha=0.0)
    made = exposed((white, ONE), (hidden, ONE))
    torch.testing.assert_close(made.image[:3], torch.ones(3, 4, 6))
    torch.testing.assert_close(made.image[3:], torch.full((1, 4, 6), 0.5))


def test_one_picture_comes_out_as_it_is() -> None:
    first, second = noise(2)
    for made in (
        exposed((first, HALF)),
        exposed((first, HALF), (second, Fraction(0))),
        exposed((first, HALF), (second.marked(repeated=True), HALF)),
        exposed((first, Fraction(0))),
    ):
        assert made.image is first.image
        assert (made.pts, made.end) == (3, Fraction(16, 5))


def test_a_mix_is_no_frame_of_the_source_but_keeps_cuts_and_damage() -> None:
    first, second = noise(2)
    made = exposed((first.marked(cut=True, number=4), ONE), (second.marked(corrupt=True), ONE))
    assert (made.props.cut, made.props.corrupt, made.props.number) == (True, True, None)
    shut = exposed((first, ONE), (second.marked(corrupt=True), Fraction(0)))
    assert not shut.props.corrupt
