"""Whatever comes in, every codec opens with the pixel format that was chosen for it."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from streamfx.engine.settings import RunSettings
from streamfx.errors import TargetError
from streamfx.media import pixels
from streamfx.media.codecs import CODECS
from streamfx.media.containers import CONTAINERS
from streamfx.scripting import Graph
from tests import clips

SOURCES = {
    "png": ["rgb24", "rgba", "gray", "gray16be", "rgba64be"],
    "ffv1": ["yuv411p", "yuv422p10le", "yuv420p12le", "yuva444p10le", "gbrp10le", "yuv440p"],
}
CODEC_OF = {pix_fmt: codec for codec, formats in SOURCES.items() for pix_fmt in formats}
MOVIES = sorted(
    {
        (row.name, container.extensions[0])
        for row in CODECS
        for container in CONTAINERS
        if container.name in row.containers and container.extensions and not row.extensions
    }
)
IMAGES = sorted({(row.name, row.extensions[0]) for row in CODECS if row.extensions})


def still_of(pix_fmt: str) -> Path:
    alpha = pixels.layout(pix_fmt).alpha
    codec, name = CODEC_OF[pix_fmt], f"{pix_fmt}.nut"
    return clips.cached(
        name, frames=2, width=256, height=144, codec=codec, pix_fmt=pix_fmt, alpha=alpha
    )


@pytest.mark.parametrize("source", CODEC_OF)
@pytest.mark.parametrize(("codec", "extension"), MOVIES, ids="".join)
def test_a_codec_opens_for_whatever_comes_in(
    codec: str, extension: str, source: str, tmp_path: Path
) -> None:
    target = tmp_path / f"out{extension}"
    settings = RunSettings(codec=codec, encoder="cpu")
    try:
        report = Graph().render(still_of(source), target, settings=settings)
    except TargetError as exc:  # many are no place for alpha, and some for an odd layout
        assert "does not take" in str(exc) or "cannot hold" in str(exc)
        return
    assert report.frames_out == 2
    with av.open(str(target)) as container:
        frames = list(container.decode(video=0))
        assert len(frames) == 2
        assert (frames[0].width, frames[0].height) == (256, 144)


@pytest.mark.parametrize("source", CODEC_OF)
@pytest.mark.parametrize(("codec", "extension"), IMAGES, ids="".join)
def test_an_image_codec_opens_for_whatever_comes_in(
    codec: str, extension: str, source: str, tmp_path: Path
) -> None:
    if extension == ".jpg" and pixels.layout(source).alpha:
        with pytest.raises(TargetError, match="cannot hold"):
            Graph().render(still_of(source), tmp_path / "out.%04d.jpg")
        return
    Graph().render(still_of(source), tmp_path / f"out.%04d{extension}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"out.0001{extension}",
        f"out.0002{extension}",
    ]
    with av.open(str(tmp_path / f"out.0002{extension}")) as container:
        assert next(container.decode(video=0)).width == 256
