"""Sound on its way to those who hear it."""

import asyncio
import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from streamfx.live.media.encoding import SoundEncoder
from streamfx.live.sessions.sounding import Sounding
from streamfx.live.sessions.timeline import Timeline
from streamfx.media.packets import AnyPacket


class Hearer:
    def __init__(self) -> None:
        self.packets: list[AnyPacket] = []

    def send_video(self, packet: AnyPacket) -> None:
        raise AssertionError

    def send_sound(self, packet: AnyPacket) -> None:
        self.packets.append(packet)


def sound(number: int) -> av.AudioFrame:
    tone = np.sin(np.arange(960) * 0.05 + number * 960 * 0.05)
    samples = (tone * 8000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(samples, 2)[None], "s16", "stereo")
    frame.sample_rate = 48_000
    return frame


def test_everybody_hears_the_same_and_threads_end() -> None:
    async def run() -> None:
        timeline = Timeline()
        sounding = Sounding(asyncio.get_running_loop(), timeline, "test")
        one, two = Hearer(), Hearer()
        sounding.viewers.add(one)
        sounding.viewers.add(two)
        for number in range(25):
            sounding.put(sound(number), Fraction(number, 50))
        for _ in range(300):
            if len(one.packets) >= 20:
                break
            await asyncio.sleep(0.01)
        sounding.close()
        await asyncio.to_thread(sounding.join)
        count = len(one.packets)
        assert count >= 20
        assert [id(p) for p in one.packets] == [id(p) for p in two.packets]
        steps = {(b.pts or 0) - (a.pts or 0) for a, b in itertools.pairwise(one.packets)}
        assert steps == {960}
        sounding.put(sound(99), Fraction(9))
        await asyncio.to_thread(sounding.join)

    asyncio.run(run())


def test_without_hearers_nothing_is_sent() -> None:
    async def run() -> None:
        sounding = Sounding(asyncio.get_running_loop(), Timeline(), "test")
        sounding.put(sound(0), Fraction(0))
        await asyncio.sleep(0.1)
        sounding.close()
        await asyncio.to_thread(sounding.join)

    asyncio.run(run())


def test_sound_goes_on_after_a_fault_of_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    encode, faults = SoundEncoder.encode, [ValueError("once")]

    def failing(encoder: SoundEncoder, frame: av.AudioFrame) -> list[AnyPacket]:
        if faults:
            raise faults.pop()
        return encode(encoder, frame)

    monkeypatch.setattr(SoundEncoder, "encode", failing)

    async def run() -> None:
        sounding = Sounding(asyncio.get_running_loop(), Timeline(), "test")
        hearer = Hearer()
        sounding.viewers.add(hearer)
        for number in range(25):
            sounding.put(sound(number), Fraction(number, 50))
        for _ in range(300):
            if hearer.packets:
                break
            await asyncio.sleep(0.01)
        sounding.close()
        await asyncio.to_thread(sounding.join)
        assert hearer.packets

    asyncio.run(run())
