"""One encoder for all viewers of a codec."""

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction

import pytest
import torch

from streamfx.frame import Frame
from streamfx.live.media.encoding import VideoCodec
from streamfx.live.sessions.line import Line
from streamfx.media.packets import AnyPacket


class Viewer:
    def __init__(self) -> None:
        self.packets: list[AnyPacket] = []

    def send_video(self, packet: AnyPacket) -> None:
        self.packets.append(packet)

    def send_sound(self, packet: AnyPacket) -> None:
        raise AssertionError


def picture(number: int) -> Frame:
    image = torch.full((3, 96, 128), 0.2)
    image[:, :, number % 128 :] = 0.7
    return Frame(image, Fraction(number, 30), Fraction(1, 30))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def with_line(codec: VideoCodec, work: Callable[[Line, list[float]], Awaitable[None]]) -> None:
    async def run() -> None:
        departed: list[float] = []
        line = Line(codec, asyncio.get_running_loop(), departed.append, "test")
        try:
            await work(line, departed)
        finally:
            line.close()
            await asyncio.to_thread(line.join)

    asyncio.run(run())


async def feed(line: Line, viewer: Viewer, first: int, count: int) -> None:
    for number in range(first, first + count):
        line.put(picture(number), 0.0)
        seen = len(viewer.packets)
        await until(lambda seen=seen: len(viewer.packets) > seen)  # type: ignore[misc]


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_every_viewer_gets_the_same_packets_from_a_keyframe_on(codec: VideoCodec) -> None:
    async def work(line: Line, departed: list[float]) -> None:
        one, two = Viewer(), Viewer()
        line.add(one)
        await feed(line, one, 0, 3)
        line.add(two)
        await feed(line, one, 3, 3)
        assert [p.is_keyframe for p in one.packets] == [True, False, False, True, False, False]
        assert [id(p) for p in two.packets] == [id(p) for p in one.packets[3:]]
        assert [(p.pts or 0) * p.time_base for p in one.packets] == [
            Fraction(i, 30) for i in range(6)
        ]
        assert len(departed) == 6

    with_line(codec, work)


def test_without_viewers_nothing_is_encoded() -> None:
    async def work(line: Line, departed: list[float]) -> None:
        viewer = Viewer()
        line.put(picture(0), 0.0)
        line.add(viewer)
        line.remove(viewer)
        line.put(picture(1), 0.0)
        await asyncio.sleep(0.1)
        assert not departed

    with_line("H264", work)


def test_keyframes_that_many_ask_for_come_once() -> None:
    async def work(line: Line, departed: list[float]) -> None:
        viewer = Viewer()
        line.add(viewer)
        await feed(line, viewer, 0, 1)
        line.want_keyframe()
        await feed(line, viewer, 1, 1)
        line.want_keyframe()
        await feed(line, viewer, 2, 1)
        assert [p.is_keyframe for p in viewer.packets] == [True, True, False]

    with_line("H264", work)


def test_a_picture_that_cannot_be_encoded_costs_only_itself() -> None:
    async def work(line: Line, departed: list[float]) -> None:
        viewer = Viewer()
        line.add(viewer)
        await feed(line, viewer, 0, 1)
        line.put("no picture", 0.0)  # type: ignore[arg-type]
        await feed(line, viewer, 2, 1)
        assert viewer.packets[-1].is_keyframe

    with_line("H264", work)


def test_a_slow_viewer_that_has_gone_holds_nobody_back() -> None:
    async def work(line: Line, departed: list[float]) -> None:
        fast, slow = Viewer(), Viewer()
        line.add(fast)
        line.add(slow)
        line.note_bandwidth(fast, 4_000_000)
        line.note_bandwidth(slow, 200_000)
        assert line._bitrate == 170_000
        line.remove(slow)
        assert line._bitrate == 3_400_000

    with_line("H264", work)
