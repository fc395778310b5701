import asyncio
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from streamfx.frame import Sound
from streamfx.live.remote.items import ItemSource
from streamfx.testing import clip


class Taker:
    """Notes what it is given, and when."""

    def __init__(self):
        self.pictures, self.sounds, self.at = [], [], []
        self.over = asyncio.get_running_loop().create_future()

    def picture(self, frame, instant, arrived):
        self.pictures.append((frame, instant))
        self.at.append(arrived)

    def sound(self, frame, instant, arrived):
        self.sounds.append((frame, instant))

    def finish(self, error):
        self.over.set_result(error)


def played(items):
    """Let a source hand on the items, and return the taker and how it ended."""

    async def run():
        taker = Taker()
        source = ItemSource(items, taker)
        error = await asyncio.wait_for(taker.over, 10)
        await source.close()
        return taker, error

    return asyncio.run(run())


def test_frames_keep_their_instants_and_are_not_early():
    frames = clip(*[0.5] * 4, fps=50)
    taker, error = played(frames)
    assert error is None
    assert [instant for _, instant in taker.pictures] == [Fraction(n, 50) for n in range(4)]
    assert taker.at[3] - taker.at[0] >= 3 / 50 - 0.001


def test_an_asynchronous_iterable_does_as_well():
    async def made():
        for frame in clip(0.1, 0.2, fps=100):
            yield frame

    taker, error = played(made())
    assert (len(taker.pictures), error) == (2, None)


def test_what_has_no_instant_goes_at_once_and_time_grows():
    frames = [av.VideoFrame(16, 16, "yuv420p") for _ in range(3)]
    taker, error = played(frames)
    instants = [instant for _, instant in taker.pictures]
    assert error is None
    assert instants == sorted(instants)


def test_a_clip_that_begins_again_goes_on():
    frames = clip(0.1, 0.2, fps=100)
    taker, _ = played([*(frame.at(frame.pts + 5) for frame in frames), *frames])
    instants = [instant for _, instant in taker.pictures]
    assert instants == [Fraction(5), Fraction(501, 100), Fraction(501, 100), Fraction(502, 100)]


def test_sound_is_handed_on_as_pyav_has_it():
    sound = Sound(torch.full((2, 480), 0.25), 48_000, Fraction(0))
    taker, _ = played([sound])
    ((frame, instant),) = taker.sounds
    assert (frame.sample_rate, frame.samples, instant) == (48_000, 480, 0)
    assert np.allclose(frame.to_ndarray(), 0.25)


@pytest.mark.parametrize("rubbish", [3, None, "frame"])
def test_what_is_no_frame_ends_it_with_a_sentence(rubbish):
    _, error = played([rubbish])
    assert "frames are Frame, Sound or PyAV's" in str(error)


def test_what_the_iterable_raises_is_handed_on():
    def broken():
        yield from clip(0.1)
        raise OSError("the camera was unplugged")

    taker, error = played(broken())
    assert len(taker.pictures) == 1
    assert str(error) == "the camera was unplugged"
