from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from av.stream import AttachmentStream

from streamfx.colour import Colour, guess
from streamfx.errors import MediaError, TargetError
from streamfx.frame import AudioInfo, Frame, Sound, VideoInfo
from streamfx.media.reader import Reader
from streamfx.media.target import Target
from streamfx.media.writer import Writer, WriteSettings
from tests import clips

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


# Time


@pytest.mark.parametrize("extension", ["mp4", "mov"])
def test_instants_and_durations_are_exact_at_a_constant_rate(
    tmp_path: Path, extension: str
) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    copy(source, tmp_path / f"out.{extension}")
    assert shown(tmp_path / f"out.{extension}") == shown(source)


@pytest.mark.parametrize("extension", ["mp4", "mov"])
def test_a_variable_rate_stays_variable_to_the_tick(tmp_path: Path, extension: str) -> None:
    pts = (0, 100, 333, 334, 1000, 1500, 1533, 4000)
    source = clips.cached("vfr.mp4", pts=pts, tick=Fraction(1, 1000))
    copy(source, tmp_path / f"out.{extension}")
    instants = shown(tmp_path / f"out.{extension}")
    assert [at * 1000 for at, _ in instants] == list(pts)
    assert instants[:-1] == shown(source)[:-1]


def test_a_start_that_is_not_zero_is_kept(tmp_path: Path) -> None:
    source = clips.cached("late.mp4", pts=range(50, 70), rate=Fraction(25))
    copy(source, tmp_path / "out.mp4")
    assert shown(source)[0][0] == 2
    assert shown(tmp_path / "out.mp4") == shown(source)


def test_matroska_keeps_instants_to_its_millisecond_and_says_so(tmp_path: Path) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    notes = copy(source, tmp_path / "out.mkv")
    worst = max(
        abs(a[0] - b[0]) for a, b in zip(shown(tmp_path / "out.mkv"), shown(source), strict=True)
    )
    assert 0 < worst <= Fraction(1, 2000)
    assert any("times moved by at most 0." in note for note in notes)


def test_the_last_frame_lasts_as_long_as_it_should(tmp_path: Path) -> None:
    step = Fraction(1, 25)
    frames = [
        frame.at(n * step, 10 * step if n == 2 else step) for n, frame in enumerate(pictures())
    ]
    made(tmp_path / "out.mp4", frames, YUV)
    with av.open(str(tmp_path / "out.mp4")) as file:
        video = file.streams.video[0]
        assert seconds(video.duration, video.time_base) == 12 * step


def test_a_range_starts_at_zero_and_keeps_its_sound_beside_it(tmp_path: Path) -> None:
    source = clips.cached("sound.mp4", frames=75, audio=("aac",))
    start, end = Fraction(33, 25), Fraction(2)
    copy(source, tmp_path / "out.mp4", range=(start, end))
    inside = [(at - start, long) for at, long in shown(source) if start <= at < end]
    assert shown(tmp_path / "out.mp4") == inside
    wanted = [data for at, data in payloads(source)[0] if start - Fraction(1024, 48000) < at < end]
    kept = payloads(tmp_path / "out.mp4")[0]
    assert [data for _, data in kept] == wanted
    first = next(at for at, data in payloads(source)[0] if data == wanted[0])
    assert abs(kept[0][0] - (first - start)) < Fraction(1, 48000)


def test_a_range_that_starts_within_a_frame_shows_its_rest(tmp_path: Path) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    copy(source, tmp_path / "out.mp4", range=(Fraction(1, 2), None))
    instants = shown(tmp_path / "out.mp4")
    assert instants[0][0] == 0
    assert instants[1][0] == 15 / NTSC - Fraction(1, 2)


def test_a_constant_rate_container_repeats_frames_to_stay_in_time(tmp_path: Path) -> None:
    source = clips.cached("gap.mp4", pts=(0, 1, 2, 6, 7, 8, 9), rate=Fraction(25))
    notes = copy(source, tmp_path / "out.y4m", settings=WriteSettings(fps=Fraction(25)))
    assert [at * 25 for at, _ in shown(tmp_path / "out.y4m")] == list(range(10))
    assert any("3 frames repeated" in note for note in notes)


