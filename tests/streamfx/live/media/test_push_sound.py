from fractions import Fraction

import av
import numpy as np
import pytest
from av.packet import Packet

from streamfx.live.media.encoding import SoundEncoder
from streamfx.live.media.push_sound import Aac
from streamfx.media.packets import AnyPacket
from tests.streamfx.live.media.ears import tone


@pytest.fixture
def target(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=48000)
        stream.codec_context.layout = "stereo"
        yield stream


def start_of(packet: AnyPacket) -> float:
    assert packet.pts is not None
    return float(packet.pts * packet.time_base)


def heard(stream, packets) -> np.ndarray:
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = stream.codec_context.extradata
    decoder.sample_rate, decoder.layout = 48000, "stereo"
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def opus(start: int, count: int) -> list[tuple[AnyPacket, float]]:
    encoder = SoundEncoder()
    packets = [p for n in range(start, start + count) for p in encoder.encode(tone(n))]
    return [(p, start_of(p)) for p in packets]


def test_sound_comes_through_without_gaps(target):
    aac = Aac(target)
    packets = [made for packet, at in opus(0, 50) for made in aac.push(packet, at)]
    times = [start_of(packet) for packet in packets]
    steps = np.diff(times)
    assert steps == pytest.approx(np.full(len(steps), 1024 / 48000))
    wave = heard(target, packets)[9600:38400]
    assert np.sqrt((wave**2).mean()) == pytest.approx(8000 / 32768 / np.sqrt(2), rel=0.1)


def test_a_gap_is_filled_with_silence_and_nothing_moves(target):
    aac = Aac(target)
    packets = [made for packet, at in opus(0, 25) for made in aac.push(packet, at)]
    packets += [made for packet, at in opus(50, 25) for made in aac.push(packet, at)]
    assert start_of(packets[-1]) == pytest.approx(1.5, abs=0.09)
    wave = heard(target, packets)
    assert np.abs(wave[28800:43200]).max() < 0.01
    assert np.abs(wave[55000:65000]).max() > 0.1


def test_what_was_heard_already_is_left_out(target):
    aac = Aac(target)
    for packet, at in opus(0, 25):
        aac.push(packet, at)
    before = aac._reach
    for packet, at in opus(0, 20):
        aac.push(packet, at)
    assert aac._reach == before


def test_silence_keeps_up_with_pictures(target):
    aac = Aac(target)
    packets = [made for n in range(100) for made in aac.keep_up(n / 25)]
    assert start_of(packets[-1]) == pytest.approx(3.4, abs=0.1)
    assert np.abs(heard(target, packets)).max() < 0.001


def test_damage_is_a_gap(target):
    broken = Packet(b"\xff" * 7)
    broken.pts, broken.time_base = 0, Fraction(1, 48000)
    aac = Aac(target)
    aac.push(broken, 0.0)
    packets = [made for packet, at in opus(0, 10) for made in aac.push(packet, at)]
    assert packets
