"""Session descriptions: what is read of them, what is answered, what is refused."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamfx.live.refusal import Refusal
from streamfx.live.transport.description import read, read_fragment
from streamfx.live.transport.negotiation import taken
from streamfx.live.transport.peer import Peer, PeerSettings
from tests.streamfx.live.transport.pairs import Heard

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)


def offer(video=("96 VP8/90000",), *, audio=True, extra=(), direction="sendrecv", bundle=True):
    """An offer as browsers write it, with these lines more in its video section."""

    def section(kind, mid, formats):
        numbers = " ".join(one.split(" ", 1)[0] for one in formats)
        return [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {numbers}",
            "c=IN IP4 0.0.0.0",
            "a=ice-ufrag:abcd",
            "a=ice-pwd:aaaabbbbccccddddeeeeffff",
            f"a=fingerprint:{FINGERPRINT}",
            "a=setup:actpass",
            f"a=mid:{mid}",
            f"a={direction}",
            "a=rtcp-mux",
            *(f"a=rtpmap:{one}" for one in formats),
        ]

    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    mids = ["0", "1"] if audio else ["1"]
    if bundle:
        lines.append("a=group:BUNDLE " + " ".join(mids))
    if audio:
        lines += section("audio", "0", ("111 opus/48000/2",))
    lines += [*section("video", "1", video), *extra]
    return "\r\n".join(lines) + "\r\n"


def answer(text, *, receive=True, send=True, codecs=("H264", "VP8")):
    async def run():
        peer = Peer(PeerSettings(codecs=codecs), Heard())
        try:
            return await peer.accept(text, receive=receive, send=send)
        finally:
            await peer.close()

    return asyncio.run(run()).split("\r\n")


def lines_of(text, *, receive=True, send=True, codecs=("H264", "VP8")):
    return taken(read(text), codecs, receive=receive, send=send)


def test_the_preferred_codec_comes_first():
    video = ("96 VP8/90000", "102 H264/90000", "103 rtx/90000")
    extra = (
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=fmtp:103 apt=102",
        "a=rtcp-fb:102 nack pli",
        "a=rtcp-fb:* ccm fir",
        "a=rtcp-fb:102 transport-cc",
    )
    lines, _ = lines_of(offer(video, extra=extra))
    first, second = lines[1].formats
    assert (first.name, first.payload, first.rtx) == ("H264", 102, 103)
    assert first.parameters["profile-level-id"] == "42e02a"
    assert first.feedback == ("nack pli", "ccm fir")
    assert second.name == "VP8"
    assert lines_of(offer(video, extra=extra), codecs=("VP8",))[0][1].formats[0].name == "VP8"


def test_a_level_is_only_raised_where_both_may_differ():
    extra = ("a=fmtp:102 packetization-mode=1;profile-level-id=42e01f",)
    lines, _ = lines_of(offer(("102 H264/90000",), extra=extra))
    assert lines[1].formats[0].parameters["profile-level-id"] == "42e01f"


def test_h264_without_fragments_is_received_but_not_sent():
    text = offer(("102 H264/90000",), audio=False)
    assert lines_of(text, send=False)[0][0].formats
    with pytest.raises(Refusal, match="no codec in common"):
        lines_of(text, receive=False)


def test_all_candidates_are_in_the_answer():
    lines = answer(offer())
    assert any(line.startswith("a=candidate:") for line in lines)
    assert "a=end-of-candidates" in lines and "a=setup:active" in lines
    assert "a=group:BUNDLE 0 1" in lines and "a=sendrecv" in lines


def test_the_remote_may_be_active():
    assert "a=setup:passive" in answer(offer().replace("actpass", "active"))


@pytest.mark.parametrize(
    ("direction", "receive", "send", "expected"),
    [
        ("sendonly", True, True, "recvonly"),
        ("sendonly", True, False, "recvonly"),
        ("recvonly", True, True, "sendonly"),
        ("sendrecv", False, True, "sendonly"),
        ("sendrecv", True, False, "recvonly"),
    ],
)
def test_directions_are_answered(direction, receive, send, expected):
    assert f"a={expected}" in answer(offer(direction=direction), receive=receive, send=send)


def test_what_is_not_taken_is_rejected_in_its_place():
    extra = ("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", "a=sctp-port:5000")
    lines = answer(offer(extra=extra))
    media = [line for line in lines if line.startswith("m=")]
    assert [line.split()[0] for line in media] == ["m=audio", "m=video", "m=application"]
    assert media[2] == "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
    assert "a=group:BUNDLE 0 1" in lines


def test_sound_of_a_kind_unknown_is_rejected_and_pictures_go_on():
    text = offer().replace("111 opus/48000/2", "111 ISAC/16000")
    lines = answer(text)
    assert "m=audio 0 UDP/TLS/RTP/SAVPF 111" in lines
    assert any(line.startswith("m=video ") and " 0 " not in line for line in lines)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a session description"),
        ("hello", "not a session description"),
        ("v=0\r\n", "neither audio nor video"),
        ("v=0\r\nm=video x\r\n", "malformed"),
        ("v=0" + "\r\na=x" * 50_000, "longer than"),
        (offer().replace("a=ice-pwd", "a=x"), "ice-pwd"),
        (offer().replace("a=fingerprint", "a=x"), "fingerprint"),
        (offer().replace("sha-256", "sha-1"), "SHA-256"),
        (offer().replace("a=setup:actpass\r\n", ""), "setup"),
        (offer().replace("actpass", "holdconn"), "malformed"),
        (offer().replace("a=rtcp-mux\r\n", ""), "rtcp-mux"),
        (offer(("96 AV1/90000", "97 VP9/90000"), audio=False), "video comes as AV1, VP9"),
        (offer(bundle=False), "BUNDLE"),
        (offer(direction="inactive"), "sends or receives"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(text, why):
    with pytest.raises(Refusal, match=why) as refused:
        lines_of(text)
    assert refused.value.status == 400
    assert "\n" not in str(refused.value)


def test_an_offer_in_the_wrong_direction_is_refused():
    with pytest.raises(Refusal, match="a peer that sends audio or video"):
        lines_of(offer(direction="recvonly"), send=False)


def test_an_answer_must_choose_its_role():
    with pytest.raises(Refusal, match="must choose"):
        read(offer(), answer=True)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_description_is_read_or_refused(data):
    extra = (
        "a=fmtp:96 x-google=1",
        "a=candidate:1 1 udp 1 10.0.0.1 9 typ host",
        "a=rtcp:9 IN IP4 1",
    )
    lines = offer(extra=extra).split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(lines) - 1))
        cut = data.draw(st.integers(0, len(lines[i])))
        lines[i] = lines[i][:cut] + data.draw(st.text(max_size=5))
    try:
        lines_of("\r\n".join(lines))
    except Refusal as refusal:
        assert refusal.status == 400


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_fragment_is_read_or_refused(text):
    for one in (text, "a=candidate:" + text):
        try:
            read_fragment(one)
        except Refusal as refusal:
            assert refusal.status == 400


def test_only_candidates_that_can_be_tried_are_kept():
    ufrag, found, complete = read_fragment(
        "a=ice-ufrag:abcd\r\na=candidate:1 1 udp 5 10.0.0.1 4000 typ host\r\n"
        "a=candidate:2 1 tcp 5 10.0.0.1 9 typ host tcptype active\r\n"
        "a=candidate:3 2 udp 5 10.0.0.1 4001 typ host\r\na=end-of-candidates\r\n"
    )
    assert (ufrag, [one.port for one in found], complete) == ("abcd", [4000], True)
    assert read_fragment("candidate:1 1 udp 5 10.0.0.1 4000 typ host")[1][0].ip == "10.0.0.1"
    assert read_fragment("")[2]
