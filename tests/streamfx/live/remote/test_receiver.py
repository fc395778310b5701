import asyncio
from fractions import Fraction

import av
import numpy as np
import pytest

from streamfx.live.remote.receiver import Receiver


def picture(size=(64, 48)):
    array = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
    return av.VideoFrame.from_ndarray(array, "yuv420p")


def test_pictures_last_until_the_next_within_bounds():
    async def run():
        receiver = Receiver()
        frames = receiver.frames(10)
        for instant in (Fraction(0), Fraction(1, 25), Fraction(5), Fraction(50001, 10000)):
            receiver.picture(picture(), instant, 0.0)
        receiver.close(None)
        return [(frame.pts, frame.duration) async for frame in frames]

    assert asyncio.run(run()) == [
        (0, Fraction(1, 30)),
        (Fraction(1, 25), Fraction(1, 25)),
        (5, Fraction(1, 5)),
        (Fraction(50001, 10000), Fraction(1, 240)),
    ]


def test_every_reader_gets_every_picture_and_sound():
    async def run():
        receiver = Receiver()
        readers = [receiver.frames(5), receiver.frames(5)]
        sounds = receiver.sounds(5)
        receiver.picture(picture(), Fraction(0), 0.0)
        samples = np.full((1, 960 * 2), 16384, np.int16)
        frame = av.AudioFrame.from_ndarray(samples, "s16", "stereo")
        frame.sample_rate = 48_000
        receiver.sound(frame, Fraction(1, 2), 0.0)
        sound = await anext(sounds)
        assert (tuple(sound.samples.shape), sound.rate, sound.pts) == ((2, 960), 48_000, 0.5)
        assert sound.samples.mean().item() == pytest.approx(0.5, abs=1e-3)
        return [await anext(reader) for reader in readers]

    first, second = asyncio.run(run())
    assert first is second


def test_a_reader_that_comes_after_the_end_ends_at_once():
    async def run():
        receiver = Receiver()
        receiver.close(OSError("gone"))
        with pytest.raises(OSError, match="gone"):
            await anext(receiver.messages(1))
        receiver.tell({"type": "stats"})
        receiver.picture(picture(), Fraction(0), 0.0)

    asyncio.run(run())


def test_a_reader_that_was_closed_is_forgotten():
    async def run():
        receiver = Receiver()
        for _ in range(100):
            receiver.messages(1).close()
        receiver.messages(1)
        return len(receiver._messages)

    assert asyncio.run(run()) == 1