# Pictures


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("out.%04d.png", 3),
        ("out.%04d.png", 4),
        ("out.####.tif", 3),
        ("out.####.tif", 4),
        ("out.mkv", 3),
        ("out.mkv", 4),
        ("out.mov", 3),
        ("out.nut", 4),
    ],
)
def test_lossless_codecs_give_every_code_back(tmp_path: Path, name: str, channels: int) -> None:
    frames = pictures(channels=channels)
    codec = {".mkv": "ffv1", ".mov": "png", ".nut": "rawvideo"}.get(Path(name).suffix)
    made(tmp_path / name, frames, RGB.with_alpha(channels == 4), codec=codec)
    back = images(tmp_path / name)
    assert len(back) == 3
    for frame, image in zip(frames, back, strict=True):
        assert (image - frame.image).abs().max() < 1e-6


def test_sixteen_bits_go_through_png_unchanged(tmp_path: Path) -> None:
    video = replace(RGB, colour=replace(RGB.colour, depth=16))
    frames = pictures(depth=16)
    made(tmp_path / "out.%04d.png", frames, video)
    for frame, image in zip(frames, images(tmp_path / "out.%04d.png"), strict=True):
        assert (image - frame.image).abs().max() < 1e-6


def test_exr_holds_linear_light_beyond_one(tmp_path: Path) -> None:
    video = replace(RGB, colour=replace(RGB.colour, transfer="linear", depth=32))
    frame = Frame(torch.linspace(-0.5, 4, 3 * 48 * 64).reshape(3, 48, 64), Fraction(0), Fraction(1))
    made(tmp_path / "out.exr", [frame], video)
    assert torch.equal(images(tmp_path / "out.exr")[0], frame.image)


@pytest.mark.parametrize(
    ("name", "codec", "far"),
    [("out.webm", "vp9", 0.2), ("out.mov", "prores-4444", 0.02), ("out.mkv", "vp9", 0.2)],
)
def test_alpha_stays_beside_the_picture(tmp_path: Path, name: str, codec: str, far: float) -> None:
    y, x = np.mgrid[0:48, 0:64] / 64
    ramp = torch.from_numpy(np.stack([x, y, 1 - x, x])).float()
    step = Fraction(1, 25)
    frames = [Frame(ramp, n * step, step) for n in range(3)]
    made(tmp_path / name, frames, YUV.with_alpha(), codec=codec)
    back = images(tmp_path / name)
    assert len(back) == 3
    assert back[0].shape[0] == 4
    assert (back[0][3] - ramp[3]).abs().max() < far
    assert (back[0][:3] - ramp[:3]).abs().mean() < 0.05


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "h264"),
        ("a.mp4", "hevc"),
        ("a.mp4", "av1"),
        ("a.webm", "vp9"),
        ("a.mov", "prores"),
        ("a.mov", "dnxhr"),
        ("a.mkv", "ffv1"),
        ("a.avi", "jpeg"),
        ("a.mxf", "dnxhr-hqx"),
        ("a.ts", "hevc"),
        ("a.%d.jpg", "jpeg"),
        ("a.%d.webp", "webp"),
        ("a.%d.dpx", "dpx"),
        ("a.y4m", "y4m"),
        ("a.nut", "rawvideo"),
        ("a.m4v", "h264"),
    ],
)
def test_every_codec_shows_the_same_picture(tmp_path: Path, name: str, codec: str) -> None:
    source = clips.cached("wide.mp4", frames=6, width=256, height=144)
    copy(source, tmp_path / name, settings=WriteSettings(codec=codec, encoder="cpu"))
    before, after = images(source), images(tmp_path / name)
    assert len(after) == len(before)
    for a, b in zip(before, after, strict=True):
        assert b.shape == a.shape
        assert (a - b).abs().mean() < 0.03


def test_untouched_planes_go_into_a_lossless_codec_bit_for_bit(tmp_path: Path) -> None:
    source = clips.cached("ten.mkv", codec="ffv1", pix_fmt="yuv422p10le", frames=4)
    copy(source, tmp_path / "out.mkv", settings=WriteSettings(codec="ffv1"))
    with Reader(str(source)) as a, Reader(str(tmp_path / "out.mkv")) as b:
        assert b.source.pixels == "yuv422p10le"
        pairs = list(zip(frames_of(a), frames_of(b), strict=True))
        assert len(pairs) == 4
        for one, two in pairs:
            for left, right in zip(one.planes, two.planes, strict=True):
                assert torch.equal(left.int(), right.int())


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1", "ffv1"])
def test_an_odd_size_renders(tmp_path: Path, codec: str) -> None:
    source = clips.cached("odd.mkv", codec="ffv1", width=161, height=121, frames=3)
    copy(source, tmp_path / "out.mkv", settings=WriteSettings(codec=codec, encoder="cpu"))
    assert [image.shape for image in images(tmp_path / "out.mkv")] == [(3, 121, 161)] * 3


