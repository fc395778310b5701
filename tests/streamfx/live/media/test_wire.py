import io
from fractions import Fraction

import pytest
from av.packet import Packet

from streamfx.live.media import wire
from streamfx.media.packets import AnyPacket


def packet(pts, *, key=True) -> AnyPacket:
    made: AnyPacket = Packet(b"data")
    made.time_base = Fraction(1, 90_000)
    made.pts, made.dts, made.duration, made.is_keyframe = pts, None, 3000, key
    return made


@pytest.mark.parametrize("pts", [0, -5, 1 << 40, None])
@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("key", [True, False])
def test_a_packet_comes_out_as_it_went_in(pts, old, key):
    index, made, was_old = wire.unpack(wire.pack(packet(pts, key=key), 3, old=old))
    assert (index, was_old, bytes(made)) == (3, old, b"data")
    assert (made.pts, made.dts, made.duration) == (pts, None, 3000)
    assert (made.time_base, made.is_keyframe) == (Fraction(1, 90_000), key)


def test_messages_come_one_after_the_other():
    file = io.BytesIO()
    wire.tell(file, why="ä")
    wire.send(file, wire.PACKET, b"123")
    file.write(wire.message(wire.PACKET, b""))
    file.seek(0)
    assert wire.receive(file) == (wire.WORDS, b'{"why": "\\u00e4"}')
    assert wire.receive(file) == (wire.PACKET, b"123")
    assert wire.receive(file) == (wire.PACKET, b"")
    assert wire.receive(file) is None


@pytest.mark.parametrize("cut", [1, 4, 6])
def test_a_message_that_is_cut_off_is_the_end(cut):
    assert wire.receive(io.BytesIO(wire.message(wire.PACKET, b"123")[:cut])) is None


def test_a_length_that_cannot_be_is_the_end():
    assert wire.receive(io.BytesIO(b"P\xff\xff\xff\xff" + bytes(100))) is None
