"""What stands behind the subject."""

from fractions import Fraction
from pathlib import Path

import pytest
import torch

from streamfx.frame import Frame
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.backdrop import ShotFeed, make_feed, out_of_focus


def checkered(size: int = 64) -> Frame:
    squares = (torch.arange(size)[:, None] // 4 + torch.arange(size) // 4) % 2
    return Frame(squares.float().expand(3, size, size), Fraction(0), Fraction(1, 30))


def test_nothing_of_the_room_can_be_made_out() -> None:
    soft = out_of_focus(checkered(256).image)
    assert soft.shape == (3, 256, 256)
    assert float(soft.std()) < 0.01
    assert abs(float(soft.mean()) - 0.5) < 0.01


def test_large_shapes_stay() -> None:
    halves = torch.zeros(3, 128, 128)
    halves[:, :, 64:] = 1
    soft = out_of_focus(halves)
    assert float(soft[:, :, :40].max()) < 0.05
    assert float(soft[:, :, 88:].min()) > 0.95


def test_the_shot_is_the_one_that_came_last_and_is_blurred_once() -> None:
    feed = ShotFeed(blurred=True)
    assert feed.frame_at(Fraction(0), 64, 64) is None
    feed.show(checkered())
    first = feed.frame_at(Fraction(0), 64, 64)
    assert first is feed.frame_at(Fraction(1), 64, 64)
    feed.show(checkered())
    assert feed.frame_at(Fraction(1), 64, 64) is not first
    feed.close()
    assert feed.frame_at(Fraction(1), 64, 64) is None


def test_none_shows_the_shot_itself() -> None:
    feed = ShotFeed(blurred=False)
    shot = checkered()
    feed.show(shot)
    assert feed.frame_at(Fraction(0), 64, 64) is shot


def test_a_colour_fills_the_picture() -> None:
    frame = make_feed("colour", "#ff0000", {}).frame_at(Fraction(0), 8, 4)
    assert frame is not None
    assert frame.image.shape == (3, 4, 8)
    assert frame.image[:, 0, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("colour", "red", "a colour is #rrggbb, got 'red'"),
        ("colour", None, "a colour is #rrggbb, got None"),
        ("upload", "../../etc/passwd", "no upload '../../etc/passwd'"),
        ("lava", None, "a background is one of none, blur, colour, upload, got 'lava'"),
    ],
)
def test_what_cannot_be_is_refused(kind: str, value: str | None, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        make_feed(kind, value, {"known": Path("a.png")})
