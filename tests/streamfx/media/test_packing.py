from __future__ import annotations

import av.video.format
import numpy as np
import pytest

from streamfx.media.packing import native, packing, tensor
from tests.frames import codes, flat, noise

NAMES: set[str] = av.video.format.names  # type: ignore[attr-defined]  # not in its stubs
DIRECT = sorted(name for name in NAMES if packing(name) is not None)

SAME = [
    ("nv12", "yuv420p"),
    ("nv21", "yuv420p"),
    ("nv16", "yuv422p"),
    ("nv24", "yuv444p"),
    ("nv42", "yuv444p"),
    ("p010le", "yuv420p10le"),
    ("p010be", "yuv420p10le"),
    ("p210le", "yuv422p10le"),
    ("p412le", "yuv444p12le"),
    ("yuv420p10be", "yuv420p10le"),
    ("yuv444p10msble", "yuv444p10le"),
    ("yuyv422", "yuv422p"),
    ("uyvy422", "yuv422p"),
    ("yvyu422", "yuv422p"),
    ("y210le", "yuv422p10le"),
    ("vuya", "yuva444p"),
    ("uyva", "yuva444p"),
    ("ayuv64le", "yuva444p16le"),
    ("vyu444", "yuv444p"),
    ("xv36le", "yuv444p12le"),
    ("rgb24", "gbrp"),
    ("bgr24", "gbrp"),
    ("rgb0", "gbrp"),
    ("0bgr", "gbrp"),
    ("rgba", "gbrap"),
    ("argb", "gbrap"),
    ("bgra", "gbrap"),
    ("abgr", "gbrap"),
    ("rgb48le", "gbrp16le"),
    ("bgr48be", "gbrp16le"),
    ("rgba64le", "gbrap16le"),
    ("gray10be", "gray10le"),
    ("ya16be", "ya16le"),
]
"""Pairs between which libswscale moves codes without changing them."""


@pytest.mark.parametrize(("name", "plain"), SAME)
def test_components_are_where_libswscale_puts_them(name: str, plain: str) -> None:
    frame = noise(plain, 64, 32)
    # Both ranges said to be the same, so that no codes are scaled.
    moved = frame.reformat(format=name, src_color_range=1, dst_color_range=1)
    for got, wanted in zip(codes(moved), codes(frame), strict=True):
        assert np.array_equal(got, wanted)


@pytest.mark.parametrize("name", DIRECT)
@pytest.mark.parametrize(("width", "height"), [(16, 8), (17, 9), (1, 1)])
def test_what_is_put_is_read_again(name: str, width: int, height: int) -> None:
    form = packing(name)
    assert form is not None
    frame = noise(name, width, height)
    parts = [native(view).copy() for view in form.components(frame)]
    other = form.new(width, height)
    form.put(other, 0, parts)
    for got, part in zip(form.components(other), parts, strict=True):
        assert np.array_equal(native(got), part)


def test_padding_is_opaque() -> None:
    frame = noise("rgb0", 8, 4)
    assert (frame.to_ndarray(format="rgba")[..., 3] == 255).all()
    assert bytes(frame.planes[0])[3] == 255


@pytest.mark.parametrize(
    "name", ["pal8", "monob", "bayer_rggb8", "xyz12le", "x2rgb10le", "gray32le"]
)
def test_some_formats_are_not_read_directly(name: str) -> None:
    assert packing(name) is None


def test_a_tensor_of_a_component_shares_its_memory() -> None:
    frame = flat("yuv420p10le", 8, 4, 1, 2, 3)
    form = packing("yuv420p10le")
    assert form is not None
    part = form.components(frame)[0]
    view = tensor(part)
    part[0, 0] = 77
    assert int(view[0, 0]) == 77
