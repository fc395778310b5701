"""A peer on GStreamer's webrtcbin, run by the system's Python: offers, takes an answer, counts.

Arguments: the codec (H264 or VP8), the direction of the offer, seconds to run. It writes one JSON
object a line: the offer, then what came of each kind; it reads the answer as one JSON line.
"""

import json
import sys
import threading

import gi  # type: ignore[import-not-found]  # the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402
    GLib,
    Gst,
    GstSdp,
    GstWebRTC,
)

CODEC, DIRECTION, SECONDS = sys.argv[1], sys.argv[2], float(sys.argv[3])
ENCODERS = {
    "H264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=800 "
    "! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 "
    "aggregate-mode=zero-latency pt=102",
    "VP8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30 ! rtpvp8pay pt=96",
}
CAPS = {
    "H264": "application/x-rtp,media=video,encoding-name=H264,payload=102,clock-rate=90000,"
    "packetization-mode=(string)1",
    "VP8": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
}
OPUS = (
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,"
    "encoding-params=(string)2"
)

Gst.init(None)
pipe = Gst.Pipeline()
rtc = Gst.ElementFactory.make("webrtcbin")
rtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
pipe.add(rtc)
counts = {"video": 0, "audio": 0, "width": 0}
lock = threading.Lock()
loop = GLib.MainLoop()


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def source(text):
    part = Gst.parse_bin_from_description(text, True)
    pipe.add(part)
    pad = rtc.request_pad_simple("sink_%u")
    part.get_static_pad("src").link(pad)
    if DIRECTION == "sendonly":
        send = GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY
        pad.get_property("transceiver").set_property("direction", send)


def incoming(_element, pad):
    kind = pad.get_current_caps().get_structure(0).get_string("media")
    decode = Gst.ElementFactory.make("decodebin")
    pipe.add(decode)

    def decoded(_element, raw):
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", False)
        sink.set_property("signal-handoffs", True)
        pipe.add(sink)

        def handoff(_sink, _buffer, at):
            with lock:
                counts[kind] += 1
                if kind == "video":
                    counts["width"] = at.get_current_caps().get_structure(0).get_value("width")

        sink.connect("handoff", handoff)
        raw.link(sink.get_static_pad("sink"))
        sink.sync_state_with_parent()

    decode.connect("pad-added", decoded)
    pad.link(decode.get_static_pad("sink"))
    decode.sync_state_with_parent()


def offer_made(promise, _):
    promise.wait()
    reply = promise.get_reply()  # holds what is taken from it
    offer = described(GstWebRTC.WebRTCSDPType.OFFER, reply.get_value("offer").sdp.as_text())
    rtc.emit("set-local-description", offer, Gst.Promise.new())


def gathered(*_):
    if rtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        say(sdp=rtc.get_property("local-description").sdp.as_text())
        threading.Thread(target=answered, daemon=True).start()


def answered():
    text = json.loads(sys.stdin.readline())["sdp"]
    answer = described(GstWebRTC.WebRTCSDPType.ANSWER, text)
    rtc.emit("set-remote-description", answer, Gst.Promise.new())
    GLib.timeout_add(int(SECONDS * 1000), done)


def described(kind, text):
    """A description of our own: one that GStreamer lends may be gone when it is used."""
    _, message = GstSdp.SDPMessage.new_from_text(text)
    return GstWebRTC.WebRTCSessionDescription.new(kind, message)


def done():
    with lock:
        say(**counts)
    loop.quit()
    return False


if DIRECTION == "recvonly":
    receive = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
    rtc.emit("add-transceiver", receive, Gst.Caps.from_string(CAPS[CODEC]))
    rtc.emit("add-transceiver", receive, Gst.Caps.from_string(OPUS))
else:
    source(
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1,"
        f"format=I420 ! {ENCODERS[CODEC]} ! capsfilter caps={CAPS[CODEC]}"
    )
    source(f"audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=111 ! capsfilter caps={OPUS}")
rtc.connect("pad-added", incoming)
rtc.connect("notify::ice-gathering-state", gathered)
rtc.connect(
    "on-negotiation-needed",
    lambda _: rtc.emit("create-offer", None, Gst.Promise.new_with_change_func(offer_made, None)),
)
pipe.set_state(Gst.State.PLAYING)
GLib.timeout_add(20_000, done)
loop.run()
pipe.set_state(Gst.State.NULL)
