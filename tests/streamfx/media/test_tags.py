from __future__ import annotations

import av
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from streamfx.colour import Colour
from streamfx.media.tags import MATRICES, PRIMARIES, TRANSFERS, colour_of, depth_of, settle, tag


def read(frame: VideoFrame, codec: str = "") -> Colour:
    return colour_of(frame, width=frame.width, height=frame.height, codec=codec)


def test_tags_are_read_as_written() -> None:
    frame = VideoFrame(64, 48, "yuv420p10le")
    wanted = Colour("bt2020", "smpte2084", "bt2020nc", "limited", 10, "topleft")
    tag(frame, wanted)
    assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (9, 16, 9)
    assert read(frame) == wanted


@pytest.mark.parametrize("table", [PRIMARIES, TRANSFERS, MATRICES])
def test_numbers_and_names_are_one_to_one(table: dict[int, str]) -> None:
    assert len(set(table.values())) == len(table)


def test_an_encoder_takes_tags() -> None:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    tag(encoder, Colour("bt470bg", "bt709", "bt470bg", "full"))
    assert (encoder.color_primaries, encoder.colorspace, encoder.color_range) == (5, 5, 2)


def test_what_no_tag_says_is_guessed_and_listed() -> None:
    colour = read(VideoFrame(1920, 1080, "yuv420p"))
    assert colour.matrix == "bt709"
    assert colour.guessed == ("primaries", "transfer", "matrix", "range")
    assert read(VideoFrame(720, 576, "yuv420p")).matrix == "bt470bg"


def test_a_matrix_that_is_not_handled_counts_as_missing() -> None:
    frame = VideoFrame(64, 48, "yuv444p")
    frame.colorspace = 8  # YCgCo
    assert "matrix" in read(frame).guessed


def test_grey_and_yuvj_are_full_range_untagged() -> None:
    grey = read(VideoFrame(64, 48, "gray"))
    assert grey.range == "full"
    assert "range" in grey.guessed
    jpeg = read(VideoFrame(64, 48, "yuvj420p"))
    assert jpeg.range == "full"
    assert "range" not in jpeg.guessed


def test_rgb_and_palettes_are_full_range_srgb() -> None:
    for name in ("rgb24", "gbrp", "pal8"):
        colour = read(VideoFrame(64, 48, name))
        assert (colour.matrix, colour.range, colour.transfer) == ("gbr", "full", "iec61966-2-1")


@pytest.mark.parametrize(
    ("name", "codec", "siting"),
    [
        ("yuv420p", "h264", "left"),
        ("yuvj420p", "h264", "left"),
        ("yuvj420p", "mjpeg", "center"),
        ("yuvj420p", "", "center"),
        ("yuv420p", "mpeg1video", "center"),
        ("yuv420p", "dvvideo", "topleft"),
    ],
)
def test_the_codec_decides_the_siting(name: str, codec: str, siting: str) -> None:
    assert read(VideoFrame(64, 48, name), codec).siting == siting


@pytest.mark.parametrize(
    ("name", "depth"), [("yuv420p", 8), ("p010le", 10), ("gbrpf32le", 32), ("rgbf16le", 32)]
)
def test_depth_is_that_of_a_component(name: str, depth: int) -> None:
    assert depth_of(VideoFormat(name)) == depth


def test_settling_keeps_what_the_format_can_hold() -> None:
    hdr = Colour("bt2020", "smpte2084", "bt2020nc", "limited", 10, "topleft")
    assert settle(hdr, "p010le") == hdr
    assert settle(hdr, "yuv422p12le").depth == 12


def test_settling_gives_rgb_no_matrix_and_ycbcr_one() -> None:
    video = Colour()
    rgb = settle(video, "gbrp10le")
    assert (rgb.matrix, rgb.range, rgb.depth) == ("gbr", "full", 10)
    back = settle(rgb, "yuv420p")
    assert (back.matrix, back.range) == ("bt709", "limited")
    wide = Colour("bt2020", "bt709", "gbr", "full")
    assert settle(wide, "yuv420p10le").matrix == "bt2020nc"
    assert settle(rgb, "gray").range == "full"
    assert settle(rgb, "yuvj420p").range == "full"
