"""The decoder's queue when the decoder is slow."""

import threading
from fractions import Fraction

import pytest

from streamfx.live.transport import decoding as decoders
from streamfx.live.transport.decoding import MAX_PICTURES, Decoding, Job
from streamfx.live.transport.jitter import Encoded
from tests.streamfx.live.transport.pairs import Heard, pictures


def job(i, data=b"x", *, key=False, arrived=0.0, codec="H264"):
    return Job(codec, Encoded(i * 3000, data, arrived, key), Fraction(i, 30))


class Held(Heard):
    """A listener that does not return from the first picture before it is let go."""

    def __init__(self):
        super().__init__()
        self.entered, self.free = threading.Event(), threading.Event()

    def picture(self, frame, instant, arrived):
        super().picture(frame, instant, arrived)
        self.entered.set()
        assert self.free.wait(10)


def held():
    """A decoder in the midst of its first picture, and what it reports."""
    lost, ended, heard = [], threading.Event(), Held()
    decoding = Decoding(heard, lambda: lost.append(1), ended.set)
    decoding.picture(job(0, bytes(pictures(1)[0]), key=True))
    assert heard.entered.wait(10)
    return decoding, heard, lost, ended


def finish(decoding, heard, ended):
    heard.free.set()
    assert decoding.close()
    assert ended.wait(10)
    decoding.join()


def test_too_many_pictures_go_and_a_keyframe_is_asked_for():
    decoding, heard, lost, ended = held()
    for i in range(1, MAX_PICTURES + 2):
        decoding.picture(job(i))
    assert decoding.discarded == MAX_PICTURES + 1 and lost == [1]
    decoding.picture(job(99))
    assert decoding.discarded == MAX_PICTURES + 2 and lost == [1]
    finish(decoding, heard, ended)


def test_it_goes_on_with_the_newest_keyframe_where_one_waits():
    decoding, heard, lost, ended = held()
    key = bytes(pictures(1)[0])
    for i in range(1, MAX_PICTURES + 2):
        decoding.picture(job(i, key, key=i == 50))
    assert decoding.discarded == 49 and lost == []
    finish(decoding, heard, ended)


def test_a_picture_that_waits_too_long_counts_as_too_many():
    decoding, heard, lost, ended = held()
    decoding.picture(job(1, arrived=1.0))
    decoding.picture(job(2, arrived=1.1))
    assert decoding.discarded == 0
    decoding.picture(job(3, arrived=1.5))
    assert decoding.discarded == 3 and lost == [1]
    finish(decoding, heard, ended)


def test_without_anything_decoded_there_is_no_thread():
    decoding = Decoding(Heard(), lambda: None, lambda: None)
    assert not decoding.close()
    decoding.picture(job(0, key=True))
    decoding.join()


def test_a_fault_of_the_listener_ends_nothing(caplog):
    class Faulty(Heard):
        def picture(self, frame, instant, arrived):
            super().picture(frame, instant, arrived)
            raise ZeroDivisionError

    heard, ended, lost = Faulty(), threading.Event(), []
    decoding = Decoding(heard, lambda: lost.append(1), ended.set)
    for i, packet in enumerate(pictures(3)):
        decoding.picture(job(i, bytes(packet), key=i == 0))
    decoding.picture(job(3, b"\x00\x00\x00\x01\x65\xff"))
    for _ in range(1000):
        if lost:
            break
        ended.wait(0.01)
    assert decoding.close() and ended.wait(10)
    decoding.join()
    assert len(heard.pictures) == 3 and lost
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 1


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_a_picture_that_is_too_large_is_not_decoded(codec, monkeypatch):
    monkeypatch.setattr(decoders, "MAX_PIXELS", 320 * 240 - 1)
    lost, ended, heard = threading.Event(), threading.Event(), Heard()
    decoding = Decoding(heard, lost.set, ended.set)
    decoding.picture(job(0, bytes(pictures(1, codec)[0]), key=True, codec=codec))
    assert lost.wait(10)
    assert decoding.close()
    decoding.join()
    assert heard.pictures == [] and decoding.discarded == 1
