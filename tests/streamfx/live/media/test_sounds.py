from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import pytest

from streamfx.live.media.sounds import SoundLine

ZERO = 1000.0  # what the local clock reads at the sender's instant 0


class FakeClock:
    def __init__(self) -> None:
        self.reading = ZERO

    def now(self) -> float:
        return self.reading


def run(values: np.ndarray) -> av.AudioFrame:
    codes = (values * 32_767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(codes.reshape(1, -1), "s16", "mono")
    frame.sample_rate = 48_000
    return frame


@dataclass
class Sender:
    """Sends a click at each whole second of its wall clock; its sound card runs ``gain`` faster."""

    gain: float = 0.0
    size: int = 960
    shake: float = 0.0
    lost: float = 0.0
    jump: tuple[float, float] = (1e9, 0.0)
    network: float = 0.02

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(5)

    def frames(self, seconds: float) -> Iterator[tuple[float, av.AudioFrame, Fraction]]:
        """Yield arrival (by the local clock), frame, instant."""
        rate = 48_000 * (1 + self.gain)
        for number in range(int(seconds * rate / self.size)):
            begin = number * self.size / rate
            values = np.zeros(self.size)
            click = round((np.ceil(begin) - begin) * rate)
            if click < self.size:
                values[click] = 0.9
            if self._random.random() < self.lost:
                continue
            told = begin + self._random.uniform(-1, 1) * self.shake
            if begin >= self.jump[0]:
                told += self.jump[1]
            arrival = ZERO + begin + self.size / rate + self.network
            yield arrival, run(values), Fraction(round(told * 48_000), 48_000)


@dataclass
class Heard:
    clicks: list[float]
    """Instants of the clicks that came out, in seconds."""
    waited: list[float]
    """Seconds from a step's instant to its going out."""
    pts: list[int]
    line: SoundLine

    @property
    def off(self) -> np.ndarray:
        """Seconds by which clicks are off the whole second."""
        return np.array([at - round(at) for at in self.clicks])


def heard(
    sender: Sender,
    seconds: float,
    *,
    delay: float | None = 0.06,
    local: float = 0.0,
    each: float = 0.02,
) -> Heard:
    """Play a sender to a line; the local clock runs ``local`` faster, pictures take ``delay``."""
    clock = FakeClock()
    line = SoundLine(clock)
    result = Heard([], [], [], line)
    frames = list(sender.frames(seconds))
    begun = ZERO
    at = 0
    for step in range(int(seconds / each)):
        true = step * each
        clock.reading = begun + true * (1 + local)
        while at < len(frames) and frames[at][0] - ZERO <= true:
            line.put(frames[at][1], frames[at][2])
            at += 1
        if delay is not None and true > delay:
            line.picture_shown(Fraction(round((true - delay) * 90_000), 90_000))
        for frame in line.due():
            assert frame.pts is not None
            if sender.jump[1] or abs((frame.pts + 24_000) % 48_000 - 24_000) < 4_800:
                data = np.abs(frame.to_ndarray()[0, ::2])
                loudest = int(np.argmax(data))
                if data[loudest] > 9_000:
                    result.clicks.append((frame.pts + loudest) / 48_000)
            result.waited.append(true - frame.pts / 48_000)
            result.pts.append(frame.pts)
        assert line._reel.end - line._reel.position <= 3 * 48_000
    assert set(np.diff(result.pts)) == {960}
    return result


def test_ten_minutes_of_drift_never_show() -> None:
    result = heard(Sender(gain=3e-4, size=5760), 600, delay=0.1, local=1e-4, each=0.1)
    assert len(result.clicks) >= 597
    assert abs(result.off).max() < 0.010
    assert result.line.stats.jumps == 0
    assert result.line.stats.silence == 0


@pytest.mark.parametrize("gain", [-0.003, 0.003])
def test_even_a_bad_sound_card_is_followed(gain: float) -> None:
    result = heard(Sender(gain=gain), 60)
    assert abs(result.off).max() < 0.020
    assert result.line.stats.jumps == 0


def test_without_drift_samples_pass_untouched() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, 48_000)
    for number in range(50):
        line.put(run(noise[number * 960 :][:960]), Fraction(number, 50))
        clock.reading += 0.02
    out = np.concatenate([frame.to_ndarray()[0, ::2] for frame in line.due()])
    there = (noise * 32_767).astype(np.int16)[240 : len(out)]
    assert len(out) >= 47_000
    assert abs(out[240:].astype(int) - there).max() <= 1


def test_jittering_instants_and_lost_packets_do_not_add_up() -> None:
    result = heard(Sender(gain=5e-5, shake=0.004, lost=0.02), 60)
    assert len(result.clicks) >= 54
    assert abs(result.off).max() < 0.010
    assert 0.6 < result.line.stats.silence < 2.0