def test_the_same_decoded_frame_may_be_written_twice(tmp_path: Path) -> None:
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    step = 1 / NTSC / 2
    with Reader(str(source)) as reader:
        video = video_of(reader).faster(2)
        with Writer(str(tmp_path / "out.mp4"), video, source=reader, settings=CPU) as writer:
            for frame in frames_of(reader):
                writer.write(frame.at(frame.pts, step))
                writer.write(frame.at(frame.pts + step, step))
            writer.finish()
    assert shown(tmp_path / "out.mp4") == [(n * step, step) for n in range(40)]


def test_a_frame_of_another_size_is_an_error_that_says_both(tmp_path: Path) -> None:
    said = "frame at 0.000 s is 32x48, but the output is 64x48"
    with (
        Writer(str(tmp_path / "out.mp4"), YUV, settings=CPU) as writer,
        pytest.raises(MediaError, match=said),
    ):
        writer.write(pictures(1, width=32)[0])


# What is said about the picture


@pytest.mark.parametrize("rotation", [90, 180, -90])
@pytest.mark.parametrize("extension", ["mp4", "mov", "mkv", "webm"])
def test_rotation_is_kept_beside_the_pixels(tmp_path: Path, rotation: int, extension: str) -> None:
    source = clips.cached(f"turned{rotation}.mp4", rotation=rotation, frames=4)
    copy(source, tmp_path / f"out.{extension}")
    with Reader(str(source)) as a, Reader(str(tmp_path / f"out.{extension}")) as b:
        assert b.source.orientation == a.source.orientation
        assert not b.source.orientation.upright_already
        one, two = next(frames_of(a)), next(frames_of(b))
        assert two.image.shape == one.image.shape
        assert (two.image - one.image).abs().mean() < 0.05


def test_what_cannot_say_how_it_is_turned_is_stored_upright(tmp_path: Path) -> None:
    source = clips.cached("turned90.mp4", rotation=90, frames=4)
    notes = copy(source, tmp_path / "out.y4m")
    with Reader(str(tmp_path / "out.y4m")) as reader:
        assert reader.source.orientation.upright_already
        upright = next(frames_of(reader)).image
    assert upright.shape == (3, 64, 48)
    assert (upright - images(source)[0]).abs().mean() < 0.02
    assert any("turned by 90 degrees in the file itself" in note for note in notes)


@pytest.mark.parametrize("extension", ["mp4", "mov", "mkv", "ts"])
def test_the_shape_of_pixels_is_kept(tmp_path: Path, extension: str) -> None:
    video = replace(YUV, pixel_aspect=Fraction(16, 11))
    writer = made(tmp_path / f"a.{extension}", pictures(), video)
    with Reader(str(tmp_path / f"a.{extension}")) as reader:
        assert video_of(reader).pixel_aspect == Fraction(16, 11)
    assert not any("square" in note for note in writer.notes)


def test_the_shape_of_pixels_is_kept_lying_on_its_side(tmp_path: Path) -> None:
    source = clips.cached("turned90.mp4", rotation=90, frames=4)
    with Reader(str(source)) as reader:
        video = replace(video_of(reader), pixel_aspect=Fraction(2, 3))
        with Writer(str(tmp_path / "out.mp4"), video, source=reader, settings=CPU) as writer:
            for item in reader:
                writer.write(item)
            writer.finish()
    with Reader(str(tmp_path / "out.mp4")) as reader:
        assert video_of(reader).pixel_aspect == Fraction(2, 3)
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert file.streams.video[0].sample_aspect_ratio == Fraction(3, 2)


def test_a_shape_of_pixels_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    writer = made(tmp_path / "a.webm", pictures(), replace(YUV, pixel_aspect=Fraction(16, 11)))
    assert any("pixels of 16:11 will be shown square" in note for note in writer.notes)


