import threading

import pytest

from streamfx.engine.channel import Channel, Closed


def test_order_is_kept_and_the_end_is_told() -> None:
    channel: Channel[int] = Channel(2)

    def send() -> None:
        for i in range(100):
            channel.put(i)
        channel.end()

    sender = threading.Thread(target=send)
    sender.start()
    got = []
    with pytest.raises(Closed):
        while True:
            got.append(channel.get())
    sender.join()
    assert got == list(range(100))


def test_a_sender_learns_that_nobody_takes() -> None:
    channel: Channel[int] = Channel(1)
    channel.put(1)
    threading.Timer(0.05, channel.leave).start()
    with pytest.raises(Closed):
        channel.put(2)


def test_taking_gives_up_after_the_timeout() -> None:
    with pytest.raises(TimeoutError):
        Channel[int](1).get(timeout=0.01)
