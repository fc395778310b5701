"""Every real clip goes through unharmed: frames, instants, length, turn, tags and sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from streamfx.engine.report import Report
from streamfx.engine.settings import RunSettings
from streamfx.scripting import Graph

FOOTAGE = Path(__file__).parents[2].parent / "shared" / "footage"
MOVIES = {".mp4", ".webm", ".mkv", ".3gp", ".flv", ".mpg"}
CLIPS = sorted(
    path
    for part in ("general", "faces")
    for path in FOOTAGE.glob(f"{part}/**/*")
    if path.suffix in MOVIES
)
KEEPS_ITS_CLOCK = {".mp4": ".mp4", ".3gp": ".mp4", ".flv": ".mp4", ".mpg": ".mp4"}
"""Containers by source; the others are Matroska or WebM, whose clock is Matroska's."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLIPS, reason="the footage is not beside the checkout"),
]


@dataclass
class Content:
    """What a file holds, read packet by packet and frame by frame."""

    pts: list[Fraction] = field(default_factory=list)
    end: Fraction = Fraction(0)
    rotation: int = 0
    aspect: Fraction = Fraction(1)
    colour: tuple[int, ...] = ()
    sound: list[list[tuple[Fraction, str]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    languages: list[str] = field(default_factory=list)


def chosen(container: av.container.InputContainer) -> VideoStream:
    best = container.streams.best("video")
    return next(s for s in container.streams.video if s is best)


def content_of(path: Path) -> Content:
    found = Content()
    with av.open(str(path), metadata_errors="ignore") as container:
        stream = chosen(container)
        audio = list(container.streams.audio)
        tracks: dict[int, list[tuple[Fraction, str]]] = {s.index: [] for s in audio}
        stream.thread_type = "AUTO"
        assert stream.time_base is not None
        for packet in container.demux():
            if packet.stream.index in tracks and packet.size:
                assert packet.pts is not None
                digest = hashlib.sha1(bytes(packet)).hexdigest()
                tracks[packet.stream.index].append((packet.pts * packet.time_base, digest))
            if packet.stream is stream:
                for frame in packet.decode():
                    assert isinstance(frame, av.VideoFrame)
                    assert frame.pts is not None
                    found.pts.append(frame.pts * stream.time_base)
                    found.rotation = frame.rotation
                    found.colour = (
                        frame.color_range or 1,  # untagged Y'CbCr is limited
                        frame.colorspace,
                        frame.color_primaries,
                        frame.color_trc,
                    )
        found.sound = list(tracks.values())
        found.languages = [s.language or "und" for s in audio]
        found.aspect = stream.sample_aspect_ratio or Fraction(1)
        found.tags = {name.lower(): value for name, value in container.metadata.items()}
        lasts = (stream.duration or 0) * stream.time_base
        found.end = (stream.start_time or 0) * stream.time_base + lasts
    return found


def rendered(clip: Path, preset: str, folder: Path) -> tuple[Report, Path]:
    target = folder / f"out{KEEPS_ITS_CLOCK.get(clip.suffix, '.mkv')}"
    report = Graph.load(preset).render(clip, target, settings=RunSettings(quality=30))
    return report, target


@pytest.mark.parametrize("preset", ["identity", "brighten"])
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_a_clip_goes_through_unharmed(clip: Path, preset: str, tmp_path: Path) -> None:
    report, target = rendered(clip, preset, tmp_path)
    source, made = content_of(clip), content_of(target)
    tick = Fraction(1, 1000) if target.suffix == ".mkv" else Fraction(0)
    assert len(made.pts) == len(source.pts)
    assert all(abs(a - b) <= tick for a, b in zip(made.pts, source.pts, strict=True))
    assert report.frames_out == len(source.pts)
    assert made.rotation == source.rotation
    assert made.aspect == source.aspect
    assert made.colour == source.colour
    assert abs(report.sync.duration) <= tick
    assert report.sync.last is None or abs(report.sync.last) <= Fraction(1, 100)
    if target.suffix == ".mp4" and clip.suffix == ".mp4":
        gaps = {after - before for before, after in pairwise(source.pts)}
        # MP4 counts a track's length in decoding times, which B-frames shift at a variable rate.
        assert abs(made.end - source.end) <= (0 if len(gaps) == 1 else max(gaps))
    same_sound(source, made, tick)
    for name in ("title", "comment", "artist"):
        assert made.tags.get(name) == source.tags.get(name)
    assert made.tags.get("creation_time", "")[:10] == source.tags.get("creation_time", "")[:10]
    assert not Path(f"{target}.part").exists()


def same_sound(source: Content, made: Content, tick: Fraction) -> None:
    """Compare the packets of every track: payload bit for bit, instants to the container's tick."""
    assert len(made.sound) == len(source.sound)
    assert made.languages == source.languages
    for before, after in zip(source.sound, made.sound, strict=True):
        assert [digest for _, digest in after] == [digest for _, digest in before]
        off = [abs(a - b) for (a, _), (b, _) in zip(after, before, strict=True)]
        assert max(off, default=Fraction(0)) <= max(tick, Fraction(1, 1000))