def test_untagged_stays_untagged_and_tags_stay(tmp_path: Path) -> None:
    for name, tags in (
        ("plain.mp4", {}),
        ("tagged.mp4", {"color_primaries": 9, "color_trc": 18, "colorspace": 9, "color_range": 1}),
        ("full.mp4", {"color_range": 2, "colorspace": 5}),
    ):
        source = clips.cached(name, frames=3, colour=tags)
        for extension in ("mp4", "mkv", "mov"):
            copy(source, tmp_path / f"{name}.{extension}", settings=WriteSettings(codec="h264"))
            with Reader(str(source)) as a, Reader(str(tmp_path / f"{name}.{extension}")) as b:
                assert video_of(b).colour == video_of(a).colour


@pytest.mark.parametrize(
    ("codec", "container"), [("hevc", "mp4"), ("hevc", "mkv"), ("h264", "mp4"), ("av1", "mp4")]
)
def test_hdr10_metadata_comes_through(tmp_path: Path, codec: str, container: str) -> None:
    text = (
        "hdr10=1:repeat-headers=1:log-level=error:max-cll=1000,400:"
        "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    )
    source = clips.cached(
        "hdr.mp4", frames=3, codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": text},
        colour={"color_primaries": 9, "color_trc": 16, "colorspace": 9, "color_range": 1},
    )  # fmt: skip
    target = tmp_path / f"out.{container}"
    copy(source, target, settings=WriteSettings(codec=codec, encoder="cpu"))
    with Reader(str(source)) as a, Reader(str(target)) as b:
        assert a.source.mastering is not None
        assert a.source.mastering.max_cll == 1000
        assert video_of(b).colour == video_of(a).colour
        ours, theirs = b.source.mastering, a.source.mastering
    assert ours is not None and theirs is not None
    assert ours.green and theirs.green and ours.brightest and theirs.brightest
    assert (ours.max_cll, ours.max_fall) == (theirs.max_cll, theirs.max_fall)
    assert abs(ours.green[1] - theirs.green[1]) < Fraction(1, 10000)
    assert abs(ours.brightest - theirs.brightest) < 1


# Everything beside the picture


def test_every_sound_track_is_copied_bit_for_bit_with_its_tags(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    for extension in ("mp4", "mkv"):
        copy(source, tmp_path / f"out.{extension}")
        before, after = payloads(source), payloads(tmp_path / f"out.{extension}")
        assert len(after) == 3
        for a, b in zip(before, after, strict=True):
            assert [data for _, data in b] == [data for _, data in a]
            assert max(abs(x[0] - y[0]) for x, y in zip(a, b, strict=True)) < Fraction(1, 900)


def test_sound_that_quicktime_does_not_take_is_encoded_again(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    notes = copy(source, tmp_path / "out.mov")
    assert any("audio track 2 (flac) is encoded again as aac" in note for note in notes)
    with av.open(str(tmp_path / "out.mov")) as file:
        assert [s.codec_context.name for s in file.streams.audio] == ["aac", "aac", "ac3"]


def test_sound_keeps_its_instants_exactly_from_mp4_to_mp4(tmp_path: Path) -> None:
    source = clips.cached("sound.mp4", frames=75, audio=("aac",))
    copy(source, tmp_path / "out.mp4")
    assert payloads(tmp_path / "out.mp4") == payloads(source)


def test_sound_that_the_container_does_not_take_is_encoded_again_and_said(tmp_path: Path) -> None:
    source = clips.cached("sound.mp4", frames=75, audio=("aac",))
    notes = copy(source, tmp_path / "out.webm")
    assert any("audio track 1 (aac) is encoded again as libopus" in note for note in notes)
    with av.open(str(tmp_path / "out.webm")) as file:
        track = file.streams.audio[0]
        samples = sum(frame.samples for frame in file.decode(track))
        assert track.codec_context.name in ("opus", "libopus")
    assert abs(samples - 3 * 48000) < 3000


def rich(path: Path) -> Path:
    """Write a Matroska file with chapters, tags, text subtitles, a font and a timecode."""
    with av.open(str(path), "w") as file:
        picture = file.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.metadata["timecode"] = "01:00:00:00"
        picture.metadata["language"] = "deu"
        text = file.add_mux_stream("subrip")
        text.time_base = Fraction(1, 1000)
        text.metadata["language"] = "fra"
        file.add_attachment("font.ttf", "font/ttf", b"not really a font")
        file.metadata["title"] = "A title"
        file.set_chapters(
            [{"id": 1, "start": 0, "end": 1000, "time_base": Fraction(1, 1000),
              "metadata": {"title": "One"}},
             {"id": 2, "start": 1000, "end": 2000, "time_base": Fraction(1, 1000),
              "metadata": {"title": "Two"}}]
        )  # fmt: skip
        for number in range(50):
            frame = clips.draw(number, clips.Clip())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(picture.encode(frame))
            if number in (10, 30):
                packet = av.Packet(f"Line {number}".encode())
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = number * 40
                packet.duration = 500
                file.mux(packet)
        file.mux(picture.encode(None))
    return path


def test_chapters_tags_subtitles_attachments_and_timecode_are_copied(tmp_path: Path) -> None:
    source = rich(tmp_path / "in.mkv")
    copy(source, tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as file:
        assert [c["metadata"]["title"] for c in file.chapters()] == ["One", "Two"]
        assert file.metadata["title"] == "A title"
        assert file.streams.video[0].language == "deu"
        assert file.streams.subtitles[0].language == "fra"
        attached = [s for s in file.streams if isinstance(s, AttachmentStream)]
        assert [(s.name, s.mimetype, s.data) for s in attached] == [
            ("font.ttf", "font/ttf", b"not really a font")
        ]
    assert payloads(tmp_path / "out.mkv", "subtitle") == payloads(source, "subtitle")
    with Reader(str(tmp_path / "out.mkv")) as reader:
        assert reader.source.timecode == "01:00:00:00"


@pytest.mark.parametrize("extension", ["mp4", "mov"])
def test_mp4_gets_its_own_form_of_subtitles_chapters_and_timecode(
    tmp_path: Path, extension: str
) -> None:
    source = rich(tmp_path / "in.mkv")
    target = tmp_path / f"out.{extension}"
    notes = copy(source, target)
    assert any("(subrip) is rewritten as mov_text" in note for note in notes)
    assert any("attachment track 2" in note and "is left out" in note for note in notes)
    lines = [data[2:] for _, data in payloads(target, "subtitle")[0] if len(data) > 2]
    assert lines == [b"Line 10", b"Line 30"]
    with av.open(str(target)) as file:
        assert [c["metadata"]["title"] for c in file.chapters()] == ["One", "Two"]
        assert file.metadata["title"] == "A title"
    with Reader(str(target)) as reader:
        assert reader.source.timecode == "01:00:00:00"


def test_subtitles_and_chapters_of_a_range_are_shifted(tmp_path: Path) -> None:
    source = rich(tmp_path / "in.mkv")
    copy(source, tmp_path / "out.mkv", range=(Fraction(1), None))
    (line,) = payloads(tmp_path / "out.mkv", "subtitle")[0]
    assert line == (Fraction(1, 5), b"Line 30")
    with av.open(str(tmp_path / "out.mkv")) as file:
        (chapter,) = file.chapters()
        assert chapter["metadata"]["title"] == "Two"
        assert chapter["start"] == 0
    with Reader(str(tmp_path / "out.mkv")) as reader:
        assert reader.source.timecode == "01:00:01:00"


def test_sound_that_the_graph_makes_takes_the_place_of_the_sources(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    for name in ("out.mp4", "out.webm", "out.mkv", "out.avi"):
        with Reader(str(source), copy=True) as reader:
            audio = AudioInfo(44100, 2, "stereo")
            with Writer(
                str(tmp_path / name), video_of(reader), source=reader, settings=CPU, audio=audio
            ) as writer:
                tone = torch.sin(torch.arange(44100) / 20)[None].repeat(2, 1) * 0.5
                for item in reader:
                    writer.write(item)
                for part in range(10):
                    piece = tone[:, part * 4410 : part * 4410 + 4410]
                    writer.write(Sound(piece, 44100, Fraction(part, 10)))
                writer.finish()
        with av.open(str(tmp_path / name)) as file:
            assert len(file.streams.audio) == 1
            frames = list(file.decode(audio=0))
            assert frames[0].time is not None
            length = sum(frame.samples for frame in frames) / frames[0].sample_rate
        assert abs(length - 1) < 0.06, name


# Names and failures


def test_nothing_lies_under_the_final_name_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    writer = Writer(str(target), YUV, settings=CPU)
    writer.write(pictures(1)[0])
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4.part"]
    writer.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert len(images(target)) == 1


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.%04d.png", "out.png"])
def test_abandoning_leaves_nothing(tmp_path: Path, name: str) -> None:
    with Writer(str(tmp_path / name), YUV, settings=CPU) as writer:
        writer.write(pictures(1)[0])
    assert list(tmp_path.iterdir()) == []


def test_a_kept_part_is_a_playable_file(tmp_path: Path) -> None:
    with Writer(str(tmp_path / "out.mp4"), YUV, settings=CPU) as writer:
        for frame in pictures(5):
            writer.write(frame)
        part = writer.keep_part()
    assert part == tmp_path / "out.mp4.part"
    with av.open(str(part), format="mp4") as file:
        assert len(list(file.decode(video=0))) == 5


def test_what_cannot_be_is_said_before_a_part_is_made(tmp_path: Path) -> None:
    (tmp_path / "there.mp4").write_bytes(b"x")
    source = clips.cached("ntsc.mp4", rate=NTSC, frames=20)
    with pytest.raises(TargetError, match="exists already"):
        Writer(str(tmp_path / "there.mp4"), YUV)
    with pytest.raises(TargetError, match="no codec 'nope'"):
        Writer(str(tmp_path / "a.mp4"), YUV, settings=WriteSettings(codec="nope"))
    with Reader(str(source)) as reader, pytest.raises(TargetError, match="is the input"):
        Writer(str(source), YUV, source=reader, settings=WriteSettings(overwrite=True))
    with pytest.raises(TargetError, match=r"write .*out\.%04d\.png"):
        Writer(str(tmp_path / "out.png"), replace(YUV, frames=2))
    assert [path.name for path in tmp_path.iterdir()] == ["there.mp4"]


def test_a_second_picture_for_one_name_is_an_error(tmp_path: Path) -> None:
    first, second = pictures(2)
    with Writer(str(tmp_path / "out.png"), YUV, settings=CPU) as writer:
        writer.write(first)
        with pytest.raises(TargetError, match=r"write .*out\.%04d\.png"):
            writer.write(second)
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from fractions import Fraction
import torch
from streamfx.errors import MediaError
from streamfx.frame import Frame, VideoInfo
from streamfx.media.writer import Writer, WriteSettings
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
step = Fraction(1, 25)
try:
    with Writer(sys.argv[1], VideoInfo(128, 96, Fraction(25)),
                settings=WriteSettings(encoder="cpu")) as writer:
        for n in range(60):
            writer.write(Frame(torch.rand(3, 96, 128), n * step, step))
        writer.finish()
except MediaError as exc:
    print("MediaError:", exc)
"""


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.avi", "out.%d.exr"])
def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / name)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.startswith(f"MediaError: cannot write {tmp_path / name}: "), done.stderr
    assert "too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")

    def begin(self: Target) -> None:
        self.part.symlink_to("/dev/full")

    monkeypatch.setattr(Target, "begin", begin)
    with (
        pytest.raises(MediaError, match="no space left on device"),
        Writer(str(tmp_path / "out.mp4"), YUV, settings=CPU) as writer,
    ):
        for frame in pictures(40):
            writer.write(frame)
        writer.finish()
    assert list(tmp_path.iterdir()) == []


PIPE = """
import sys
from fractions import Fraction
import torch
from streamfx.frame import Frame, VideoInfo
from streamfx.media.writer import Writer, WriteSettings
alpha = len(sys.argv) > 1
step = Fraction(1, 25)
writer = Writer("-", VideoInfo(32, 32, Fraction(25), alpha=alpha))
for n in range(4):
    writer.write(Frame(torch.rand(4 if alpha else 3, 32, 32), n * step, step))
writer.finish()
"""


@pytest.mark.parametrize("alpha", [False, True])
def test_standard_output_carries_pictures(tmp_path: Path, alpha: bool) -> None:
    args = [sys.executable, "-c", PIPE, *(["alpha"] if alpha else [])]
    done = subprocess.run(args, capture_output=True, timeout=120, check=True)
    path = tmp_path / "out"
    path.write_bytes(done.stdout)
    back = images(path)
    assert [image.shape for image in back] == [(4 if alpha else 3, 32, 32)] * 4
    assert done.stderr == b""
