"""Session descriptions that remote peers send (RFC 8866, RFC 9429), read or refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS, RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription, candidate_from_sdp

from streamfx.live.refusal import bad_offer

MAX_LENGTH = 128 * 1024
"""Characters of a description; browsers send less than 10 000."""
MAX_SECTIONS = 32
MAX_CANDIDATES = 100
"""RFC 8445, section 6.1.2.5, allows as many pairs."""

_MALFORMED = (ValueError, AssertionError, KeyError, IndexError, TypeError, AttributeError)
_REVERSED = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(slots=True)
class Section:
    """One media section of a remote description."""

    index: int
    kind: str
    """``audio``, ``video``, ``application`` …"""
    mid: str
    """Empty when it has none."""
    profile: str
    formats: str
    """As written in the ``m=`` line; what a rejected section gives back."""
    open: bool
    """Whether the remote wants it: its port is not 0, or it is bundled (RFC 9143, section 6)."""
    sends: bool
    """Whether the remote will send."""
    receives: bool
    """Whether the remote will receive."""
    codecs: list[RTCRtpCodecParameters]
    extensions: dict[str, int]
    """Header extension URIs (RFC 8285) and their numbers."""
    ssrcs: list[int]
    reduced_size: bool
    """Whether RTCP may come uncompounded (RFC 5506)."""


@dataclass(slots=True)
class Description:
    """What a remote description says."""

    ufrag: str
    password: str
    lite: bool
    dtls: RTCDtlsParameters
    """Fingerprints, and the role that the remote takes or leaves open."""
    candidates: list[RTCIceCandidate]
    complete: bool
    """Whether no more candidates will come."""
    bundle: list[str]
    sections: list[Section]


def read(text: str, *, answer: bool = False) -> Description:
    """Return what an offer or an answer says.

    Raises the :class:`Refusal` with status 400 for text that is no session description, or lacks
    what WebRTC demands: media, ICE credentials, a fingerprint, multiplexed RTCP.
    """
    if len(text) > MAX_LENGTH:
        raise bad_offer(f"the session description is longer than {MAX_LENGTH} characters")
    if not text.lstrip().startswith("v=0"):
        raise bad_offer("not a session description: it must start with v=0 (RFC 8866)")
    try:
        parsed = SessionDescription.parse(_restored(text))
    except (*_MALFORMED, RuntimeError, StopIteration) as exc:
        raise bad_offer(f"malformed session description: {_reason(exc)}") from exc
    if not any(media.kind in ("audio", "video") for media in parsed.media):
        raise bad_offer("the session description has neither audio nor video")
    if len(parsed.media) > MAX_SECTIONS:
        raise bad_offer(f"the session description has more than {MAX_SECTIONS} media sections")
    bundle = next((group.items for group in parsed.group if group.semantic == "BUNDLE"), [])
    mids = [str(mid) for mid in bundle]
    shared = "a=rtcp-rsize" in text
    sections = [_section(i, media, mids, shared) for i, media in enumerate(parsed.media)]
    carrier = _carrier(parsed.media, mids)
    ice, dtls = carrier.ice, carrier.dtls
    assert ice is not None
    if dtls is None:
        raise bad_offer("the session description lacks a=setup (RFC 8842)")
    if answer and dtls.role == "auto":
        raise bad_offer("an answer must choose a=setup:active or a=setup:passive (RFC 8842)")
    known = [f for f in dtls.fingerprints if f.algorithm.lower() in X509_DIGEST_ALGORITHMS]
    if not known:
        raise bad_offer("the session description lacks a=fingerprint with SHA-256 or longer")
    _check_multiplexing(parsed.media, sections)
    candidates = usable(carrier.ice_candidates)
    return Description(
        ice.usernameFragment or "",
        ice.password or "",
        any(media.ice is not None and media.ice.iceLite for media in parsed.media),
        RTCDtlsParameters(_unique(known), dtls.role),
        candidates,
        carrier.ice_candidates_complete,
        mids,
        sections,
    )


def read_fragment(text: str) -> tuple[str | None, list[RTCIceCandidate], bool]:
    """Return the user name fragment, the candidates, and whether they are all (RFC 8840).

    The bare value of a candidate, as browsers hand it to scripts, is taken too; an empty text is
    the end of candidates. Raises the :class:`Refusal` with status 400 for anything malformed.
    """
    if len(text) > MAX_LENGTH:
        raise bad_offer(f"the fragment is longer than {MAX_LENGTH} characters")
    ufrag: str | None = None
    found: list[RTCIceCandidate] = []
    complete = not text.strip()
    for line in text.splitlines():
        line = line.strip().removeprefix("a=")
        if line.startswith("ice-ufrag:"):
            ufrag = line.partition(":")[2]
        elif line.startswith("candidate:"):
            found.append(_candidate(line.partition(":")[2]))
        elif line == "end-of-candidates":
            complete = True
        elif line and not re.match(r"[a-z]=|[a-z][a-z0-9-]*(:|$)", line):
            raise bad_offer(f"malformed fragment: {line[:60]!r} is no SDP line (RFC 8840)")
    return ufrag, usable(found), complete


def usable(candidates: Iterable[RTCIceCandidate]) -> list[RTCIceCandidate]:
    """Return the candidates that can be tried: UDP, for RTP or for both RTP and RTCP."""
    return [
        candidate
        for candidate in candidates
        if candidate.protocol.lower() == "udp"
        and candidate.component == 1
        and 0 < candidate.port < 65536
    ][:MAX_CANDIDATES]


def _candidate(text: str) -> RTCIceCandidate:
    try:
        return candidate_from_sdp(text)
    except _MALFORMED as exc:
        raise bad_offer(f"malformed candidate {text[:80]!r}") from exc


def _restored(text: str) -> str:
    # The parser drops fingerprints where no role stands beside them, so that "setup is missing"
    # and "fingerprint is missing" look alike; and it fails on formats that no rtpmap explains.
    kept: list[str] = []
    mapped: set[str] = set()
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("m="):
            mapped = set()
        elif line.startswith("a=rtpmap:"):
            mapped.add(line[len("a=rtpmap:") :].split(" ", 1)[0])
        elif line.startswith("a=fmtp:") and line[len("a=fmtp:") :].split(" ", 1)[0] not in mapped:
            continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def _section(index: int, media: MediaDescription, bundle: list[str], rsize: bool) -> Section:
    direction = media.direction or "sendrecv"
    mid = media.rtp.muxId
    return Section(
        index,
        media.kind,
        mid,
        media.profile,
        " ".join(str(one) for one in media.fmt),
        media.port != 0 or (bool(mid) and mid in bundle[1:]),
        direction in ("sendrecv", "sendonly"),
        direction in ("sendrecv", "recvonly"),
        list(media.rtp.codecs),
        {extension.uri: extension.id for extension in media.rtp.headerExtensions},
        [one.ssrc for one in media.ssrc],
        rsize,
    )


def _carrier(sections: list[MediaDescription], bundle: list[str]) -> MediaDescription:
    """Return the section that describes the transport: the first bundled one (RFC 9143)."""
    first = sorted(
        (one for one in sections if one.port or one.rtp.muxId in bundle),
        key=lambda one: one.rtp.muxId not in bundle[:1],
    )
    for media in first:
        if media.ice and media.ice.usernameFragment and media.ice.password:
            return media
    raise bad_offer("the session description lacks a=ice-ufrag and a=ice-pwd (RFC 8839)")


def _check_multiplexing(media: list[MediaDescription], sections: list[Section]) -> None:
    for described, section in zip(media, sections, strict=True):
        if section.kind in ("audio", "video") and section.open and not described.rtcp_mux:
            raise bad_offer(f"{section.kind} lacks a=rtcp-mux, which WebRTC demands (RFC 8834)")


def _unique(fingerprints: list[RTCDtlsFingerprint]) -> list[RTCDtlsFingerprint]:
    return [one for i, one in enumerate(fingerprints) if one not in fingerprints[:i]]


def _reason(exc: BaseException) -> str:
    return str(exc) or type(exc).__name__
