from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from streamfx.media.tempo import Samples, Tempo

RATE = 16000
SPEEDS = [
    Fraction(1, 20),
    Fraction(1, 4),
    Fraction(4, 5),
    Fraction(3, 2),
    Fraction(4),
    Fraction(20),
]


def stretched(samples: Samples, speed: Fraction, chunk: int = 1024) -> Samples:
    tempo = Tempo(samples.shape[0], RATE, speed)
    made = [
        piece
        for first in range(0, samples.shape[1], chunk)
        for piece in tempo.feed(samples[:, first : first + chunk])
    ]
    made += tempo.flush()
    return np.concatenate([samples[:, :0], *made], axis=1)


def sine(seconds: float, hertz: float = 440) -> Samples:
    at = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)[None]


def rustle(seconds: float, channels: int = 1) -> Samples:
    made = np.random.default_rng(0).normal(size=(channels, int(seconds * RATE))) * 0.2
    return made.astype(np.float32)


def test_at_its_own_speed_sound_comes_out_as_it_went_in() -> None:
    source = rustle(0.5, channels=2)
    np.testing.assert_allclose(stretched(source, Fraction(1)), source, atol=1e-5)


@pytest.mark.parametrize("speed", SPEEDS, ids=str)
@pytest.mark.parametrize("count", [1, 999, 16001])
def test_the_length_is_exact_to_the_sample(speed: Fraction, count: int) -> None:
    assert stretched(rustle(2)[:, :count], speed).shape[1] == round(count / speed)


def test_of_nothing_comes_nothing() -> None:
    assert not list(Tempo(2, RATE, Fraction(1, 4)).flush())


@pytest.mark.parametrize("speed", [Fraction(1, 8), Fraction(1, 4), Fraction(3, 2), Fraction(4)])
def test_a_tone_keeps_its_pitch_and_stays_pure(speed: Fraction) -> None:
    made = stretched(sine(4), speed)[0]
    power = np.abs(np.fft.rfft(made * np.blackman(len(made)))) ** 2
    hertz = np.arange(len(power)) * RATE / len(made)
    assert abs(hertz[power.argmax()] - 440) < 1
    assert power[np.abs(hertz - 440) > 10].sum() / power.sum() < 1e-5  # -50 dB
    assert 0.48 < np.sqrt(2 * (made[RATE // 4 : -RATE // 4] ** 2).mean()) < 0.52


@pytest.mark.parametrize("speed", [Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(2)])
def test_what_is_heard_at_an_instant_stays_there_to_the_end(speed: Fraction) -> None:
    source = rustle(4)
    bursts = range(4000, 64000, 8000)
    loud = np.zeros(source.shape[1], bool)
    for first in bursts:
        loud[first : first + 1600] = True
    made = stretched(source * loud, speed)[0] ** 2
    for first in bursts:
        begin, end = (int(at / speed) for at in (first - 2000, first + 3600))
        heard = made[begin:end]
        centre = (heard * np.arange(len(heard))).sum() / heard.sum() + begin
        assert abs(centre - (first + 800) / speed) / RATE < 0.02


def test_how_the_sound_comes_in_makes_no_difference() -> None:
    source = rustle(0.5)
    np.testing.assert_array_equal(
        stretched(source, Fraction(1, 3)), stretched(source, Fraction(1, 3), chunk=77)
    )


def test_channels_stay_together() -> None:
    left = sine(1) + rustle(1)
    made = stretched(np.concatenate([left, -0.5 * left]), Fraction(1, 4))
    np.testing.assert_allclose(made[1], -0.5 * made[0], atol=1e-4)


def test_silence_stays_silent() -> None:
    assert not stretched(np.zeros((2, RATE), np.float32), Fraction(1, 4)).any()


@pytest.mark.parametrize("speed", [Fraction(1, 4), Fraction(20)])
def test_no_more_is_kept_than_a_few_windows(speed: Fraction) -> None:
    tempo = Tempo(1, RATE, speed)
    kept = 0
    for _ in range(100):
        list(tempo.feed(np.zeros((1, 1024), np.float32)))
        kept = max(kept, tempo._source.shape[1])
    assert kept < 8192
