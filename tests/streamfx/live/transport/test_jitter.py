"""Frames from packets in disorder."""

import random

from streamfx.live.transport import jitter
from streamfx.live.transport.jitter import BLIND, Assembly
from streamfx.live.transport.pieces import Piece


def video(patience=0.2):
    return Assembly(video=True, patience=patience)


def packets(frames, each=3, first=0, key_every=1000):
    """Sequence number and piece of each packet; frame ``i`` holds ``i`` as its bytes."""
    found = []
    for i in range(frames):
        for k in range(each):
            key = i % key_every == 0
            piece = Piece(i * 3000, k == each - 1, bytes([i % 256, k]), i / 30, k == 0, k == 0, key)
            found.append(((first + i * each + k) & 0xFFFF, piece))
    return found


def numbers(frames):
    return [frame.data[0] for frame in frames]


def feed(assembly, some, now=0.0):
    return [frame for sequence, piece in some for frame in assembly.add(sequence, piece, now)]


def test_a_frame_leaves_with_its_marker():
    assembly = video()
    some = packets(2)
    assert feed(assembly, some[:2]) == []
    assert numbers(assembly.add(*some[2], 0.0)) == [0]


def test_without_a_marker_it_leaves_with_the_next_frame():
    assembly = video()
    some = packets(2)
    some[2][1].marker = False
    assert feed(assembly, some[:3]) == []
    assert numbers(assembly.add(*some[3], 0.0)) == [0]


def test_packets_are_put_in_order_over_the_end_of_the_count():
    some = packets(40, first=0xFFC0)
    chance = random.Random(2)
    groups = [some[i : i + 8] for i in range(1, len(some), 8)]
    mixed = some[:1] + [one for group in groups for one in chance.sample(group, len(group))]
    assert numbers(feed(video(), mixed)) == list(range(40))


def test_packets_that_come_twice_change_nothing():
    some = packets(5)
    assert numbers(feed(video(), [one for one in some for _ in range(2)])) == list(range(5))


def test_nothing_leaves_before_the_first_keyframe():
    assembly = video()
    assert feed(assembly, packets(3)[3:]) == []
    assert assembly.wants_key and assembly.discarded == 2


def test_a_gap_is_waited_for_and_asked_for():
    assembly = video()
    some = packets(4)
    missing = some.pop(4)
    assert numbers(feed(assembly, some)) == [0]
    assert assembly.gap and assembly.missing(0.0) == [4]
    assert assembly.missing(0.01) == []  # not again so soon
    assert assembly.missing(0.1) == [4]
    assert numbers(assembly.add(*missing, 0.1)) == [1, 2, 3]
    assert not assembly.gap and assembly.missing(0.2) == []


def test_after_a_gap_that_stays_all_is_dropped_to_the_next_keyframe():
    assembly = video()
    some = packets(8, key_every=5)
    del some[4]
    early = [one for one in some if one[0] < 14]
    assert numbers(feed(assembly, early)) == [0]
    assert assembly.due(0.3) == []
    assert assembly.wants_key
    assert numbers(feed(assembly, [one for one in some if one[0] >= 14], 0.31)) == [5, 6, 7]


def test_a_whole_keyframe_ends_the_wait_at_once():
    assembly = video()
    some = packets(6, key_every=4)
    del some[4]
    assert numbers(feed(assembly, some)) == [0, 4, 5]


def test_a_keyframe_whose_beginning_is_missing_is_none():
    assembly = video()
    some = packets(8, key_every=4)
    del some[12]
    assert numbers(feed(assembly, some)) == [0, 1, 2, 3]
    assert assembly.due(1.0) == []


def test_a_sender_that_never_sends_keyframes_is_decoded_in_the_end():
    assembly = video()
    some = packets(20)
    del some[4]
    feed(assembly, some[:20], 0.0)
    assert assembly.due(1.0) == []
    feed(assembly, some[20:40], 1.0)
    assert numbers(feed(assembly, some[40:], 1.1 + BLIND)) == list(range(13, 20))


def test_a_stream_that_starts_anew_far_away_is_followed():
    assembly = video()
    feed(assembly, packets(2))
    assert numbers(feed(assembly, packets(2, first=30000))) == [0, 1]


def test_padding_after_a_frame_is_no_frame():
    assembly = video()
    some = packets(2)
    padding = Piece(0, False, b"", 0.0, False, False)
    some = [*some[:3], (3, padding), *[(number + 1, piece) for number, piece in some[3:]]]
    assert numbers(feed(assembly, some)) == [0, 1]
    assert assembly.discarded == 0


def test_memory_is_bounded_when_a_gap_stays_open():
    assembly = video(patience=1e9)
    some = packets(2000)
    del some[4]
    feed(assembly, some)
    assert len(assembly._pieces) < 2200 and len(assembly._asked) < 2200


def test_sound_goes_on_after_a_gap():
    assembly = Assembly(video=False, patience=0.06)
    some = [(i, Piece(i * 960, True, bytes([i]), 0.0)) for i in range(8)]
    del some[3]
    assert numbers(feed(assembly, some)) == [0, 1, 2]
    assert numbers(assembly.due(0.1)) == [4, 5, 6, 7]


def test_random_packets_are_survived():
    chance = random.Random(3)
    assembly = video()
    for i in range(5000):
        piece = Piece(chance.getrandbits(32), chance.random() < 0.3, b"x", 0.0, True, True, True)
        assembly.add(chance.getrandbits(16), piece, i / 1000)
        assembly.missing(i / 1000)


def test_a_frame_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(jitter, "MAX_PIECES", 64)
    assembly = video()
    assert numbers(feed(assembly, packets(1))) == [0]
    endless = Piece(3000, False, b"x", 0.0, False, True, False)
    assert feed(assembly, [(3 + i, endless) for i in range(200)]) == []
    assert len(assembly._pieces) <= 64
    assert assembly.wants_key and assembly.discarded == 3
    later = packets(3, first=203, key_every=2)
    assert numbers(feed(assembly, later)) == [0, 1, 2]
