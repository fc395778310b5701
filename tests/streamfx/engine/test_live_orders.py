from fractions import Fraction

from streamfx.engine.live_orders import REMEMBERED, Orders, Sources
from streamfx.testing import clip
from tests.livefx import Adds, pipeline


def test_nothing_is_ordered_at_first() -> None:
    assert not Orders()
    assert Orders(pipeline=pipeline(Adds()))
    assert Orders(feeds={"plate": None})
    assert Orders(params={("a", "b"): 0})


def test_what_led_to_a_picture_is_what_was_shown_at_its_instant() -> None:
    sources = Sources()
    frames = clip(0, 0, 0, fps=10)
    for number, frame in enumerate(frames):
        sources.note(frame, float(number))
    assert sources.of(frames[0]) == (frames[0], 0.0)
    assert sources.of(frames[1].at(Fraction(3, 20))) == (frames[1], 1.0)
    assert sources.of(frames[2].at(Fraction(9))) == (frames[2], 2.0)


def test_pictures_of_which_nothing_comes_are_forgotten() -> None:
    sources = Sources()
    frames = clip(*[0] * (REMEMBERED + 10))
    for frame in frames:
        sources.note(frame, 0.0)
    assert sources.of(frames[0])[0] is frames[10]
