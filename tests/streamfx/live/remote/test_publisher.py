import asyncio
import threading
from fractions import Fraction

import av
import numpy as np

from streamfx.live.remote.publisher import Publisher
from streamfx.testing import clip
from tests.streamfx.live.remote.server import eventually


class Peer:
    """Keeps what it is to send."""

    video_codec = "VP8"

    def __init__(self):
        self.video, self.sound, self.held = [], [], None

    def send_video(self, packet):
        self.video.append(packet)

    def send_sound(self, packet):
        self.sound.append(packet)


def with_publisher(test):
    async def run():
        publisher = Publisher(asyncio.get_running_loop())
        try:
            await test(publisher, Peer())
        finally:
            publisher.close()
        assert not [t for t in threading.enumerate() if t.name == "publish"]

    def call():
        asyncio.run(run())

    return call


def picture(value=100):
    return av.VideoFrame.from_ndarray(np.full((96, 64), value, np.uint8), "yuv420p")


@with_publisher
async def test_pictures_of_both_kinds_are_sent_at_their_instants(publisher, peer):
    publisher.attach(peer)
    publisher.picture(picture(), Fraction(1, 2))
    await eventually(lambda: len(peer.video) == 1)
    publisher.picture(clip(0.5)[0], Fraction(3, 5))
    await eventually(lambda: len(peer.video) == 2)
    times = [packet.pts * packet.time_base for packet in peer.video]
    assert times == [Fraction(1, 2), Fraction(3, 5)]
    assert publisher.sent == 2


@with_publisher
async def test_without_a_peer_nothing_is_encoded(publisher, peer):
    publisher.picture(picture(), Fraction(0))
    publisher.attach(peer)
    publisher.attach(None)
    publisher.picture(picture(), Fraction(1))
    await asyncio.sleep(0.05)
    assert (publisher.sent, publisher.dropped) == (0, 0)


@with_publisher
async def test_another_peer_begins_with_a_keyframe(publisher, peer):
    second = Peer()
    publisher.attach(peer)
    for number in range(3):
        publisher.picture(picture(), Fraction(number, 30))
        await eventually(lambda: len(peer.video) == publisher.sent > number)  # noqa: B023  awaited
    publisher.attach(second)
    publisher.picture(picture(), Fraction(3, 30))
    await eventually(lambda: second.video)
    assert [packet.is_keyframe for packet in peer.video] == [True, False, False]
    assert second.video[0].is_keyframe


@with_publisher
async def test_a_keyframe_is_made_when_wanted(publisher, peer):
    publisher.attach(peer)
    publisher.picture(picture(), Fraction(0))
    await eventually(lambda: len(peer.video) == 1)
    publisher.want_keyframe()
    publisher.picture(picture(), Fraction(1, 30))
    await eventually(lambda: len(peer.video) == 2)
    assert peer.video[1].is_keyframe


@with_publisher
async def test_the_newest_picture_wins_and_the_others_are_counted(publisher, peer):
    publisher.attach(peer)
    with publisher._changed:  # as if the thread were encoding
        for number in range(10):
            publisher.picture(picture(), Fraction(number, 30))
    await eventually(lambda: len(peer.video) == 1)
    assert peer.video[0].pts == 27_000
    assert publisher.dropped == 9


@with_publisher
async def test_sound_is_sent_in_steps_of_20_ms(publisher, peer):
    publisher.attach(peer)
    for number in range(10):
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 480), np.float32), "fltp", "stereo")
        frame.sample_rate = 48_000
        publisher.sound(frame, Fraction(number, 100))
    await eventually(lambda: len(peer.sound) >= 4)
    steps = np.diff([packet.pts for packet in peer.sound])
    assert set(steps) == {960}


@with_publisher
async def test_what_cannot_be_encoded_ends_it_with_the_reason(publisher, peer):
    publisher.attach(peer)
    publisher.picture("no picture", Fraction(0))
    await eventually(publisher.ended.done)
    assert publisher.ended.exception() is not None
