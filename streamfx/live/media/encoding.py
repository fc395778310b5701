"""Pictures and sound to packets for peers: small, at once, and at a rate that may change."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from av import AudioFrame, AudioResampler, CodecContext, VideoFrame
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from streamfx.live.media.h264 import h264_level
from streamfx.media.packets import AnyPacket

VIDEO_TICK = Fraction(1, 90_000)
"""Time base of every video packet: the RTP clock of video (RFC 3551)."""
SOUND_RATE = 48_000
"""Samples a second of every sound packet: the RTP clock of Opus (RFC 7587)."""
SOUND_STEP = 960
"""Samples of one sound packet: 20 ms."""
LOWEST = 150_000
"""Bits a second below which a picture is not worth sending."""

VideoCodec = Literal["H264", "VP8"]

_THREADS = {"H264": 2, "VP8": 1}  # threads of libvpx spin: on busy cores they cost ten times more
_BUFFER = 0.5  # seconds of the bitrate that the decoder's buffer holds: bounds a keyframe
_REOPEN = 0.2  # change of the bitrate for which VP8 is opened anew
_SLOWEST = 4.0  # by how much the pictures may come slower than ``fps`` and still get the bitrate
_SMOOTH = 15  # pictures over which their rate is measured
_PATIENCE = {False: 2.0, True: 10.0}  # seconds between two of those, by whether it goes up


def default_bitrate(width: int, height: int, fps: float) -> int:
    """Return bits a second that look good: 2.5 million at 720p30, 4.5 million at 1080p30."""
    share = width * height * fps / 27_648_000
    return max(LOWEST, round(2_500_000 * float(share**0.725)))


class VideoEncoder:
    """Encodes the pictures of one stream, each as it comes.

    A picture of another size opens the encoder anew, and so begins with a keyframe. Keyframes come
    when asked for, and every ``interval`` seconds. ``bitrate`` left out follows the picture's size;
    whatever is set stays between ``low`` and ``high`` (left out: twice what the size would get).
    """

    def __init__(
        self,
        codec: VideoCodec,
        *,
        fps: float = 30,
        bitrate: int | None = None,
        low: int = LOWEST,
        high: int | None = None,
        interval: float = 10.0,
    ) -> None:
        if codec not in ("H264", "VP8"):
            raise ValueError(f"codec must be H264 or VP8, got {codec!r}")
        self.codec: VideoCodec = codec
        self.fps = fps
        self._asked = bitrate
        self._low, self._high = low, high
        self._interval = round(interval / VIDEO_TICK)
        self._size = (1280, 720)
        self._context: VideoCodecContext | None = None
        self._colours: tuple[int, ...] = ()
        self._opened_rate = 0
        self._opened_at = 0
        self._last: int | None = None
        self._key = 0
        self._pace = 1.0
        """Duration of a picture, in those of ``fps``: x264 counts pictures, not time."""

    @property
    def bitrate(self) -> int:
        """Bits a second aimed at. What is set counts from the next picture on."""
        usual = default_bitrate(*self._size, self.fps)
        return max(self._low, min(self._asked or usual, self._ceiling))

    @bitrate.setter
    def bitrate(self, bits: int) -> None:
        self._asked = bits

    def encode(self, frame: VideoFrame, *, keyframe: bool = False) -> list[AnyPacket]:
        """Return the packets of one more picture: H.264 as Annex B, VP8 as RFC 6386 has it.

        Times are those of the picture, in :data:`VIDEO_TICK`; one that does not grow is moved by a
        tick. Anything but yuv420p of even size is converted. The encoder marks the frame, so no
        other may use it meanwhile.
        """
        picture = _fit(frame)
        now = self._instant(frame)
        colours = (picture.colorspace, picture.color_range)
        size = (picture.width, picture.height)
        keyframe = keyframe or now - self._key >= self._interval
        fresh = self._context is None or size != self._size or colours != self._colours
        if fresh or self._off(now, keyframe):
            self._open(size, colours, picture, now)
        context = self._context
        assert context is not None
        if self.codec == "H264":
            context.bit_rate = round(self.bitrate * self._pace)
        picture.pts, picture.time_base = now, VIDEO_TICK
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        packets = context.encode(picture)
        if any(packet.is_keyframe for packet in packets):
            self._key = now
        return packets

    def close(self) -> None:
        """Give the encoder back. It opens again when another picture comes."""
        self._context = None

    @property
    def _ceiling(self) -> int:
        return self._high or 2 * default_bitrate(*self._size, self.fps)

    def _instant(self, frame: VideoFrame) -> int:
        if frame.pts is None or frame.time_base is None:
            raise ValueError("a picture without a time cannot be encoded: set pts and time_base")
        now = round(frame.pts * frame.time_base / VIDEO_TICK)
        if self._last is not None:
            now = max(now, self._last + 1)
            step = float((now - self._last) * VIDEO_TICK) * self.fps
            self._pace += (min(max(step, 1 / _SLOWEST), _SLOWEST) - self._pace) / _SMOOTH
        self._last = now
        return now

    def _off(self, now: int, keyframe: bool) -> bool:
        """Tell whether the bitrate has moved so far that the encoder must be opened anew.

        x264 takes a new bitrate at once, but keeps the size of its buffer; libvpx keeps both. A
        keyframe that is due anyway costs nothing more when the encoder begins with it.
        """
        change = self.bitrate / self._opened_rate - 1
        if abs(change) <= _REOPEN:
            return False
        if keyframe:
            return True
        return self.codec == "VP8" and now - self._opened_at >= _PATIENCE[change > 0] / VIDEO_TICK

    def _open(
        self, size: tuple[int, int], colours: tuple[int, ...], picture: VideoFrame, now: int
    ) -> None:
        self._size, self._colours = size, colours
        rate = self.bitrate
        context = CodecContext.create("libx264" if self.codec == "H264" else "libvpx", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = VIDEO_TICK
        context.framerate = Fraction(self.fps).limit_denominator(1001)
        context.gop_size = 1_000_000
        context.thread_count = _THREADS[self.codec]
        context.colorspace, context.color_range = picture.colorspace, picture.color_range
        context.color_primaries, context.color_trc = picture.color_primaries, picture.color_trc
        if self.codec == "H264":
            context.thread_type = ThreadType.SLICE
            # x264 follows a bitrate that changes up to the one it was opened with, and only where
            # that is the highest allowed as well.
            ceiling = round(self._ceiling * _SLOWEST)
            context.bit_rate = ceiling
            context.options = _x264(ceiling, rate, h264_level(*size, self.fps))
            context.open()
        else:
            context.options = _libvpx(rate)
        context.bit_rate = rate
        self._context, self._opened_rate, self._opened_at = context, rate, now


class SoundEncoder:
    """Encodes sound as Opus, 48 kHz stereo, a packet each 20 ms, able to repair a lost packet."""

    def __init__(self, *, bitrate: int = 96_000) -> None:
        context = CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.format, context.layout, context.sample_rate = "s16", "stereo", SOUND_RATE
        context.time_base = Fraction(1, SOUND_RATE)
        context.bit_rate = bitrate
        context.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": "5",
        }
        self._context = context
        self._resampler = _twenty_ms()
        self._form: tuple[str, str, int] | None = None

    def encode(self, frame: AudioFrame) -> list[AnyPacket]:
        """Return the packets that one more run of samples completes, timed in samples.

        A packet's time is that of what a decoder makes of it: the encoder's own delay (6.5 ms) is
        taken off. Samples may change their form; a rest of less than 20 ms is lost then.
        """
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            self._form, self._resampler = form, _twenty_ms()
        return [
            packet
            for step in self._resampler.resample(frame)
            for packet in self._context.encode(step)
        ]

    def close(self) -> None:
        """Drop what is held back."""
        self._form = None


def _twenty_ms() -> AudioResampler:
    return AudioResampler("s16", "stereo", SOUND_RATE, frame_size=SOUND_STEP)


def _fit(frame: VideoFrame) -> VideoFrame:
    width, height = max(frame.width & ~1, 2), max(frame.height & ~1, 2)
    if frame.format.name == "yuv420p" and (width, height) == (frame.width, frame.height):
        return frame
    return frame.reformat(width=width, height=height, format="yuv420p")


def _x264(ceiling: int, rate: int, level: str) -> dict[str, str]:
    return {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",  # what x264 writes is constrained baseline
        "x264-params": "aq-mode=0",
        "level": level,
        "forced-idr": "1",
        "sc_threshold": "0",
        "maxrate": str(ceiling),
        "bufsize": str(round(rate * _BUFFER)),
    }


def _libvpx(rate: int) -> dict[str, str]:
    return {
        "deadline": "realtime",
        "cpu-used": "-8",  # a positive number would let libvpx choose, by its own clock
        "lag-in-frames": "0",
        "error-resilient": "default",
        "static-thresh": "1",
        "minrate": str(rate),
        "maxrate": str(rate),
        "bufsize": str(round(rate * _BUFFER)),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
    }
