from __future__ import annotations

import csv
import itertools
import os
import random
import subprocess
import sys
import threading
import zlib
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from streamfx.errors import MediaError, SettingError, SourceError
from streamfx.frame import Frame, Sound
from streamfx.media.reader import Copied, Reader
from tests import clips

Seen = tuple[Fraction, Fraction, tuple[int, ...]]

X264_OPEN = {"x264-params": "open-gop=1:bframes=3:keyint=12:scenecut=0"}
X265_OPEN = {"x265-params": "log-level=none:open-gop=1:bframes=3:keyint=12"}
REALTIME = {"deadline": "realtime", "cpu-used": "8"}


def frames_of(reader: Reader) -> list[Frame]:
    return [item for item in reader if isinstance(item, Frame)]


def seen(frame: Frame) -> Seen:
    planes = (plane.contiguous().numpy().tobytes() for plane in frame.planes)
    return frame.pts, frame.duration, tuple(zlib.crc32(data) for data in planes)


def test_frames_come_with_the_containers_exact_times_and_numbers() -> None:
    path = clips.cached("plain.mp4", frames=30, audio=["aac"])
    with Reader(str(path)) as reader:
        frames = frames_of(reader)
    assert [f.pts for f in frames] == [Fraction(i, 25) for i in range(30)]
    assert {f.duration for f in frames} == {Fraction(1, 25)}
    assert [f.props.number for f in frames] == list(range(30))
    assert not any(f.props.cut or f.props.corrupt or f.props.repeated for f in frames)
    assert reader.truncated is None and reader.damage == []


def test_variable_times_are_kept_to_the_tick() -> None:
    instants = [0, 1, 3, 4, 9, 10, 11, 20, 21, 30, 31, 33]
    path = clips.cached("vfr.mp4", pts=instants, tick=Fraction(1, 90))
    with Reader(str(path)) as reader:
        assert reader.source.video is not None and reader.source.video.variable
        frames = frames_of(reader)
    assert [f.pts for f in frames] == [Fraction(i, 90) for i in instants]
    steps = [b - a for a, b in itertools.pairwise(instants)]
    assert [f.duration * 90 for f in frames[:-1]] == steps


