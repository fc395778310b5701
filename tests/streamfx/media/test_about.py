from __future__ import annotations

from fractions import Fraction

import pytest

from streamfx.media.about import Chapter, kept_tags, later_timecode, shifted_chapters, unusual

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("start", "frames", "fps", "after"),
    [
        ("01:00:00:00", 25, Fraction(25), "01:00:01:00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:01:00;02", -1, NTSC, "00:00:59;29"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("00:00:59;59", 1, 2 * NTSC, "00:01:00;04"),
        ("noon", 1, NTSC, None),
    ],
)
def test_timecode_counts_on_drop_frames_included(
    start: str, frames: int, fps: Fraction, after: str | None
) -> None:
    assert later_timecode(start, frames, fps) == after


def test_chapters_are_clipped_and_shifted() -> None:
    chapters: list[Chapter] = [
        {"id": n, "start": n * 1000, "end": n * 1000 + 1000, "time_base": Fraction(1, 1000),
         "metadata": {"title": str(n)}}
        for n in range(4)
    ]  # fmt: skip
    kept = shifted_chapters(chapters, Fraction(3, 2), Fraction(3))
    assert [(c["metadata"]["title"], c["start"], c["end"]) for c in kept] == [
        ("1", 0, 500),
        ("2", 500, 1500),
    ]
    kept = shifted_chapters(chapters, Fraction(3, 2), Fraction(3), Fraction(1, 4))
    assert [(c["start"], c["end"]) for c in kept] == [(0, 2000), (2000, 6000)]


def test_tags_about_the_old_file_go_and_the_others_stay() -> None:
    tags = {"major_brand": "isom", "encoder": "x", "title": "T", "TIMECODE": "00:00:00:00"}
    assert kept_tags(tags) == {"title": "T"}


def test_only_tags_without_a_place_in_mp4_are_unusual() -> None:
    assert not unusual({"title": "T", "creation_time": "2020"})
    assert unusual({"com.apple.quicktime.model": "x"})
