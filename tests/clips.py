"""Small clips for tests, drawn and encoded here: any codec, container, size, rate, depth and sound.

``make(path, ...)`` writes one; ``cached(name, ...)`` makes it once for all tests of a run. Every
picture is different, has detail, and :func:`picture` draws it again for comparison.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
FOOTAGE = ROOT.parent / "shared" / "footage"
"""Real clips; absent on most machines, so tests that want them skip."""

KEY = "00112233445566778899aabbccddeeff"
QUICK = {"libx264": {"preset": "veryfast"}, "libx265": {"preset": "ultrafast"}}


@dataclass(frozen=True)
class Clip:
    """What to draw and how to write it. Times count ``1 / tick`` seconds."""

    frames: int = 25
    width: int = 64
    height: int = 48
    rate: Fraction = Fraction(25)
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    pts: Sequence[int] | None = None
    """Instants in units of ``tick``; None: one frame after the other at ``rate``."""
    tick: Fraction | None = None
    """Seconds; None: one frame."""
    gop: int = 12
    options: Mapping[str, str] = field(default_factory=dict)
    """Encoder options."""
    format: str | None = None
    """Container; None: by the path."""
    container: Mapping[str, str] = field(default_factory=dict)
    """Muxer options."""
    audio: Sequence[str] = ()
    """Encoder of each sound track, such as ``aac``."""
    audio_rate: int = 48000
    layout: str = "stereo"
    tags: Mapping[str, str] = field(default_factory=dict)
    chapters: Sequence[tuple[int, int, str]] = ()
    """Start and end in milliseconds, and the title."""
    rotation: int = 0
    """Degrees, as in ``VideoStream.set_display_rotation``."""
    colour: Mapping[str, int] = field(default_factory=dict)
    """Codec context attributes: color_range, colorspace, color_trc, color_primaries."""
    alpha: bool = False
    still_from: int | None = None
    """From this picture on nothing moves."""


def picture(number: int, width: int, height: int, alpha: bool = False) -> NDArray[np.uint8]:
    """Draw ``(H, W, 3 or 4)``: a gradient that drifts, fine texture, and a block that walks."""
    y, x = np.mgrid[0:height, 0:width]
    red = 128 + 90 * np.sin((x + 3 * number) / 9)
    green = 128 + 90 * np.cos((y - 2 * number) / 7)
    blue = (x * 3 + y * 5 + number * 11) % 256 * 0.6 + 40
    image = np.stack([red, green, blue], 2)
    side = max(2, min(width, height) // 4)
    left = number * 3 % max(1, width - side)
    top = number * 2 % max(1, height - side)
    image[top : top + side, left : left + side] = (230, 40, 40)
    if alpha:
        image = np.concatenate([image, ((x + number * 4) % 256)[..., None]], 2)
    return image.round().clip(0, 255).astype(np.uint8)


def sound(samples: int, start: int, rate: int, channels: int) -> NDArray[np.float32]:
    """Draw ``(channels, samples)``: a tone with a click each half second."""
    at = np.arange(start, start + samples)
    tone = 0.3 * np.sin(2 * np.pi * 440 * at / rate)
    tone[at % (rate // 2) < 48] = 0.8
    return np.tile(tone.astype(np.float32), (channels, 1))


def make(path: Path | str, clip: Clip | None = None, **changes: Any) -> Path:
    """Write a clip to ``path`` and return the path; keywords are fields of :class:`Clip`."""
    made = Clip(**{**(vars(clip) if clip else {}), **changes})
    path = Path(path)
    with av.open(str(path), "w", format=made.format, container_options=dict(made.container)) as out:
        out.metadata.update(made.tags)
        if made.chapters:
            milli = Fraction(1, 1000)
            chapters: list[Any] = [
                {"id": i, "start": a, "end": b, "time_base": milli, "metadata": {"title": name}}
                for i, (a, b, name) in enumerate(made.chapters)
            ]
            out.set_chapters(chapters)
        video = _video_stream(out, made)
        tracks = [_audio_stream(out, made, codec) for codec in made.audio]
        _write(out, made, video, tracks)
    return path


def _video_stream(out: OutputContainer, clip: Clip) -> VideoStream:
    options = {**QUICK.get(clip.codec, {}), **clip.options}
    stream = cast(VideoStream, out.add_stream(clip.codec, rate=clip.rate, options=options))
    stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, clip.pix_fmt
    context = stream.codec_context
    context.gop_size = clip.gop
    context.time_base = clip.tick or 1 / clip.rate
    for name, value in clip.colour.items():
        setattr(context, name, value)
    if clip.rotation:
        stream.set_display_rotation(clip.rotation)
    return stream


def _audio_stream(out: OutputContainer, clip: Clip, codec: str) -> AudioStream:
    stream = cast(AudioStream, out.add_stream(codec, rate=clip.audio_rate))
    stream.codec_context.layout = clip.layout
    return stream


def _write(out: OutputContainer, clip: Clip, video: VideoStream, tracks: list[AudioStream]) -> None:
    tick = clip.tick or 1 / clip.rate
    instants = clip.pts if clip.pts is not None else range(clip.frames)
    if clip.pts is None and clip.tick is not None:
        instants = [round(i / clip.rate / tick) for i in range(clip.frames)]
    written = [0] * len(tracks)
    for number, pts in enumerate(instants):
        frame = draw(number, clip)
        frame.pts, frame.time_base = pts, tick
        out.mux(cast("list[Packet[Stream]]", video.encode(frame)))
        until = (pts * tick + 1 / clip.rate) * clip.audio_rate
        for index, track in enumerate(tracks):
            while written[index] + 1024 <= until:
                written[index] += _write_sound(out, clip, track, written[index])
    out.mux(cast("list[Packet[Stream]]", video.encode(None)))
    for track in tracks:
        out.mux(cast("list[Packet[Stream]]", track.encode(None)))


def _write_sound(out: OutputContainer, clip: Clip, track: AudioStream, at: int) -> int:
    channels = track.codec_context.channels
    samples = sound(1024, at, clip.audio_rate, channels)
    frame = AudioFrame.from_ndarray(samples, "fltp", clip.layout)
    frame.sample_rate, frame.pts = clip.audio_rate, at
    frame.time_base = Fraction(1, clip.audio_rate)
    out.mux(cast("list[Packet[Stream]]", track.encode(frame)))
    return 1024


def draw(number: int, clip: Clip) -> VideoFrame:
    """Draw one picture in the clip's pixel format."""
    if clip.still_from is not None:
        number = min(number, clip.still_from)
    image = picture(number, clip.width, clip.height, clip.alpha)
    frame = VideoFrame.from_ndarray(image, "rgba" if clip.alpha else "rgb24")
    # Several threads overlap by chance at the borders of their slices (swscale, odd widths).
    return frame.reformat(format=clip.pix_fmt, threads=1)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="streamfx-clips-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_made: dict[tuple[str, str], Path] = {}