def test_times_that_do_not_grow_are_moved_and_said() -> None:
    path = clips.cached("dup.mkv", pts=[0, 1, 2, 2, 4, 5], tick=Fraction(1, 25), codec="ffv1")
    with Reader(str(path)) as reader:
        frames = frames_of(reader)
    times = [f.pts for f in frames]
    assert len(times) == 6 and times == sorted(set(times))
    assert times[4:] == [Fraction(4, 25), Fraction(5, 25)]
    assert any("1 frames with a time not after" in note for note in reader.notes)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("b.mp4", clips.Clip(frames=48, audio=["aac"], options={"bf": "3"})),
        ("open.mp4", clips.Clip(frames=48, options=X264_OPEN)),
        ("open.mkv", clips.Clip(frames=48, audio=["aac"], options=X264_OPEN)),
        ("open.ts", clips.Clip(frames=48, audio=["aac"], options=X264_OPEN)),
        ("refresh.mp4", clips.Clip(frames=48, options={"x264-params": "intra-refresh=1"})),
        ("hevc.mp4", clips.Clip(frames=48, codec="libx265", options=X265_OPEN)),
        ("vp9.webm", clips.Clip(frames=48, codec="libvpx-vp9", options=REALTIME)),
        ("m2v.mpg", clips.Clip(frames=48, codec="mpeg2video", audio=["mp2"], options={"bf": "2"})),
        ("m4v.avi", clips.Clip(frames=48, codec="mpeg4", audio=["mp3"], options={"bf": "2"})),
        ("vfr.mp4", clips.Clip(pts=[i * i // 7 for i in range(4, 40)], tick=Fraction(1, 50))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_range_gives_exactly_the_frames_of_a_full_read(name: str, clip: clips.Clip) -> None:
    path = str(clips.cached(name, clip))
    with Reader(path) as reader:
        full = [seen(frame) for frame in frames_of(reader)]
    chance = random.Random(name)
    last = full[-1][0] + full[-1][1]
    starts = [chance.uniform(float(full[0][0]), float(last)) for _ in range(6)]
    for start in (Fraction(s).limit_denominator(1000) for s in starts):
        end = start + Fraction(chance.randrange(20, 900), 1000)
        with Reader(path, start=start, end=end, audio=bool(clip.audio), copy=True) as reader:
            frames = frames_of(reader)
        wanted = [f for f in full if f[0] + f[1] > start and f[0] < end]
        assert [seen(frame) for frame in frames] == wanted
        assert [f.props.cut for f in frames] == [True] + [False] * (len(wanted) - 1)
        assert all(f.props.number in (None, [w[0] for w in full].index(f.pts)) for f in frames)


def test_a_range_has_all_copied_packets_and_sound_that_lie_in_it() -> None:
    path = str(clips.cached("tracks.mkv", frames=75, audio=["aac", "ac3"]))
    start, end = Fraction(11, 10), Fraction(2)
    with Reader(path, copy=True) as reader:
        packets = [item for item in reader if isinstance(item, Copied)]
        wanted = {(p.stream.index, p.pts) for p in packets if p.end > start and p.pts < end}
    with Reader(path, copy=True, audio=True, start=start, end=end) as reader:
        items = list(reader)
        assert {(p.stream.index, p.pts) for p in items if isinstance(p, Copied)} == wanted
    sounds = [item for item in items if isinstance(item, Sound)]
    assert sounds[0].pts <= start and sounds[-1].end >= end


def test_ranges_that_cannot_be_are_refused() -> None:
    path = str(clips.cached("plain.mp4", frames=30, audio=["aac"]))
    with pytest.raises(SettingError, match=r"the end \(1.000 s\) must come after the start"):
        Reader(path, start=Fraction(2), end=Fraction(1))
    with pytest.raises(SettingError, match=r"the start \(9.000 s\) lies after the end"):
        Reader(path, start=Fraction(9))


@pytest.mark.parametrize(("name", "codec"), [("s.mp4", "aac"), ("s.mkv", "flac"), ("s.ts", "mp2")])
def test_sound_is_float_and_counted_without_gaps(name: str, codec: str) -> None:
    path = clips.cached(name, frames=50, audio=[codec])
    with Reader(str(path), audio=True) as reader:
        sounds = [item for item in reader if isinstance(item, Sound)]
        assert reader.source.audio is not None and reader.source.audio.channels == 2
    assert all(s.samples.dtype == torch.float32 and s.samples.shape[0] == 2 for s in sounds)
    assert all(a.end == b.pts for a, b in itertools.pairwise(sounds))
    assert 0.25 < max(float(s.samples.abs().max()) for s in sounds) <= 1.5


def test_lossless_sound_comes_as_it_was_written() -> None:
    path = clips.cached("pcm.mkv", frames=50, audio=["pcm_s16le"], codec="mpeg4")
    with Reader(str(path), video=False, audio=True) as reader:
        got = torch.cat([item.samples for item in reader if isinstance(item, Sound)], 1)
    drawn = torch.from_numpy(clips.sound(got.shape[1], 0, 48000, 2))
    assert float((got - drawn).abs().max()) <= 1 / 32768


def test_packets_of_other_streams_come_as_they_lie_in_the_file() -> None:
    path = clips.cached("tracks.mkv", frames=75, audio=["aac", "ac3"])
    with Reader(str(path), copy=True) as reader:
        assert [stream.index for stream in reader.copied] == [1, 2]
        copied = [item for item in reader if isinstance(item, Copied)]
        assert {item.stream.index for item in copied} == {1, 2}
    assert all(item.end > item.pts and item.packet.size for item in copied)


def test_pictures_shown_twice_are_marked() -> None:
    path = clips.cached("still.mkv", frames=20, codec="ffv1", still_from=9)
    with Reader(str(path)) as reader:
        frames = frames_of(reader)
    assert [f.props.repeated for f in frames] == [False] * 10 + [True] * 10
    assert reader.repeated == 10


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv422p", "yuv444p"])
def test_depth_and_chroma_stay_as_decoded(pix_fmt: str) -> None:
    path = clips.cached("deep.mp4", frames=5, codec="libx264", pix_fmt=pix_fmt)
    with Reader(str(path)) as reader:
        assert reader.source.pixels == pix_fmt
        frame = frames_of(reader)[0]
    assert frame.colour is not None and frame.colour.depth == (10 if "10" in pix_fmt else 8)
    drawn = torch.from_numpy(clips.picture(0, 64, 48)).permute(2, 0, 1) / 255
    assert float((frame.image - drawn).abs().mean()) < 0.05


def test_odd_sizes_are_read_whole() -> None:
    path = clips.cached("odd.webm", frames=3, width=37, height=23, codec="libvpx-vp9")
    with Reader(str(path)) as reader:
        assert [f.image.shape for f in frames_of(reader)] == [(3, 23, 37)] * 3


def test_alpha_of_webm_is_read() -> None:
    path = clips.cached(
        "alpha.webm", frames=3, codec="libvpx-vp9", pix_fmt="yuva420p", alpha=True, options=REALTIME
    )
    with Reader(str(path)) as reader:
        assert reader.source.video is not None and reader.source.video.alpha
        frame = frames_of(reader)[0]
    drawn = torch.from_numpy(clips.picture(0, 64, 48, alpha=True))[..., 3] / 255
    assert frame.image.shape[0] == 4
    assert float((frame.image[3] - drawn).abs().mean()) < 0.05


def test_a_turned_clip_comes_upright() -> None:
    path = clips.cached("turned.mp4", frames=3, rotation=90)
    with Reader(str(path)) as reader:
        video = reader.source.video
        assert video is not None and (video.width, video.height) == (48, 64)
        assert frames_of(reader)[0].image.shape == (3, 64, 48)


def test_interlaced_clips_are_deinterlaced_frame_by_frame_and_said() -> None:
    path = str(clips.cached("fields.mp4", frames=20, options={"x264-params": "tff=1"}))
    with Reader(path) as reader:
        assert reader.source.interlaced
        assert any("deinterlaced" in note for note in reader.notes)
        whole = frames_of(reader)
    with Reader(path, deinterlace=False) as reader:
        assert not any("deinterlaced" in note for note in reader.notes)
        woven = frames_of(reader)
    assert [f.pts for f in whole] == [f.pts for f in woven]
    assert [f.duration for f in whole] == [f.duration for f in woven]
    assert any(seen(a)[2] != seen(b)[2] for a, b in zip(whole, woven, strict=True))


def damaged(path: Path, tmp_path: Path, seed: int, spots: int = 3) -> Path:
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(spots):
        at = chance.randrange(len(data) // 4, len(data) * 3 // 4)
        data[at : at + 120] = chance.randbytes(120)
    target = tmp_path / f"damaged{path.suffix}"
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("name", ["d.mp4", "d.mkv", "d.ts"])
def test_damage_in_the_middle_is_listed_and_reading_goes_on(name: str, tmp_path: Path) -> None:
    movflags = {"movflags": "faststart"} if name.endswith("mp4") else {}
    path = clips.cached(name, frames=100, audio=["aac"], container=movflags)
    listed = 0
    for seed in range(8):
        with Reader(str(damaged(path, tmp_path, seed)), audio=True, copy=True) as reader:
            frames = frames_of(reader)
        assert len(frames) > 50
        assert frames[-1].pts > 3
        assert all(0 <= d.start <= d.end <= 5 for d in reader.damage)
        assert all(a.pts < b.pts for a, b in itertools.pairwise(frames))
        listed += bool(reader.damage)
    assert listed >= 7


@pytest.mark.parametrize("name", ["t.mp4", "t.mkv", "t.webm", "t.ts"])
def test_a_clip_cut_off_anywhere_is_refused_or_read_and_said(name: str, tmp_path: Path) -> None:
    codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
    clip = clips.Clip(
        frames=25,
        codec=codec,
        options=REALTIME if "vpx" in codec else {},
        audio=["libopus" if "vpx" in codec else "aac"],
        container={"movflags": "faststart"} if name.endswith("mp4") else {},
    )
    data = clips.cached(name, clip).read_bytes()
    cut = tmp_path / name
    for part in range(1, 51):
        size = len(data) * part // 51
        cut.write_bytes(data[:size])
        try:
            with Reader(str(cut), audio=True, copy=True) as reader:
                count = sum(isinstance(item, Frame) for item in reader)
        except (SourceError, MediaError) as exc:
            assert "\n" not in str(exc)
            continue
        whole_packets = name.endswith("ts") and size % 188 == 0
        assert 1 <= count <= 25
        assert reader.truncated or reader.damage or whole_packets, f"{size} of {len(data)} bytes"


def test_the_sentence_about_a_cut_off_clip_says_both_times(tmp_path: Path) -> None:
    path = clips.cached("long.mp4", frames=125, container={"movflags": "faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Reader(str(cut)) as reader:
        assert 10 < len(frames_of(reader)) < 125
    assert reader.truncated is not None
    assert reader.truncated.startswith("ends at ")
    assert reader.truncated.endswith("though its header says 5.000 s")


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("pipe.y4m", clips.Clip(codec="wrapped_avframe", format="yuv4mpegpipe")),
        ("pipe.nut", clips.Clip(codec="ffv1", audio=["pcm_s16le"])),
        ("pipe.mkv", clips.Clip(audio=["aac"])),
    ],
    ids=["y4m", "nut", "mkv"],
)
def test_a_pipe_reads_as_the_file_does(name: str, clip: clips.Clip) -> None:
    path = clips.cached(name, clip)
    with Reader(str(path)) as reader:
        wanted = [seen(frame) for frame in frames_of(reader)]
    out, into = os.pipe()

    def feed() -> None:
        with os.fdopen(into, "wb") as pipe:
            pipe.write(path.read_bytes())

    feeder = threading.Thread(target=feed)
    feeder.start()
    with Reader(f"pipe:{out}") as reader:
        assert not reader.source.seekable
        assert [seen(frame) for frame in frames_of(reader)] == wanted
    os.close(out)
    feeder.join()


def test_a_dash_is_the_standard_input() -> None:
    path = clips.cached("pipe.mkv", clips.Clip(audio=["aac"]))
    code = "from streamfx.media.reader import Reader\nprint(sum(1 for _ in Reader('-')))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=path.read_bytes(), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"25"]


def test_reading_works_in_another_thread_and_close_in_this_one() -> None:
    path = clips.cached("plain.mp4", frames=30, audio=["aac"])
    reader = Reader(str(path), audio=True, copy=True)
    items: list[object] = []

    def read_ten() -> None:
        items.extend(item for item, _ in zip(reader, range(10), strict=False))

    worker = threading.Thread(target=read_ten)
    worker.start()
    worker.join()
    reader.close()
    reader.close()
    assert len(items) == 10


def test_hardware_decoding_falls_back_to_the_cpu_and_says_so() -> None:
    path = clips.cached("plain.mp4", frames=30, audio=["aac"])
    with Reader(str(path), hwaccel=True) as reader:
        assert len(frames_of(reader)) == 30
        assert any("decoded on the" in note for note in reader.notes)


FACES = ("faces/man_suit", "faces/politician", "faces/woman_glasses", "restoration/car")

needs_footage = pytest.mark.skipif(not clips.FOOTAGE.is_dir(), reason="no footage here")


def listed() -> list[dict[str, str]]:
    """The rows of the footage's list that are decoded here: every kind, nothing long."""
    if not clips.FOOTAGE.is_dir():
        return []
    with (clips.FOOTAGE / "MANIFEST.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["frames"]]
    return [row for row in rows if row["file"].startswith(("general/", "faces/grid/", *FACES))]


@needs_footage
@pytest.mark.parametrize(
    "row",
    listed(),
    ids=lambda row: row["file"],
)
def test_real_clips_are_read_whole_and_without_false_alarm(row: dict[str, str]) -> None:
    with Reader(str(clips.FOOTAGE / row["file"]), copy=True) as reader:
        frames = frames_of(reader)
        video = reader.source.video
    assert video is not None
    # The manifest counts the first of its two video streams, FFmpeg takes the larger one.
    expected = 390 if "multi_stream" in row["file"] else int(row["frames"])
    assert len(frames) == expected
    assert video.frames in (None, expected)
    assert reader.truncated is None and reader.damage == []
    assert all(a.pts < b.pts for a, b in itertools.pairwise(frames))
    if row["variable_fps"] == "yes":
        assert video.variable


@needs_footage
def test_the_several_streams_of_a_real_clip_are_told_apart() -> None:
    path = clips.FOOTAGE / "general" / "multi_stream_nasa.mp4"
    with Reader(str(path), copy=True) as reader:
        assert [stream.index for stream in reader.copied] == [1, 2, 4, 5]
        assert any("#3 is read, #0 left out" in note for note in reader.notes)
