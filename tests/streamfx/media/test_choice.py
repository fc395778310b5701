from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from streamfx.colour import Colour, guess
from streamfx.errors import TargetError
from streamfx.frame import VideoInfo
from streamfx.media import choice, encoders
from streamfx.media.choice import EncodePlan, WriteSettings, choose
from streamfx.media.mastering import Mastering
from streamfx.media.target import Target

HD = VideoInfo(1920, 1080, Fraction(25))
HDR = replace(HD, colour=Colour("bt2020", "smpte2084", "bt2020nc", "limited", 10))
RGB = replace(HD, colour=Colour("bt709", "iec61966-2-1", "gbr", "full", 8))
CPU = WriteSettings(encoder="cpu")


def plan(
    name: str, video: VideoInfo = HD, source: str | None = "yuv420p", **settings: Any
) -> EncodePlan:
    return choose(
        Target.parse(name, rich=video.alpha, codec=settings.get("codec")),
        video,
        source,
        WriteSettings(**{"encoder": "cpu", **settings}),
    )


@pytest.mark.parametrize(
    ("name", "video", "codec"),
    [
        ("a.mp4", HD, "h264"),
        ("a.mp4", HDR, "hevc"),
        ("a.mov", HD, "h264"),
        ("a.mov", HD.with_alpha(), "prores-4444"),
        ("a.mkv", HD.with_alpha(), "ffv1"),
        ("a.webm", HD, "vp9"),
        ("a.webm", HD.with_alpha(), "vp9"),
        ("a.webm", HDR, "av1"),
        ("a.%04d.png", HD, "png"),
        ("a.####.tif", HD, "tiff"),
        ("a.%d.exr", HD, "exr"),
        ("a.jpg", HD, "jpeg"),
        ("a.y4m", HD, "y4m"),
        ("a.mxf", HD, "dnxhr"),
        ("-", HD, "y4m"),
        ("-", HD.with_alpha(), "rawvideo"),
    ],
)
def test_each_container_has_a_codec_for_what_comes(name: str, video: VideoInfo, codec: str) -> None:
    assert plan(name, video).codec.name == codec


def test_a_codec_that_the_container_does_not_take_is_an_error_that_lists_those_it_takes() -> None:
    with pytest.raises(TargetError, match=r"\.mp4 does not take prores; it takes h264, hevc, av1"):
        plan("a.mp4", codec="prores")
    with pytest.raises(TargetError, match=r"\.png does not take exr; it takes png"):
        plan("a.%d.png", codec="exr")


def test_prores_and_dnxhr_grow_with_the_picture() -> None:
    assert plan("a.mov", HD.with_alpha(), codec="prores").codec.name == "prores-4444"
    assert plan("a.mov", HDR, "yuv420p10le", codec="dnxhr").codec.name == "dnxhr-hqx"
    assert plan("a.mov", RGB, "rgb24", codec="dnxhr").codec.name == "dnxhr-444"
    assert plan("a.mov", HD, codec="prores").codec.name == "prores"


def test_a_lost_chroma_layout_is_said() -> None:
    notes = plan("a.mp4", HDR, "yuv422p12le", codec="av1").notes
    assert any("stored as yuv420p10le (10-bit 4:2:0) instead of 10-bit 4:2:2" in n for n in notes)


def test_alpha_is_not_lost_and_the_error_names_what_holds_it() -> None:
    with pytest.raises(TargetError) as caught:
        plan("a.mp4", HD.with_alpha(), "yuva420p")
    said = str(caught.value)
    assert "h264 in .mp4 cannot hold" in said
    for home in ("prores-4444 (.mov)", "ffv1 (.mkv", "vp9 (.webm)", "png (.png)", "flatten"):
        assert home in said
    with pytest.raises(TargetError, match="--codec ffv1"):
        plan("a.mkv", HD.with_alpha(), codec="h264")
    with pytest.raises(TargetError, match="jpeg in .jpg cannot hold"):
        plan("a.jpg", HD.with_alpha(), "rgba")


def test_the_sources_own_format_is_taken_where_it_fits() -> None:
    assert plan("a.mp4", HD, "nv12").pix_fmt == "nv12"
    full = replace(HD, colour=replace(HD.colour, range="full"))
    assert plan("a.mp4", full, "yuvj420p").pix_fmt == "yuvj420p"
    assert plan("a.mkv", full, "yuvj420p", codec="ffv1").pix_fmt == "yuv420p"
    assert plan("a.mp4", HD, "gray").pix_fmt == "yuv420p"


@pytest.mark.parametrize(
    ("size", "codec", "chosen"),
    [
        ((161, 121), "h264", "yuv444p"),
        ((160, 121), "h264", "yuv422p"),
        ((161, 121), "hevc", "yuv444p"),
        ((161, 121), "vp9", "yuv420p"),
        ((161, 121), "av1", "yuv420p"),
        ((161, 121), "ffv1", "yuv420p"),
    ],
)
def test_odd_sizes_go_into_a_format_that_takes_them(
    size: tuple[int, int], codec: str, chosen: str
) -> None:
    made = plan("a.mkv", HD.sized(*size), codec=codec)
    assert made.pix_fmt == chosen
    assert (chosen == "yuv420p") != any("the size is odd" in note for note in made.notes)


