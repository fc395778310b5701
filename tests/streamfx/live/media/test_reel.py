from __future__ import annotations

import numpy as np

from streamfx.live.media.reel import FADE, Reel
from streamfx.live.media.stretch import Samples


def level(value: float, count: int) -> Samples:
    return np.full((count, 2), value, np.float32)


def test_runs_that_join_come_out_as_they_went_in() -> None:
    reel = Reel()
    ramp = np.repeat(np.linspace(-1, 1, 3000, dtype=np.float32)[:, None], 2, axis=1)
    reel.begin(500)
    reel.put(500, ramp[:1000], joined=True)
    reel.put(1500, ramp[1000:], joined=True)
    taken = np.concatenate([reel.take(960) for _ in range(3)])
    assert (taken[FADE:] == ramp[FADE:2880]).all()
    assert (reel.position, reel.end, reel.empty, reel.missed) == (3380, 3500, 0, 0)


def test_a_hole_is_silence_and_neither_end_of_it_clicks() -> None:
    reel = Reel()
    reel.put(0, level(0.5, 1000), joined=True)
    reel.put(2500, level(0.5, 1500), joined=True)
    taken = np.concatenate([reel.take(960) for _ in range(4)])[:, 0]
    assert (taken[FADE:1000] == 0.5).all()
    assert abs(taken[1500:2500]).max() < 1e-3
    assert (taken[2500 + FADE : 3840] == 0.5).all()
    assert abs(np.diff(taken)).max() < 0.01
    assert reel.empty == 1500


def test_a_jump_within_sound_fades_over() -> None:
    reel = Reel()
    reel.put(0, level(0.5, 960), joined=True)
    reel.put(960, level(-0.5, 960), joined=False)
    taken = reel.take(1920)[:, 0]
    assert abs(np.diff(taken)).max() < 0.02
    assert taken[-1] == -0.5


def test_what_comes_too_late_is_left_out_and_counted() -> None:
    reel = Reel()
    reel.take(960)
    reel.put(0, level(0.5, 480), joined=True)
    reel.put(480, level(0.5, 960), joined=True)
    assert reel.missed == 960
    taken = reel.take(960)[:, 0]
    assert (taken[FADE:480] == 0.5).all()
    assert abs(taken[900:]).max() < 0.01


def test_what_lies_before_the_end_of_the_others_is_left_out() -> None:
    reel = Reel()
    reel.put(0, level(0.5, 960), joined=True)
    reel.put(480, level(-0.5, 960), joined=False)
    taken = reel.take(1440)[:, 0]
    assert reel.end == 1440
    assert taken[959] == 0.5
    assert taken[-1] == -0.5


def test_skipping_drops_what_lies_in_between() -> None:
    reel = Reel()
    reel.put(0, level(0.5, 960), joined=True)
    reel.put(960, level(0.25, 960), joined=True)
    reel.skip(1440)
    assert (reel.position, reel.end, reel.missed) == (1440, 1920, 1440)
    taken = reel.take(480)[:, 0]
    assert (taken[FADE:] == 0.25).all()
    reel.skip(10_000)
    assert (reel.position, reel.end) == (11_920, 11_920)


def test_beginning_elsewhere_drops_all() -> None:
    reel = Reel()
    reel.put(0, level(0.5, 960), joined=True)
    reel.begin(96_000)
    assert (reel.position, reel.end) == (96_000, 96_000)
    assert abs(reel.take(960)).max() == 0
