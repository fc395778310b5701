"""RTP packets as they go out."""

import asyncio
from fractions import Fraction

import av
from aiortc.rtp import RtcpReceiverInfo, RtpPacket

from streamfx.live.transport import sending
from streamfx.live.transport.clockwork import SendingClock
from streamfx.live.transport.lines import offered
from streamfx.live.transport.sending import MAX_QUEUE, Sender
from tests.streamfx.live.transport.pairs import pictures, sounds


class Wire:
    """What was sent; it can be cut."""

    def __init__(self):
        self.packets = []
        self.wanted = 0
        self.whole = True

    def post(self, data):
        if self.whole:
            self.packets.append(RtpPacket.parse(data))
        return self.whole

    def want(self):
        self.wanted += 1

    def sender(self, kind="video", order=("H264", "VP8"), clock=None):
        line = offered(0, kind, receive=False, send=True, order=order)
        return Sender(line, clock or SendingClock(), self.post, self.want, (1111, 2222))


def run(part):
    asyncio.run(part())


def test_the_last_packet_of_a_picture_has_the_marker():
    wire = Wire()

    async def part():
        sender = wire.sender()
        for packet in pictures(3, size=(640, 480)):
            sender.send(packet)
        await asyncio.sleep(0.05)

    run(part)
    stamps = [packet.timestamp for packet in wire.packets]
    for i, packet in enumerate(wire.packets):
        last = i + 1 == len(stamps) or stamps[i + 1] != stamps[i]
        assert packet.marker == last
    assert sorted({(stamp - stamps[0]) & 0xFFFFFFFF for stamp in stamps}) == [0, 3000, 6000]


def test_sound_has_no_marker_and_its_own_clock():
    wire = Wire()

    async def part():
        sender = wire.sender("audio")
        for packet in sounds(3):
            sender.send(packet)

    run(part)
    stamps = [packet.timestamp for packet in wire.packets]
    assert [(stamp - stamps[0]) & 0xFFFFFFFF for stamp in stamps] == [0, 960, 1920]
    assert not any(packet.marker for packet in wire.packets)


def test_reports_give_pictures_and_sound_the_same_clock():
    wire = Wire()

    async def part():
        clock = SendingClock()
        video, audio = wire.sender(clock=clock), wire.sender("audio", clock=clock)
        assert video.report(0.0) is None
        start = Fraction(7)
        video.send(pictures(1, start=start)[0])
        audio.send(sounds(1, start=start)[0])
        placed = []
        sent = ((video, 90000, wire.packets[0]), (audio, 48000, wire.packets[-1]))
        for sender, rate, packet in sent:
            info = sender.report(0.0).sender_info
            behind = (info.rtp_timestamp - packet.timestamp) & 0xFFFFFFFF
            placed.append(info.ntp_timestamp / (1 << 32) - behind / rate)
        # The encoder of sound has a lead-in of 312 samples, which its pts tells.
        lead = float(start) - float(sounds(1, start=start)[0].pts) / 48000
        assert abs(placed[0] - lead - placed[1]) < 1e-3

    run(part)


def test_a_picture_that_could_not_be_sent_needs_a_keyframe():
    wire = Wire()

    async def part():
        sender = wire.sender()
        some = pictures(3)
        sender.send(some[0])
        count = len(wire.packets)
        wire.whole = False
        sender.send(some[1])
        wire.whole = True
        assert wire.wanted == 1
        sender.send(some[2])
        assert wire.wanted == 2 and len(wire.packets) == count
        sender.send(some[0])
        assert len(wire.packets) > count

    run(part)


def test_a_large_picture_goes_in_bursts_and_the_queue_is_bounded():
    wire = Wire()

    async def part():
        sender = wire.sender()
        large = av.Packet(b"\x00\x00\x00\x01\x65" + bytes(range(1, 250)) * 400)
        large.pts, large.time_base, large.is_keyframe = 0, Fraction(1, 90000), True
        sender.send(large)
        assert len(wire.packets) == sending.BURST
        for _ in range(3 * MAX_QUEUE // 70):
            sender.send(large)
        assert len(sender._queue) <= MAX_QUEUE + 100
        sender.close()

    run(part)


def test_missing_packets_are_repeated_but_not_at_once_again():
    wire = Wire()

    async def part():
        sender = wire.sender()
        sender.send(pictures(1)[0])
        first = wire.packets[0]
        sender.repeat([first.sequence_number, 12345], 1e9)
        again = wire.packets[-1]
        assert (again.payload_type, again.ssrc) == (103, 2222)
        assert again.payload[2:] == first.payload
        count = len(wire.packets)
        sender.repeat([first.sequence_number], 1e9)
        assert len(wire.packets) == count

    run(part)


def test_reports_of_the_remote_tell_the_round_trip():
    wire = Wire()

    async def part():
        sender = wire.sender()
        sender.send(pictures(1)[0])
        last = (sender.report(10.0).sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF
        report = RtcpReceiverInfo(1111, 64, 1, 0, 0, last, 65536)
        sender.reported(report, 11.25)
        assert (sender.round_trip, sender.lost) == (0.25, 0.25)

    run(part)


def test_a_remote_that_misses_everything_again_and_again_gets_no_more(monkeypatch):
    monkeypatch.setattr(sending, "MAX_REPEATS", 5)
    wire = Wire()

    async def part():
        sender = wire.sender()
        for packet in pictures(1):
            sender.send(packet)
        number = wire.packets[0].sequence_number
        before = len(wire.packets)
        for i in range(9):
            sender.repeat([number], 1e9 + i)
        assert len(wire.packets) - before == 5
        sender.report(0.0)
        sender.repeat([number], 1e9 + 20)
        assert len(wire.packets) - before == 6

    run(part)
