"""Which codecs and directions an offer and its answer agree on, for each kind of media."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiortc.rtcrtpparameters import ParametersDict, RTCRtpCodecParameters

from streamfx.live.transport.description import Section

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
EXTENSIONS = {"audio": (MID,), "video": (MID, SEND_TIME)}
"""Header extensions that are taken. Not urn:3gpp:video-orientation: a sender to whom it is refused
turns its pictures upright itself."""

LEVEL = 0x2A
"""Level 4.2 of H.264: 1920x1080 at 60 pictures a second (ITU-T H.264, table A-1)."""
CONSTRAINED_BASELINE = "42e0"

START_BITRATE = 2500
"""Kilobits per second with which a remote's encoder is to begin; Chromium heeds this, and would
begin with 300 and a small picture."""

_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")


@dataclass(frozen=True, slots=True)
class Format:
    """A codec and the RTP payload type that both sides use for it."""

    payload: int
    name: str
    """``H264``, ``VP8`` or ``opus``."""
    clock: int
    """Ticks per second of its RTP timestamps."""
    channels: int | None = None
    parameters: ParametersDict = field(default_factory=dict)
    """What ``a=fmtp`` says of it to the remote."""
    feedback: tuple[str, ...] = ()
    """RTCP feedback that may be sent (RFC 4585), as ``a=rtcp-fb`` writes it."""
    rtx: int | None = None
    """Payload type of its retransmissions (RFC 4588)."""


@dataclass(slots=True)
class Line:
    """One media section as agreed."""

    index: int
    kind: str
    mid: str
    send: bool
    receive: bool
    formats: list[Format]
    extensions: dict[str, int]
    ssrcs: list[int] = field(default_factory=list)
    """Sources that the remote announced."""
    reduced_size: bool = True

    @property
    def direction(self) -> str:
        """The attribute that says who sends (RFC 8866, section 6.7)."""
        if self.send:
            return "sendrecv" if self.receive else "sendonly"
        return "recvonly" if self.receive else "inactive"


def agree(
    section: Section, *, receive: bool, send: bool, order: tuple[str, ...], own: Line | None = None
) -> Line | None:
    """Return what can be agreed on for a remote section, or None when nothing can.

    ``order`` names the video codecs, the preferred one first. ``own`` is the line that was offered
    when ``section`` is of an answer.
    """
    if section.kind not in ("audio", "video") or not section.open:
        return None
    receive = receive and section.sends
    send = send and section.receives
    if not receive and not send:
        return None
    names = order if section.kind == "video" else ("opus",)
    formats = _formats(section, names, receive, send, own)
    if not formats:
        return None
    taken = {
        uri: number
        for uri, number in section.extensions.items()
        if uri in EXTENSIONS[section.kind] and 1 <= number <= 14
    }
    mid = section.mid or (own.mid if own else "")
    return Line(
        section.index,
        section.kind,
        mid,
        send,
        receive,
        formats,
        taken,
        section.ssrcs,
        section.reduced_size,
    )


def offered(index: int, kind: str, *, receive: bool, send: bool, order: tuple[str, ...]) -> Line:
    """Return a line to offer."""
    if kind == "audio":
        formats = [Format(111, "opus", 48000, 2, {"minptime": 10, "useinbandfec": 1, "stereo": 1})]
    else:
        known = {
            "H264": Format(102, "H264", 90000, None, _h264("42e02a", True), _FEEDBACK, 103),
            "VP8": Format(96, "VP8", 90000, None, {}, _FEEDBACK, 97),
        }
        formats = [known[name] for name in order]
    extensions = {uri: i for i, uri in enumerate(EXTENSIONS[kind], 1)}
    return Line(index, kind, str(index), send, receive, formats, extensions)


def named(section: Section) -> str:
    """Return the names of the codecs of a section, for a message."""
    names = dict.fromkeys(codec.name for codec in section.codecs if codec.name.lower() != "rtx")
    return ", ".join(names) or "nothing"


def _formats(
    section: Section, order: tuple[str, ...], receive: bool, send: bool, own: Line | None
) -> list[Format]:
    found: list[tuple[int, int, Format]] = []
    for position, codec in enumerate(section.codecs):
        taken = _take(codec, section.codecs, order, receive, send)
        if taken is not None:
            rank = order.index(taken.name) if own is None else 0
            # A remote that takes constrained baseline is sent just that, and the more advanced
            # profiles it names are for what comes back.
            found.append((rank, position + 100 * (not _constrained(taken)), taken))
    found.sort(key=lambda one: one[:2])
    return [one[2] for one in found]


def _take(
    codec: RTCRtpCodecParameters,
    beside: list[RTCRtpCodecParameters],
    order: tuple[str, ...],
    receive: bool,
    send: bool,
) -> Format | None:
    name = next((one for one in order if one.lower() == codec.name.lower()), None)
    clock = 48000 if name == "opus" else 90000
    if name is None or codec.clockRate != clock or codec.payloadType is None:
        return None
    parameters: ParametersDict = {}
    if name == "H264":
        # Mode 0 forbids fragments (RFC 6184, section 6.2), which is what pictures are sent in.
        whole = str(codec.parameters.get("packetization-mode", "0")) != "1"
        if whole and send:
            return None
        asymmetric = str(codec.parameters.get("level-asymmetry-allowed", "0")) == "1"
        profile = str(codec.parameters.get("profile-level-id", "42e01f")).lower()
        parameters = _h264(_answered(profile, asymmetric), not whole)
    elif name == "opus":
        parameters = {"minptime": 10, "useinbandfec": 1, "stereo": 1}
    if name != "opus" and receive:
        parameters["x-google-start-bitrate"] = START_BITRATE
    wanted = [f"{one.type} {one.parameter or ''}".strip() for one in codec.rtcpFeedback]
    rtx = next(
        (
            one.payloadType
            for one in beside
            if one.name.lower() == "rtx" and one.parameters.get("apt") == codec.payloadType
        ),
        None,
    )
    feedback = tuple(one for one in _FEEDBACK if one in wanted)
    return Format(codec.payloadType, name, clock, codec.channels, parameters, feedback, rtx)


def _answered(profile: str, asymmetric: bool) -> str:
    """Return the profile and level to answer with (RFC 6184, section 8.2.2)."""
    try:
        level = int(profile[4:6], 16)
    except ValueError:
        return profile
    return f"{profile[:4]}{LEVEL if asymmetric else min(level, LEVEL):02x}"


def _h264(profile: str, fragments: bool) -> ParametersDict:
    parameters: ParametersDict = {"level-asymmetry-allowed": "1", "profile-level-id": profile}
    if fragments:
        parameters["packetization-mode"] = "1"
    return parameters


def _constrained(format_: Format) -> bool:
    profile = str(format_.parameters.get("profile-level-id", ""))
    return format_.name != "H264" or profile[:4] in (CONSTRAINED_BASELINE, "42c0")
