from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import av
import pytest
from av.stream import Disposition

from streamfx.media import streams
from tests import clips


def two_videos(path: Path, *, marked: int | None, cover: int | None = None) -> Path:
    """Write a 32x32 and a 64x48 video into one file."""
    with av.open(str(path), "w") as out:
        for index, (width, height) in enumerate(((32, 32), (64, 48))):
            codec = "mjpeg" if index == cover else "mpeg4"
            stream = cast(Any, out.add_stream(codec, rate=25))
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if index == cover else "yuv420p"
            if marked is not None:
                stream.disposition = Disposition.default if index == marked else Disposition(0)
            if index == cover:
                stream.disposition = Disposition.attached_pic
        for stream in out.streams.video:
            drawn = clips.Clip(
                pix_fmt=stream.pix_fmt or "", width=stream.width, height=stream.height
            )
            for number in range(1 if stream.index == cover else 3):
                frame = clips.draw(number, drawn)
                frame.pts = number
                out.mux(cast(Any, stream.encode(frame)))
            out.mux(cast(Any, stream.encode(None)))
    return path


@pytest.mark.parametrize(("marked", "chosen"), [(0, 0), (1, 1)])
def test_the_marked_video_is_chosen(marked: int, chosen: int, tmp_path: Path) -> None:
    with av.open(str(two_videos(tmp_path / "two.mkv", marked=marked))) as container:
        assert streams.choose_video(container, "x").index == chosen


def test_of_equally_marked_videos_the_larger_is_chosen(tmp_path: Path) -> None:
    with av.open(str(two_videos(tmp_path / "two.nut", marked=None))) as container:
        assert streams.choose_video(container, "x").index == 1


def test_cover_art_is_never_chosen(tmp_path: Path) -> None:
    path = two_videos(tmp_path / "cover.mp4", marked=None, cover=1)
    with av.open(str(path)) as container:
        assert container.streams[1].disposition & Disposition.attached_pic
        assert streams.choose_video(container, "x").index == 0


def test_streams_are_described_in_a_line_each() -> None:
    path = clips.cached("tracks.mkv", frames=75, audio=["aac", "ac3"])
    with av.open(str(path)) as container:
        lines = [streams.describe(stream) for stream in container.streams]
    assert lines == [
        "#0 video h264 64x48 yuv420p 25 fps",
        "#1 audio aac 48000 Hz stereo",
        "#2 audio ac3 48000 Hz stereo",
    ]
