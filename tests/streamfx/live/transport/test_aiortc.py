"""What the transport takes from inside aiortc and aioice, and a new version may lack."""

import inspect

import pytest
from aioice import Connection
from aioice.ice import StunProtocol
from aiortc import RTCCertificate
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtp import HeaderExtensions, RtpPacket

OVERRIDDEN = [
    (Connection, "data_received", ["self", "data", "component"]),
    (Connection, "check_incoming", ["self", "message", "addr", "protocol"]),
    (Connection, "get_component_candidates", ["self", "component", "addresses", "timeout"]),
    (Connection, "query_consent", ["self"]),
    (Connection, "build_request", ["self", "pair", "nominate"]),
    (StunProtocol, "datagram_received", ["self", "data", "addr"]),
    (StunProtocol, "send_data", ["self", "data", "addr"]),
    (RTCDtlsTransport, "_do_handshake", ["self"]),
    (RTCDtlsTransport, "_recv_next", ["self"]),
    (RTCDtlsTransport, "_write_ssl", ["self"]),
    (RTCDtlsTransport, "_validate_peer_identity", ["self", "remoteParameters"]),
    (RTCDtlsTransport, "_setup_srtp", ["self"]),
    (RTCDtlsTransport, "_set_role", ["self", "role"]),
    (RTCDtlsTransport, "_set_state", ["self", "state"]),
    (RTCCertificate, "_create_ssl_context", ["self", "srtp_profiles"]),
    (H264Encoder, "pack", ["self", "packet"]),
    (Vp8Encoder, "pack", ["self", "packet"]),
]


@pytest.mark.parametrize(
    ("owner", "name", "parameters"), OVERRIDDEN, ids=lambda one: one if isinstance(one, str) else ""
)
def test_the_methods_are_as_they_were(owner, name, parameters):
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_the_attributes_are_there():
    source = inspect.getsource(Connection) + inspect.getsource(RTCDtlsTransport)
    for name in (
        "self._nominated",
        "self._protocols",
        "self._queue",
        "self._query_consent_task",
        "self.stun_server",
        "self._ssl",
        "self._rx_srtp",
        "self._tx_srtp",
        "self._state",
        "self._task",
        "self.encrypted",
        "self.transport._recv()",
        "self.transport._send(",
    ):
        assert name in source, name
    assert {"NEW", "CONNECTING", "CONNECTED", "CLOSED", "FAILED"} <= set(State.__members__)


def test_packets_are_written_as_they_were():
    packet = RtpPacket(96, 1, 2, 3, 4, b"payload")
    assert RtpPacket.parse(packet.serialize()).payload == b"payload"
    assert {"mid", "abs_send_time"} <= set(HeaderExtensions.__dataclass_fields__)
