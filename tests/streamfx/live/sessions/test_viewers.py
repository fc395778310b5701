"""The viewers of one encoder."""

from streamfx.live.sessions.viewers import Viewers
from streamfx.media.packets import AnyPacket


class Watching:
    def send_video(self, packet: AnyPacket) -> None: ...

    def send_sound(self, packet: AnyPacket) -> None: ...


def test_the_slowest_viewer_counts() -> None:
    viewers, fast, slow = Viewers(), Watching(), Watching()
    viewers.add(fast)
    viewers.add(slow)
    assert viewers.bandwidth is None
    viewers.note_bandwidth(fast, 5_000_000)
    viewers.note_bandwidth(slow, 400_000)
    assert viewers.bandwidth == 400_000
    viewers.remove(slow)
    viewers.remove(slow)
    assert (viewers.bandwidth, len(viewers)) == (5_000_000, 1)


def test_a_stranger_s_bandwidth_is_not_kept() -> None:
    viewers = Viewers()
    viewers.note_bandwidth(Watching(), 1)
    assert viewers.bandwidth is None


def test_viewers_may_leave_while_packets_are_handed_out() -> None:
    viewers = Viewers()
    for _ in range(3):
        viewers.add(Watching())
    for each in viewers:
        viewers.remove(each)
    assert not len(viewers)
