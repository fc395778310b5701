"""Session descriptions of our own: offers and answers as text (RFC 8866, RFC 9429)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_to_sdp, parameters_to_sdp

from streamfx.live.transport.description import Section
from streamfx.live.transport.lines import Format, Line


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of the transport, which every section names."""

    ufrag: str
    password: str
    fingerprint: str
    """SHA-256 of the certificate."""
    setup: str
    """``active``, ``passive`` or ``actpass`` (RFC 8842)."""
    candidates: list[RTCIceCandidate]


@dataclass(frozen=True, slots=True)
class Source:
    """An RTP source of ours."""

    ssrc: int
    rtx: int
    """The source of its retransmissions."""
    cname: str
    stream: str
    """What sound and pictures that belong together have in common."""


def write(
    local: Local,
    lines: list[Line],
    sources: dict[str, Source],
    *,
    rejected: list[Section] | None = None,
    bundle: bool = True,
) -> str:
    """Return a description with these lines, and the rejected sections in their places."""
    session = secrets.randbits(62)
    head = ["v=0", f"o=- {session} 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if bundle:
        head.append(f"a=group:BUNDLE {' '.join(line.mid for line in lines)}")
    head.append("a=msid-semantic:WMS *")
    texts = {line.index: _accepted(local, line, sources.get(line.kind)) for line in lines}
    for section in rejected or ():
        texts[section.index] = _rejected(section)
    body = [text for _, section in sorted(texts.items()) for text in section]
    return "\r\n".join([*head, *body]) + "\r\n"


def _accepted(local: Local, line: Line, source: Source | None) -> list[str]:
    payloads = [
        str(number)
        for one in line.formats
        for number in (one.payload, one.rtx)
        if number is not None
    ]
    text = [*_transport(local, line, payloads), f"a={line.direction}"]
    if line.mid:
        text.append(f"a=mid:{line.mid}")
    text += [f"a=extmap:{number} {uri}" for uri, number in line.extensions.items()]
    text.append("a=rtcp-mux")
    if line.reduced_size:
        text.append("a=rtcp-rsize")
    for one in line.formats:
        text += _format(one)
    if line.send and source is not None:
        text.append(f"a=msid:{source.stream} {source.stream}-{line.kind}")
        repeats = line.formats[0].rtx is not None
        if repeats:
            text.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx}")
        for ssrc in (source.ssrc, source.rtx)[: 2 if repeats else 1]:
            text.append(f"a=ssrc:{ssrc} cname:{source.cname}")
            text.append(f"a=ssrc:{ssrc} msid:{source.stream} {source.stream}-{line.kind}")
    return text


def _transport(local: Local, line: Line, payloads: list[str]) -> list[str]:
    first = local.candidates[0] if local.candidates else None
    port = first.port if first else 9
    host = first.ip if first else "0.0.0.0"
    return [
        f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {' '.join(payloads)}",
        f"c=IN {'IP6' if ':' in host else 'IP4'} {host}",
        "a=rtcp:9 IN IP4 0.0.0.0",
        *(f"a=candidate:{candidate_to_sdp(one)}" for one in local.candidates),
        "a=end-of-candidates",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{local.setup}",
    ]


def _format(one: Format) -> list[str]:
    channels = f"/{one.channels}" if one.channels else ""
    text = [f"a=rtpmap:{one.payload} {one.name}/{one.clock}{channels}"]
    text += [f"a=rtcp-fb:{one.payload} {feedback}" for feedback in one.feedback]
    if one.parameters:
        text.append(f"a=fmtp:{one.payload} {parameters_to_sdp(one.parameters)}")
    if one.rtx is not None:
        text.append(f"a=rtpmap:{one.rtx} rtx/{one.clock}")
        text.append(f"a=fmtp:{one.rtx} apt={one.payload}")
    return text


def _rejected(section: Section) -> list[str]:
    text = [
        f"m={section.kind} 0 {section.profile} {section.formats}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
    ]
    if section.mid:
        text.append(f"a=mid:{section.mid}")
    return text
