from __future__ import annotations

from streamfx.media.encoders import formats, has_encoder, nvenc_problem


def test_an_encoder_that_ffmpeg_lacks_is_no_crash() -> None:
    assert not has_encoder("libnothing")
    assert "without nope_nvenc" in nvenc_problem("nope_nvenc")


def test_an_nvenc_encoder_is_tried_and_never_a_crash() -> None:
    assert isinstance(nvenc_problem("h264_nvenc"), str)


def test_formats_are_those_that_the_encoder_lists() -> None:
    assert {"yuv420p", "yuv444p10le"} <= set(formats("libx264"))
