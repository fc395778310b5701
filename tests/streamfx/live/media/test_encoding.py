from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from streamfx.live.media.encoding import (
    SOUND_RATE,
    VIDEO_TICK,
    SoundEncoder,
    VideoCodec,
    VideoEncoder,
    default_bitrate,
)
from streamfx.live.media.h264 import parameter_sets

CODECS = ("H264", "VP8")
DECODERS = {"H264": "h264", "VP8": "libvpx"}


def picture(number: int, width: int = 320, height: int = 240, fps: int = 30) -> av.VideoFrame:
    """Return a grey ramp that wanders, with noise on it, so that it costs bits."""
    rng = np.random.default_rng(number)
    ramp = (np.arange(width)[None] + 3 * number) % 160 + 40
    luma = ramp + rng.integers(-12, 13, (height, width))
    data = np.full((height * 3 // 2, width), 128, np.uint8)
    data[:height] = luma
    frame = av.VideoFrame.from_ndarray(data, "yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, fps)
    return frame


def bits(encoder: VideoEncoder, numbers: range, fps: int = 30) -> int:
    packets = [p for n in numbers for p in encoder.encode(picture(n, fps=fps))]
    return sum(packet.size for packet in packets) * 8 * fps // len(numbers)


@pytest.mark.parametrize("codec", CODECS)
def test_each_picture_comes_out_at_once_and_at_its_own_time(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec)
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    for number in range(10):
        (packet,) = encoder.encode(picture(number))
        assert packet.time_base == VIDEO_TICK
        assert packet.pts == packet.dts == number * 3000
        assert packet.is_keyframe == (number == 0)
        (back,) = decoder.decode(packet)
        error = back.to_ndarray().astype(int) - picture(number).to_ndarray()
        assert abs(error[:240]).mean() < 9  # the noise is not kept
        assert abs(error[:240].mean()) < 2


@pytest.mark.parametrize("codec", CODECS)
def test_a_keyframe_comes_when_asked_for_and_in_time(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, interval=0.5)
    keys = [n for n in range(40) if encoder.encode(picture(n), keyframe=n == 7)[0].is_keyframe]
    assert keys == [0, 7, 22, 37]


@pytest.mark.parametrize("codec", CODECS)
def test_another_size_begins_with_a_keyframe(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec)
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    for number, (width, height) in enumerate([(320, 240), (240, 320), (641, 361), (320, 240)]):
        (packet,) = encoder.encode(picture(number, width & ~1, height & ~1))
        assert packet.is_keyframe
        (back,) = decoder.decode(packet)
        assert (back.width, back.height) == (width & ~1, height & ~1)


def test_a_picture_of_odd_size_or_other_format_is_made_to_fit() -> None:
    frame = av.VideoFrame(321, 241, "rgb24")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts, frame.time_base = 0, VIDEO_TICK
    (packet,) = VideoEncoder("H264").encode(frame)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    (back, *_) = [*decoder.decode(packet), *decoder.decode(None)]
    assert (back.width, back.height) == (320, 240)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("fps", [10, 30, 60])
def test_the_bitrate_is_met_whatever_the_rate_of_pictures(codec: VideoCodec, fps: int) -> None:
    encoder = VideoEncoder(codec, bitrate=600_000, high=2_000_000)
    bits(encoder, range(30), fps)
    assert bits(encoder, range(30, 120), fps) == pytest.approx(600_000, rel=0.25)


def test_h264_follows_the_bitrate_without_a_keyframe() -> None:
    encoder = VideoEncoder("H264", bitrate=1_500_000, high=2_000_000)
    bits(encoder, range(30))
    encoder.bitrate = 400_000
    packets = [encoder.encode(picture(n))[0] for n in range(30, 150)]
    assert not any(packet.is_keyframe for packet in packets)
    assert sum(p.size for p in packets[60:]) * 8 / 2 == pytest.approx(400_000, rel=0.25)
    encoder.bitrate = 1_500_000
    packets = [encoder.encode(picture(n))[0] for n in range(150, 270)]
    assert not any(packet.is_keyframe for packet in packets)
    assert sum(p.size for p in packets[60:]) * 8 / 2 == pytest.approx(1_500_000, rel=0.25)


def test_vp8_follows_the_bitrate_with_one_keyframe() -> None:
    encoder = VideoEncoder("VP8", bitrate=1_500_000, high=2_000_000)
    bits(encoder, range(60))
    encoder.bitrate = 400_000
    packets = [encoder.encode(picture(n))[0] for n in range(60, 150)]
    assert sum(packet.is_keyframe for packet in packets) == 1
    assert sum(p.size for p in packets[30:]) * 8 / 2 == pytest.approx(400_000, rel=0.25)


def test_a_keyframe_that_is_due_takes_the_new_bitrate_with_it() -> None:
    encoder = VideoEncoder("VP8", bitrate=1_500_000)
    encoder.encode(picture(0))
    encoder.bitrate = 300_000
    encoder.encode(picture(1), keyframe=True)
    keys = [n for n in range(2, 120) if encoder.encode(picture(n))[0].is_keyframe]
    assert keys == []


def test_the_bitrate_stays_within_its_bounds() -> None:
    encoder = VideoEncoder("H264", low=200_000, high=900_000)
    encoder.bitrate = 10
    assert encoder.bitrate == 200_000
    encoder.bitrate = 10_000_000
    assert encoder.bitrate == 900_000


def test_the_usual_bitrate_grows_with_the_picture() -> None:
    assert default_bitrate(1280, 720, 30) == 2_500_000
    assert default_bitrate(1920, 1080, 30) == pytest.approx(4_500_000, rel=0.01)
    encoder = VideoEncoder("VP8")
    encoder.encode(picture(0))
    assert encoder.bitrate == default_bitrate(320, 240, 30)


def test_times_always_grow() -> None:
    encoder = VideoEncoder("H264")
    times = [encoder.encode(picture(n))[0].pts for n in (0, 5, 5, 3, 6)]
    assert times == [0, 15_000, 15_001, 15_002, 18_000]


def test_a_picture_without_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time"):
        VideoEncoder("H264").encode(av.VideoFrame(64, 64, "yuv420p"))


def test_a_codec_that_nobody_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="'AV1'"):
        VideoEncoder("AV1")  # type: ignore[arg-type]  # what is tested


def test_keyframes_carry_parameter_sets_of_constrained_baseline() -> None:
    encoder = VideoEncoder("H264", fps=60)
    for number in (0, 3):
        (packet,) = encoder.encode(picture(number, 1920, 1080), keyframe=True)
        sets = parameter_sets(bytes(packet))
        sps, pps = sets.split(b"\x00\x00\x00\x01")[1:]
        assert sps[:2] == b"\x67\x42" and sps[2] & 0xC0 == 0xC0 and sps[3] == 42
        assert pps[0] == 0x68
    assert parameter_sets(bytes(encoder.encode(picture(4, 1920, 1080))[0])) == b""


def test_colours_are_tagged_as_the_picture_says() -> None:
    frame = picture(0)
    frame.colorspace, frame.color_range = 6, 1
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    (back,) = decoder.decode(VideoEncoder("H264").encode(frame)[0])
    assert (back.colorspace, back.color_range) == (6, 1)


def test_a_closed_encoder_begins_anew() -> None:
    encoder = VideoEncoder("H264")
    encoder.encode(picture(0))
    encoder.close()
    assert encoder.encode(picture(1))[0].is_keyframe


def tone(samples: int, at: int, rate: int, layout: str = "stereo") -> av.AudioFrame:
    times = (np.arange(samples) + at) / rate
    wave = (np.sin(2 * np.pi * 440 * times) * 12_000).astype(np.int16)
    channels = 2 if layout == "stereo" else 1
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, channels)[None], "s16", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame


@pytest.mark.parametrize(("rate", "layout"), [(48_000, "stereo"), (44_100, "mono")])
def test_sound_comes_in_steps_of_20_ms_at_its_own_time(rate: int, layout: str) -> None:
    encoder, decoder = SoundEncoder(), av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    size = rate // 100
    packets = [p for n in range(100) for p in encoder.encode(tone(size, n * size, rate, layout))]
    times = [packet.pts for packet in packets if packet.pts is not None]
    assert {later - sooner for sooner, later in pairwise(times)} == {960}
    heard = [frame.to_ndarray() for packet in packets for frame in decoder.decode(packet)]
    sound = np.concatenate(heard, axis=1).reshape(-1, 2)[:, 0].astype(float)  # s16, interleaved
    at = np.arange(sound.size) + times[0]
    late = slice(SOUND_RATE // 2, SOUND_RATE * 9 // 10)
    wave = np.exp(-2j * np.pi * 440 * at[late] / SOUND_RATE)
    phase = np.angle((sound[late] * wave).sum()) + np.pi / 2
    offset = (phase + np.pi) % (2 * np.pi) - np.pi
    assert abs(offset / (2 * np.pi * 440)) < 0.0002


def test_sound_that_changes_its_form_goes_on() -> None:
    encoder = SoundEncoder()
    assert len(encoder.encode(tone(1920, 0, 48_000))) >= 1
    assert len(encoder.encode(tone(4410, 4410, 44_100, "mono"))) >= 4
