from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from streamfx.errors import MediaError
from streamfx.frame import Frame
from streamfx.media.reader import Reader
from streamfx.media.writer import Writer, WriteSettings
from tests import clips
from tests.writing import (
    CPU,
    NTSC,
    RGB,
    YUV,
    copy,
    frames_of,
    images,
    made,
    pictures,
    shown,
    video_of,
)


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