def test_a_picture_too_small_for_the_codec_is_an_error() -> None:
    with pytest.raises(TargetError, match="dnxhr takes no less than 256x120"):
        plan("a.mov", HD.sized(64, 48), codec="dnxhr")


@pytest.mark.parametrize(
    ("codec", "name", "quality", "options"),
    [
        ("h264", "a.mp4", 23, {"crf": "23"}),
        ("hevc", "a.mp4", 20.5, {"crf": "20.5"}),
        ("av1", "a.mp4", 63, {"crf": "63"}),
        ("jpeg", "a.jpg", 100, {"global_quality": "236"}),
        ("jpeg", "a.jpg", 1, {"global_quality": "3658"}),
    ],
)
def test_quality_is_the_codecs_own_number(
    codec: str, name: str, quality: float, options: dict[str, str]
) -> None:
    assert options.items() <= plan(name, codec=codec, quality=quality).options.items()


def test_quality_out_of_range_or_without_meaning_is_an_error() -> None:
    with pytest.raises(TargetError, match="quality of h264 is 0 to 51, got 52"):
        plan("a.mp4", quality=52)
    with pytest.raises(TargetError, match="prores has no quality to choose; these have: h264"):
        plan("a.mov", codec="prores", quality=5)


def test_nvenc_that_is_not_there_is_an_error_when_asked_for_and_nothing_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoders, "nvenc_problem", lambda encoder: "no card")
    with pytest.raises(TargetError, match="no NVENC here: no card; give --encoder cpu"):
        plan("a.mp4", encoder="nvenc")
    assert plan("a.mp4", encoder="auto").encoder == "libx264"


def test_nvenc_is_taken_where_nothing_is_lost_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "nvenc_problem", lambda encoder: "")
    made = plan("a.mp4", encoder="auto", quality=30)
    assert (made.encoder, made.options["cq"], made.hardware) == ("h264_nvenc", "30", True)
    assert plan("a.mp4", HD, "yuv422p", encoder="auto").encoder == "libx264"
    with pytest.raises(TargetError, match="NVENC has no vp9"):
        plan("a.webm", codec="vp9", encoder="nvenc")


def test_what_the_source_left_untagged_stays_untagged() -> None:
    video = replace(HD, colour=guess(width=1920, height=1080, rgb=False))
    assert plan("a.mp4", video).colour.guessed == ("primaries", "transfer", "matrix", "range")


def test_a_size_that_changes_the_guess_is_tagged_and_said() -> None:
    small = guess(width=640, height=480, rgb=False)
    made = plan("a.mp4", replace(HD, colour=small))
    assert made.colour.guessed == ()
    assert any("its primaries and matrix would be misread" in note for note in made.notes)


def test_the_stored_size_decides_about_the_guess() -> None:
    lying = replace(HD.sized(288, 352), colour=guess(width=352, height=288, rgb=False))
    made = choose(Target.parse("a.mp4"), lying, "yuv420p", CPU, coded=(352, 288))
    assert made.colour.guessed


def test_rgb_into_ycbcr_is_tagged() -> None:
    made = plan("a.mp4", replace(RGB, colour=guess(width=1920, height=1080, rgb=True)), "rgb24")
    assert (made.pix_fmt, made.colour.matrix, made.colour.range) == ("yuv444p", "bt709", "limited")
    assert (made.colour.transfer, made.colour.guessed) == ("iec61966-2-1", ())


def test_exr_holds_linear_light() -> None:
    assert plan("a.%d.exr", RGB, "rgb24").colour.transfer == "linear"


def test_dnxhr_can_state_two_matrices_only() -> None:
    pal = replace(HD, colour=Colour("bt470bg", "bt709", "bt470bg"))
    made = plan("a.mov", pal, codec="dnxhr")
    assert made.colour.matrix == "bt709"
    assert any("matrix bt470bg becomes bt709" in note for note in made.notes)


def test_mastering_metadata_goes_to_the_encoder_or_is_said_to_be_lost() -> None:
    third = Fraction(1, 3)
    point = (third, third)
    mastering = Mastering(point, point, point, point, Fraction(1, 100), Fraction(1000), 900, 300)
    made = choose(Target.parse("a.mp4"), HDR, "yuv420p10le", CPU, mastering)
    text = made.options["x265-params"]
    assert "master-display=G(16667,16667)B(16667,16667)" in text
    assert "L(10000000,100):max-cll=900,300:hdr10=1" in text
    lost = choose(
        Target.parse("a.mov"), HDR, None, WriteSettings(codec="prores", encoder="cpu"), mastering
    )
    assert any("mastering metadata is left out" in note for note in lost.notes)


def test_a_picture_without_a_source_is_stored_as_4_2_0() -> None:
    assert plan("a.mp4", HD, None).pix_fmt == "yuv420p"
    assert choice.choose(Target.parse("a.mp4"), HD).codec.name == "h264"


def test_vp9_keeps_alpha_only_where_the_container_does() -> None:
    assert plan("a.webm", HD.with_alpha(), "yuva420p", codec="vp9").pix_fmt == "yuva420p"
    with pytest.raises(TargetError, match="vp9 in .mp4 cannot hold"):
        plan("a.mp4", HD.with_alpha(), "yuva420p", codec="vp9")