def test_sound_goes_out_when_its_picture_does() -> None:
    result = heard(Sender(), 5, delay=0.16)
    assert result.waited[-1] == pytest.approx(0.16, abs=0.021)


def test_sound_without_pictures_goes_out_as_soon_as_it_can() -> None:
    result = heard(Sender(), 5, delay=None)
    assert max(result.waited[5:]) <= 0.081
    assert result.line.stats.silence == 0


def test_sound_that_comes_later_than_the_pictures_is_waited_for() -> None:
    result = heard(Sender(network=0.4), 20, delay=0.05)
    assert len(result.clicks) >= 18
    assert result.line.stats.missed < 0.1


def test_the_hold_follows_a_picture_that_takes_longer_without_losing_sound() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    waited = []
    for step in range(500):
        clock.reading = ZERO + step / 50
        line.put(run(np.zeros(960)), Fraction(step - 2, 50))
        line.set_delay(ZERO + (0.06 if step < 100 else 0.26))
        waited += [step / 50 - frame.pts / 48_000 for frame in line.due() if frame.pts is not None]
    assert waited[90] == pytest.approx(0.06, abs=0.021)
    assert waited[-1] == pytest.approx(0.26, abs=0.021)
    assert line.stats.silence == line.stats.missed == 0


@pytest.mark.parametrize("by", [0.25, 0.7])
def test_a_jump_ahead_leaves_silence(by: float) -> None:
    result = heard(Sender(jump=(5.0, by)), 10)
    late = [at for at in result.clicks if at > 6]
    assert late
    assert np.allclose([at - by - round(at - by) for at in late], 0, atol=0.002)
    assert result.line.stats.silence >= by


def test_a_jump_back_is_caught_up_with() -> None:
    result = heard(Sender(jump=(5.0, -0.3)), 12)
    late = [at for at in result.clicks if at > 7]
    assert late
    assert np.allclose([at + 0.3 - round(at + 0.3) for at in late], 0, atol=0.002)
    assert result.line.stats.jumps == 1


def test_instants_that_begin_anew_are_followed() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    frames = []
    for step in range(400):
        clock.reading = ZERO + step / 50
        instant = step - 2 + (5_000 if step < 200 else 0)
        line.put(run(np.full(960, 0.5)), Fraction(instant, 50))
        line.picture_shown(Fraction(instant - 2, 50))
        frames += line.due()
    assert frames[-1].pts is not None
    assert frames[-1].pts < 48_000 * 8
    assert frames[-1].to_ndarray().max() > 16_000


def test_silence_goes_on_when_the_sender_falls_silent_and_sound_comes_back() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    loud = []
    for step in range(1500):
        clock.reading = ZERO + step / 50
        if step < 100 or step > 1400:
            line.put(run(np.full(960, 0.5)), Fraction(step - 2, 50))
        line.picture_shown(Fraction(step - 3, 50))
        loud += [frame.to_ndarray().max() > 10_000 for frame in line.due()]
    assert len(loud) > 1480
    assert 190 < sum(loud) < 201
    assert all(loud[-80:])


def test_nothing_is_due_before_the_first_sound() -> None:
    line = SoundLine(FakeClock())
    assert line.due() == []
    assert line.wait() == pytest.approx(0.02)


def test_waiting_as_long_as_told_is_long_enough() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    line.set_delay(ZERO + 0.2)
    line.put(run(np.zeros(4_800)), Fraction(0))
    clock.reading = ZERO + 0.05
    assert line.due() == []
    clock.reading += line.wait() + 1e-9
    assert len(line.due()) == 1


def test_a_line_that_nobody_empties_stays_small_and_goes_on_from_now() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    for step in range(1000):
        clock.reading = ZERO + step / 50
        line.put(run(np.zeros(960)), Fraction(step - 1, 50))
    assert line.stats.missed == pytest.approx(17, abs=0.2)
    frames = line.due()
    assert 0 < len(frames) <= 51


def test_another_sender_goes_on_where_time_is() -> None:
    clock = FakeClock()
    line = SoundLine(clock)
    frames = []
    for step in range(300):
        clock.reading = ZERO + step / 50
        if step == 150:
            line.restart()
        sound = run(np.full(960, 0.5))
        if step >= 150:
            sound = av.AudioFrame.from_ndarray(np.full((2, 882), 0.5, np.float32), "fltp", "stereo")
            sound.sample_rate = 44_100
        line.put(sound, Fraction(step - 2, 50))
        frames += line.due()
    assert set(np.diff([frame.pts for frame in frames if frame.pts is not None])) == {960}
    assert frames[-1].to_ndarray().min() > 16_000
