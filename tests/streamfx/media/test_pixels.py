from __future__ import annotations

import pytest

from streamfx.media.codecs import codec
from streamfx.media.encoders import formats
from streamfx.media.pixels import layout, nearest


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("yuv420p", "8-bit 4:2:0"),
        ("yuv422p10le", "10-bit 4:2:2"),
        ("yuva444p12le", "12-bit 4:4:4 with alpha"),
        ("gbrpf32le", "floating-point RGB"),
        ("rgb48be", "16-bit RGB"),
        ("gray10le", "10-bit grey"),
        ("yuv411p", "8-bit 4:1:1"),
    ],
)
def test_a_layout_says_what_a_format_holds(name: str, text: str) -> None:
    assert str(layout(name)) == text


@pytest.mark.parametrize(
    ("name", "source", "chosen"),
    [
        ("h264", "yuv420p", "yuv420p"),
        ("h264", "yuv422p10le", "yuv422p10le"),
        ("h264", "yuv422p12le", "yuv422p10le"),
        ("h264", "rgb24", "yuv444p"),
        ("hevc", "rgb24", "gbrp"),
        ("hevc", "yuv422p12le", "yuv422p12le"),
        ("hevc", "yuv420p16le", "yuv420p12le"),
        ("av1", "yuv444p12le", "yuv420p10le"),
        ("vp9", "yuva420p", "yuva420p"),
        ("vp9", "yuv420p10le", "yuv420p"),
        ("ffv1", "yuva420p10le", "yuva420p10le"),
        ("ffv1", "gbrpf32le", "gbrpf32le"),
        ("png", "yuv420p", "rgb24"),
        ("png", "yuv420p10le", "rgb48be"),
        ("png", "yuva420p", "rgba"),
        ("tiff", "gbrap16le", "rgba64le"),
        ("exr", "yuv420p", "gbrpf32le"),
        ("exr", "rgba", "gbrapf32le"),
        ("prores-4444", "yuva420p", "yuva444p10le"),
        ("prores", "yuv420p", "yuv422p10le"),
        ("dnxhr-444", "gbrp", "gbrp10le"),
        ("jpeg", "yuv422p", "yuvj422p"),
    ],
)
def test_the_nearest_format_keeps_alpha_then_depth_then_chroma(
    name: str, source: str, chosen: str
) -> None:
    row = codec(name)
    assert nearest(layout(source), row.formats or formats(row.encoder)) == chosen


def test_of_equal_formats_the_one_asked_for_wins() -> None:
    assert nearest(layout("nv12"), ("yuv420p", "nv12"), "nv12") == "nv12"
    assert nearest(layout("nv12"), ("yuv420p", "nv12")) == "yuv420p"
