import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import pytest

from streamfx.engine import feeds
from streamfx.engine.feeds import BlankFeed, FileFeed, StillFeed, shrunk
from streamfx.errors import SourceError
from streamfx.frame import Frame
from streamfx.media.reader import Reader
from streamfx.resample import resize
from streamfx.testing import noise
from tests import clips

AT = Fraction(0)


def first_of(path: Path) -> Frame:
    with Reader(str(path)) as reader:
        return next(item for item in reader if isinstance(item, Frame))


def test_a_still_is_the_same_object_until_the_live_picture_changes_its_size() -> None:
    (frame,) = noise(1, size=(90, 160))
    feed = StillFeed(frame)
    small = feed.frame_at(AT, 80, 40)
    assert small is not None
    assert (small.width, small.height) == (80, 45), "covers 80x40 and keeps its shape"
    assert feed.frame_at(AT + 1, 80, 40) is small
    assert feed.frame_at(AT, 400, 300) is frame, "never enlarged"
    feed.close()


def test_a_colour_fills_the_live_picture() -> None:
    feed = BlankFeed("#ff8000")
    frame = feed.frame_at(AT, 6, 4)
    assert frame is not None
    assert frame.image.shape == (3, 4, 6)
    assert frame.image[:, 0, 0].tolist() == pytest.approx([1, 128 / 255, 0])
    assert feed.frame_at(AT + 1, 6, 4) is frame
    other = feed.frame_at(AT, 8, 4)
    assert other is not None
    assert other.width == 8
    feed.close()


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="."):
        BlankFeed("#nothing")


def test_a_picture_file_is_a_still(tmp_path: Path) -> None:
    path = clips.make(tmp_path / "a.png", frames=1, codec="png", pix_fmt="rgb24")
    feed = FileFeed(str(path))
    frame = feed.frame_at(AT, 64, 48)
    assert frame is not None
    assert frame.image.equal(first_of(path).image)
    assert feed.frame_at(AT + 100, 64, 48) is frame
    feed.close()


def test_a_clip_moves(tmp_path: Path) -> None:
    path = clips.make(tmp_path / "a.mkv", frames=3)
    feed = FileFeed(str(path))
    assert feed.frame_at(AT, 64, 48) is not None
    names = [thread.name for thread in threading.enumerate()]
    assert f"loop {path}" in names
    feed.close()
    assert f"loop {path}" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("name", ["there-is-none.png", "text.mp4"])
def test_a_file_that_cannot_be_used_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(SourceError):
        FileFeed(str(tmp_path / name))


@pytest.mark.parametrize("still", [True, False])
def test_a_file_without_a_picture_is_refused(still: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Empty:
        def __init__(self, path: str) -> None:
            self.source = SimpleNamespace(still=still)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def __iter__(self) -> Iterator[Frame]:
            return iter(())

        def close(self) -> None:
            pass

    monkeypatch.setattr(feeds, "Reader", Empty)
    with pytest.raises(SourceError, match="no picture in it"):
        FileFeed("empty.mkv")


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p10le", "yuvj420p"])
@pytest.mark.parametrize("rotation", [0, 90])
def test_a_decoded_picture_is_shrunk_before_it_becomes_a_tensor(
    pix_fmt: str, rotation: int, tmp_path: Path
) -> None:
    path = clips.make(
        tmp_path / "a.mov", frames=1, pix_fmt=pix_fmt, width=128, height=96, rotation=rotation
    )
    frame = first_of(path)
    small = shrunk(frame, 30, 30)
    assert small.decoded is not None
    assert min(small.width, small.height) == 30
    assert (small.width > small.height) == (frame.width > frame.height)
    expected = resize(frame.image, small.height, small.width, "area")
    assert (small.image - expected).abs().mean() < 0.02
    assert float((small.image - expected).mean()) == pytest.approx(0, abs=0.004)


def test_a_picture_in_a_format_that_cannot_be_shrunk_as_coded_is_shrunk_anyhow(
    tmp_path: Path,
) -> None:
    path = clips.make(tmp_path / "a.gif", frames=1, codec="gif", pix_fmt="rgb8", width=128)
    small = shrunk(first_of(path), 32, 10)
    assert small.width == 32
    assert small.image.isfinite().all()
