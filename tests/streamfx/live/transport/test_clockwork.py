"""Instants of RTP timestamps."""

import random
from fractions import Fraction

import pytest

from streamfx.live.transport.clockwork import Offset, SendingClock, StreamClock, unwrapped

NTP = 3_900_000_000  # some second of the remote's wall clock


def ntp(seconds):
    return round((NTP + seconds) * (1 << 32))


def test_a_counter_is_followed_over_its_end_and_back():
    assert unwrapped(3, 0xFFFF_FFFE, 32) == 0x1_0000_0003
    assert unwrapped(0xFFFE, 0x1_0003, 16) == 0xFFFE


def test_instants_keep_the_distance_of_timestamps():
    clock = StreamClock(90000, Offset())
    first = clock.instant(1000, 5.0)
    assert clock.instant(1000 + 3000, 5.0 + 1 / 30) - first == Fraction(1, 30)


def test_instants_go_on_when_the_timestamp_wraps():
    clock = StreamClock(90000, Offset())
    first = clock.instant(0xFFFF_FFFF - 1499, 5.0)
    assert clock.instant(1500, 5.0 + 1 / 30) - first == Fraction(1, 30)


def test_sender_reports_bring_sound_and_pictures_together():
    wall = Offset()
    video, audio = StreamClock(90000, wall), StreamClock(48000, wall)
    late = 0.25  # seconds that the encoder keeps each picture
    heard = {}
    for i in range(1, 400):
        at = i / 30
        if i % 30 == 0:
            video.report(ntp(at), round(at * 90000) + 77, at + 0.02)
            audio.report(ntp(at), round(at * 48000) + 99, at + 0.02)
        picture = video.instant(round(at * 90000) + 77, at + 0.02 + late)
        sound = audio.instant(round(at * 48000) + 99, at + 0.02)
        heard[i] = float(picture - sound)
    assert heard[1] == pytest.approx(late, abs=0.001)
    assert heard[399] == pytest.approx(0, abs=0.001)


def test_instants_never_go_back_whatever_comes():
    chance = random.Random(1)
    clock = StreamClock(90000, Offset())
    last = Fraction(-(10**9))
    for i in range(500):
        if chance.random() < 0.1:
            stamp = chance.getrandbits(32)
            clock.report(chance.getrandbits(64), stamp, i / 30)
        stamp = chance.getrandbits(32) if chance.random() < 0.05 else i * 3000
        now = clock.instant(stamp, i / 30)
        assert now > last
        last = now


def test_a_sender_whose_clock_runs_slow_is_followed():
    clock = StreamClock(90000, Offset())
    for i in range(30 * 600):
        sent = i / 30
        instant = clock.instant(round(sent * 90000 * 0.9998), sent)
    assert float(instant) == pytest.approx(sent, abs=0.01)


def test_a_sender_that_starts_its_timestamps_anew_goes_on_where_it_was():
    clock = StreamClock(90000, Offset())
    for i in range(60):
        clock.instant(i * 3000, i / 30)
    again = [clock.instant(3_000_000_000 + i * 3000, (60 + i) / 30) for i in range(60)]
    assert float(again[0]) == pytest.approx(2.0, abs=0.01)
    assert float(again[-1]) == pytest.approx(119 / 30, abs=0.01)


def test_a_report_without_wall_clock_is_no_report():
    wall = Offset()
    StreamClock(90000, wall).report(0, 1, 5.0)
    assert wall.value is None


def test_reports_of_ours_give_one_offset_for_all_streams():
    clock = SendingClock()
    assert clock.now() is None
    clock.note(10.0, now=100.0)
    clock.note(10.5, now=100.52)
    one, other = clock.now(now=101.0), clock.now(now=103.0)
    assert one is not None and other is not None
    (first, seconds), (second, later) = one, other
    assert (seconds, later) == (11.0, 13.0)
    assert (second - first) / (1 << 32) == pytest.approx(2.0)


def test_packets_that_jump_far_tie_the_clocks_anew():
    clock = SendingClock()
    clock.note(10.0, now=100.0)
    clock.note(1000.0, now=101.0)
    now = clock.now(now=101.0)
    assert now is not None and now[1] == 1000.0
