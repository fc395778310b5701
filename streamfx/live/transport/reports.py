"""RTCP as it goes out: compound packets (RFC 3550, section 6.1)."""

from __future__ import annotations

from aiortc.rtp import (
    RtcpByePacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSourceInfo,
    RtcpSrPacket,
)

_CNAME = 1


def report(
    sent: list[RtcpSrPacket], received: list[RtcpReceiverInfo], ssrc: int, cname: str
) -> bytes:
    """Return our reports as one datagram; empty when there is nothing to report.

    ``ssrc`` is the source that reports where nothing was sent.
    """
    if not sent and not received:
        return b""
    for one in sent:
        one.reports = received
    first = b"".join(bytes(one) for one in sent) or bytes(RtcpRrPacket(ssrc, received))
    return first + _described([one.ssrc for one in sent] or [ssrc], cname)


def goodbye(ssrcs: list[int], cname: str) -> bytes:
    """Return the end of these sources as one datagram (RFC 3550, section 6.6)."""
    first = bytes(RtcpRrPacket(ssrcs[0]))
    return first + _described(ssrcs, cname) + bytes(RtcpByePacket(ssrcs))


def _described(ssrcs: list[int], cname: str) -> bytes:
    items = [(_CNAME, cname.encode())]
    return b"".join(bytes(RtcpSdesPacket([RtcpSourceInfo(ssrc, items)])) for ssrc in ssrcs)
