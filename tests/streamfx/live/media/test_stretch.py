from __future__ import annotations

import numpy as np
import pytest

from streamfx.live.media.stretch import REACH, Samples, stretch


def sine(hertz: float, positions: np.ndarray) -> Samples:
    wave = np.sin(2 * np.pi * hertz * positions / 48_000)
    return np.stack([wave, -wave], axis=1).astype(np.float32)


def around(hertz: float, size: int) -> tuple[Samples, Samples, Samples]:
    whole = sine(hertz, np.arange(-REACH, size + REACH))
    return whole[REACH:-REACH], whole[:REACH], whole[-REACH:]


def test_as_many_samples_are_given_back_untouched() -> None:
    samples, before, after = around(440, 960)
    assert stretch(samples, before, after, 960) is samples


@pytest.mark.parametrize("count", [956, 959, 961, 964])
@pytest.mark.parametrize(("hertz", "error"), [(440, 1e-4), (8_000, 1e-4), (15_000, 1e-3)])
def test_a_tone_stays_a_tone(count: int, hertz: float, error: float) -> None:
    samples, before, after = around(hertz, 960)
    there = sine(hertz, np.arange(count) * (960 / count))
    assert abs(stretch(samples, before, after, count) - there).max() < error


def test_runs_join_without_a_seam() -> None:
    whole = sine(997, np.arange(-REACH, 960 * 4 + REACH))
    parts = []
    for number, count in enumerate((961, 960, 958, 962)):
        start = REACH + 960 * number
        run = whole[start : start + 960]
        before, after = whole[start - REACH : start], whole[start + 960 : start + 960 + REACH]
        parts.append(stretch(run, before, after, count))
    steps = abs(np.diff(np.concatenate(parts), axis=0)).max()
    assert steps < 1.01 * 2 * np.pi * 997 / 48_000 * 960 / 958