def cached(name: str, clip: Clip | None = None, **changes: Any) -> Path:
    """Return a clip that is made once in a test run; ``name`` is its file name."""
    made = Clip(**{**(vars(clip) if clip else {}), **changes})
    key = (name, repr(made))
    if key not in _made:
        folder = _folder() / str(len(_made))
        folder.mkdir()
        _made[key] = make(folder / name, made)
    return _made[key]


def stills(folder: Path, pattern: str, count: int, first: int = 1, **changes: Any) -> list[Path]:
    """Write numbered images, such as ``shot.%04d.png``, and return their paths."""
    return [still(folder / (pattern % (first + i)), number=i, **changes) for i in range(count)]


CODECS = {
    "png": ("png", "rgb24"),
    "jpg": ("mjpeg", "yuvj420p"),
    "tif": ("tiff", "rgb24"),
    "tiff": ("tiff", "rgb24"),
    "webp": ("libwebp", "bgra"),
    "exr": ("exr", "gbrpf32le"),
    "bmp": ("bmp", "bgr24"),
}


def still(path: Path, *, number: int = 0, width: int = 64, height: int = 48) -> Path:
    """Write one image; its suffix decides on the codec."""
    codec, pix_fmt = CODECS[path.suffix[1:].lower()]
    clip = Clip(codec=codec, pix_fmt=pix_fmt, width=width, height=height)
    with av.open(str(path), "w", format="image2", container_options={"update": "1"}) as out:
        stream = _video_stream(out, clip)
        frame = draw(number, clip)
        frame.pts = 0
        out.mux(cast("list[Packet[Stream]]", [*stream.encode(frame), *stream.encode(None)]))
    return path


def silent_film(path: Path, codec: str = "aac") -> Path:
    """Write a file with sound and no video."""
    with av.open(str(path), "w") as out:
        clip = Clip()
        track = _audio_stream(out, clip, codec)
        for at in range(0, 48000, 1024):
            _write_sound(out, clip, track, at)
        out.mux(cast("list[Packet[Stream]]", track.encode(None)))
    return path
