import pytest
from av.packet import Packet

from streamfx.errors import StreamfxError
from streamfx.live.media.encoding import VideoEncoder
from streamfx.live.media.push_child import parameters, size_of
from streamfx.media.packets import AnyPacket
from tests.streamfx.live.media.ears import picture


@pytest.fixture(scope="module")
def keyframe() -> AnyPacket:
    (packet,) = VideoEncoder("H264").encode(picture(0, (320, 180)), keyframe=True)
    return packet


def test_the_size_is_read_from_a_keyframe(keyframe):
    assert size_of(keyframe) == (320, 180)


def test_other_data_is_no_picture():
    with pytest.raises(StreamfxError, match=r"no H\.264"):
        size_of(Packet(b"nonsense"))


def test_the_parameters_are_found_behind_long_and_short_start_codes(keyframe):
    found = parameters(bytes(keyframe))
    assert found[0] & 31 == 7
    assert parameters(b"\0\0\1\x67abc\0\0\0\1\x68x") == b"\x67abc"
    assert parameters(b"\0\0\1\x65abc") == b""
