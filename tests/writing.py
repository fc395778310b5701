"""Write clips through the Writer, and read back what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import torch

from streamfx.colour import Colour, guess
from streamfx.frame import Frame, VideoInfo
from streamfx.media.reader import Reader
from streamfx.media.writer import Writer, WriteSettings

CPU = WriteSettings(encoder="cpu")
NTSC = Fraction(30000, 1001)


def copy(
    source: Path,
    target: Path,
    *,
    settings: WriteSettings = CPU,
    range: tuple[Fraction, Fraction | None] | None = None,
) -> list[str]:
    """Write a source to a target as it is; return the writer's notes."""
    start, end = range if range else (None, None)
    with (
        Reader(str(source), copy=True, start=start, end=end) as reader,
        Writer(
            str(target), video_of(reader), source=reader, settings=settings, range=range
        ) as writer,
    ):
        for item in reader:
            writer.write(item)
        writer.finish()
    return writer.notes


def video_of(reader: Reader) -> VideoInfo:
    assert reader.source.video is not None
    return reader.source.video


def frames_of(reader: Reader) -> Iterator[Frame]:
    return (item for item in reader if isinstance(item, Frame))


def seconds(ticks: int | None, tick: Fraction | None) -> Fraction:
    assert ticks is not None and tick is not None
    return ticks * tick


def shown(path: Path) -> list[tuple[Fraction, Fraction]]:
    """Return when each picture is shown and for how long, in seconds."""
    with Reader(str(path)) as reader:
        return [(frame.pts, frame.duration) for frame in frames_of(reader)]


def images(path: Path) -> list[torch.Tensor]:
    with Reader(str(path)) as reader:
        return [frame.image for frame in frames_of(reader)]


def payloads(path: Path, kind: str = "audio") -> list[list[tuple[Fraction, bytes]]]:
    with av.open(str(path)) as file:
        tracks: dict[int, list[tuple[Fraction, bytes]]] = {
            s.index: [] for s in file.streams if s.type == kind
        }
        for packet in file.demux(*(s for s in file.streams if s.type == kind)):
            if packet.size:
                tracks[packet.stream.index].append(
                    (seconds(packet.pts, packet.time_base), bytes(packet))
                )
    return list(tracks.values())


def made(path: Path, frames: list[Frame], video: VideoInfo, codec: str | None = None) -> Writer:
    """Write frames that a node made."""
    with Writer(str(path), video, settings=WriteSettings(codec, encoder="cpu")) as writer:
        for frame in frames:
            writer.write(frame)
        writer.finish()
    return writer


def pictures(count: int = 3, channels: int = 3, width: int = 64, depth: int = 8) -> list[Frame]:
    """Return frames whose values lie exactly on the codes of a depth."""
    scale = 2**depth - 1
    random = torch.Generator().manual_seed(1)
    whole = torch.randint(0, scale + 1, (count, channels, 48, width), generator=random)
    step = Fraction(1, 25)
    return [Frame(each / scale, n * step, step) for n, each in enumerate(whole.float())]


RGB = VideoInfo(64, 48, Fraction(25), colour=guess(width=64, height=48, rgb=True))
YUV = VideoInfo(64, 48, Fraction(25), colour=Colour("smpte170m", "bt709", "smpte170m"))
