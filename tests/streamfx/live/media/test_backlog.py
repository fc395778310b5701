import threading

from streamfx.live.media.backlog import Backlog, Waiting


def picture(seconds, *, key=False, size=10) -> Waiting:
    return Waiting(seconds, video=True, keyframe=key, data=bytes(size))


def sound(seconds) -> Waiting:
    return Waiting(seconds, video=False, keyframe=True, data=b"s")


def test_packets_come_out_in_order():
    backlog = Backlog(1, 1000)
    packets = [picture(0, key=True), sound(0), picture(0.04)]
    assert all(backlog.push(packet) for packet in packets)
    assert [backlog.pop(0) for _ in range(4)] == [*packets, None]


def test_too_many_seconds_are_thrown_away_up_to_the_next_keyframe():
    backlog = Backlog(1, 1000)
    backlog.push(picture(0, key=True))
    backlog.push(picture(0.5))
    assert not backlog.push(picture(1.5))
    assert backlog.broken and backlog.dropped == 3
    assert backlog.push(sound(1.5))
    assert not backlog.push(picture(1.6))
    assert backlog.push(picture(1.7, key=True))
    assert not backlog.broken
    assert len(backlog) == 2


def test_too_many_bytes_are_thrown_away():
    backlog = Backlog(1, 100)
    backlog.push(picture(0, key=True, size=60))
    assert not backlog.push(picture(0.1, size=60))
    assert backlog.push(picture(0.2, key=True, size=60))
    assert len(backlog) == 1


def test_a_packet_larger_than_all_passes_alone():
    backlog = Backlog(1, 100)
    assert backlog.push(picture(0, key=True, size=500))


def test_a_clock_that_goes_back_empties_it():
    backlog = Backlog(1, 100)
    backlog.push(picture(50, key=True))
    assert backlog.push(picture(0, key=True))
    assert len(backlog) == 1


def test_closing_wakes_whoever_waits_and_what_waited_still_comes():
    backlog = Backlog(1, 100)
    got = []
    thread = threading.Thread(target=lambda: got.append(backlog.pop()))
    thread.start()
    backlog.close()
    thread.join(10)
    assert got == [None]
    full = Backlog(1, 100)
    full.push(sound(0))
    full.close()
    assert full.closed and not full.push(sound(0))
    assert full.pop() == sound(0)
    assert full.pop() is None
