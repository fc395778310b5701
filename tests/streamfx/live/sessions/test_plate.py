"""Taking a clean plate."""

from fractions import Fraction

import pytest
import torch

from streamfx.frame import Frame
from streamfx.live.sessions.plate import APART, PICTURES, PlateTaker, StirredError


def frames(count: int, *, noise: float = 0.05, walker: bool = False) -> list[Frame]:
    generator = torch.Generator().manual_seed(1)
    room = torch.linspace(0.2, 0.8, 64).expand(3, 48, 64)
    made = []
    for i in range(count):
        image = room + noise * torch.randn(3, 48, 64, generator=generator)
        if walker:
            image[:, :, i * 3 : i * 3 + 20] = 1.0
        made.append(Frame(image.clamp(0, 1), i * APART, APART))
    return made


def test_noise_averages_out() -> None:
    taker = PlateTaker()
    for frame in frames(PICTURES, noise=0.02):
        assert not taker.done.is_set()
        taker.show(frame)
    assert taker.done.is_set()
    room = torch.linspace(0.2, 0.8, 64).expand(3, 48, 64)
    assert (taker.plate().image - room).abs().mean() < 0.01


def test_somebody_in_the_picture_is_noticed() -> None:
    taker = PlateTaker()
    for frame in frames(PICTURES, walker=True):
        taker.show(frame)
    with pytest.raises(StirredError, match=r"[1-9]\d?% of the picture moved: step out"):
        taker.plate()


def test_neighbouring_pictures_are_left_out() -> None:
    taker = PlateTaker()
    for i in range(3 * (PICTURES - 1) + 1):
        taker.show(Frame(torch.zeros(3, 4, 4), Fraction(i, 60), Fraction(1, 60)))
        assert taker.done.is_set() == (i == 3 * (PICTURES - 1))


def test_another_size_begins_anew() -> None:
    taker = PlateTaker()
    for i in range(PICTURES - 1):
        taker.show(Frame(torch.zeros(3, 4, 4), i * APART, APART))
    taker.show(Frame(torch.zeros(3, 8, 8), PICTURES * APART, APART))
    assert not taker.done.is_set()
    for i in range(PICTURES):
        taker.show(Frame(torch.ones(3, 8, 8), (PICTURES + 1 + i) * APART, APART))
    assert taker.plate().width == 8
