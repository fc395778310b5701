from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from streamfx import Frame, Sound, VideoInfo
from streamfx.testing import clip, tone


class Undecoded:
    """A picture that counts how often somebody looks."""

    width, height, alpha = 6, 4, False
    looks = 0

    def image(self) -> torch.Tensor:
        self.looks += 1
        return torch.zeros(3, 4, 6)

    def planes(self) -> tuple[torch.Tensor, ...]:
        return (torch.zeros(4, 6, dtype=torch.uint8),)


def test_a_decoded_picture_becomes_an_image_once_and_only_when_read() -> None:
    picture = Undecoded()
    frame = Frame(picture, Fraction(0), Fraction(1, 25))
    assert (frame.width, frame.height, frame.alpha, picture.looks) == (6, 4, False, 0)
    assert frame.image is frame.image
    assert picture.looks == 1


def test_another_instant_keeps_the_decoded_planes() -> None:
    frame = Frame(Undecoded(), Fraction(0), Fraction(1, 25)).at(Fraction(3))
    assert frame.decoded is not None
    assert frame.showing(frame.image).decoded is None


def test_frames_cannot_be_changed() -> None:
    (frame,) = clip(0.5)
    with pytest.raises(AttributeError, match="immutable"):
        frame.pts = Fraction(1)


def test_an_image_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(3 or 4, H, W\), got \(4, 6\)"):
        Frame(torch.zeros(4, 6), Fraction(0), Fraction(1))


@given(st.integers(1, 240), st.integers(1, 60), st.sampled_from([8000, 16000, 44100, 48000]))
def test_neighbouring_cuts_of_sound_neither_share_nor_lose_samples(
    fps: int, count: int, rate: int
) -> None:
    samples = torch.arange(rate // 2, dtype=torch.float32)[None]
    whole = Sound(samples, rate, Fraction(0))
    step = Fraction(1001, fps * 1000)
    parts = [whole.cut(i * step, (i + 1) * step).samples for i in range(count)]
    joined = torch.cat(parts, 1)[:, : samples.shape[1]]
    assert torch.equal(joined, samples[:, : joined.shape[1]])


def test_a_cut_beyond_the_sound_is_silence() -> None:
    (sound,) = tone(0.01, chunk=480)
    cut = sound.cut(Fraction(-1, 100), Fraction(2, 100))
    assert cut.samples.shape == (1, 1440)
    assert float(cut.samples[:, :480].abs().max()) == 0
    assert float(cut.samples[:, 960:].abs().max()) == 0
    assert torch.equal(cut.samples[:, 480:960], sound.samples)


def test_info_follows_what_a_node_does() -> None:
    info = VideoInfo(6, 4, Fraction(25), frames=10).faster(2, held_back=1)
    assert (info.fps, info.latency, info.frames) == (Fraction(50), Fraction(1, 25), 20)
    assert info.time_base == Fraction(1, 50)


def test_info_of_a_retimed_stream_counts_in_its_own_seconds() -> None:
    info = VideoInfo(6, 4, Fraction(25), frames=10).delayed(1).retimed(Fraction(1, 4))
    assert (info.fps, info.time_base, info.frames) == (Fraction(25, 4), Fraction(4, 25), 10)
    assert info.latency == Fraction(4, 25)
    twice = info.retimed(Fraction(2), muted=True).retimed(Fraction(1))
    assert (twice.speed, twice.muted) == (Fraction(1, 2), True)
