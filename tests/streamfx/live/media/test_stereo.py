from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamfx.live.media.stereo import Stereo, sound_frame

Array = NDArray[Any]


def frame(form: str, layout: str, rate: int, count: int = 960) -> av.AudioFrame:
    channels = av.AudioLayout(layout).nb_channels
    wave = np.sin(2 * np.pi * 440 * np.arange(count) / rate) * 0.5
    kind = av.AudioFormat(form)
    types: dict[str, tuple[type, int]] = {
        "s16": (np.int16, 32_768),
        "s32": (np.int32, 2**31),
        "flt": (np.float32, 1),
    }
    dtype, scale = types[form.removesuffix("p")]
    data: Array = np.repeat((wave * scale).astype(dtype)[None], channels, axis=0)
    if not kind.is_planar:
        data = data.T.reshape(1, -1)
    made = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), form, layout)
    made.sample_rate = rate
    made.pts, made.time_base = 0, Fraction(1, rate)
    return made


@pytest.mark.parametrize("form", ["s16", "s16p", "flt", "fltp", "s32"])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_every_form_becomes_stereo_of_the_same_loudness(form: str, layout: str) -> None:
    samples = Stereo().convert(frame(form, layout, 48_000))
    assert samples.dtype == np.float32
    assert samples.shape == (960, 2)
    wave = np.sin(2 * np.pi * 440 * np.arange(960) / 48_000) * 0.5
    factor = samples[:, 0] @ wave / (wave @ wave)
    assert factor == pytest.approx(1.0, abs=0.001) or factor == pytest.approx(0.7071, abs=0.001)
    assert abs(samples - factor * wave[:, None]).max() < 1e-3


@pytest.mark.parametrize(("rate", "layout"), [(44_100, "stereo"), (8_000, "mono"), (48_000, "5.1")])
def test_other_rates_and_layouts_are_converted(rate: int, layout: str) -> None:
    stereo = Stereo()
    count = sum(len(stereo.convert(frame("s16", layout, rate, rate // 50))) for _ in range(50))
    assert 47_000 <= count <= 48_000


def test_the_form_may_change_on_the_way() -> None:
    stereo = Stereo()
    sizes = [
        len(stereo.convert(each))
        for each in (
            frame("s16", "mono", 8_000, 160),
            frame("flt", "stereo", 48_000),
            frame("s16", "stereo", 44_100, 882),
            frame("s16", "mono", 8_000, 160),
        )
    ]
    assert sizes[1] == 960
    assert all(size > 700 for size in sizes)


def test_samples_become_a_frame_that_clips() -> None:
    samples = np.array([[0.5, -0.5], [1.5, -1.5]], np.float32)
    made = sound_frame(4711, samples)
    assert made.pts == 4711
    assert made.time_base == Fraction(1, 48_000)
    assert (made.format.name, made.layout.name, made.sample_rate) == ("s16", "stereo", 48_000)
    assert made.to_ndarray().tolist() == [[16_384, -16_384, 32_767, -32_767]]
