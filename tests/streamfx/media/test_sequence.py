from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.errors import SourceError
from streamfx.frame import Frame
from streamfx.media import sequence
from streamfx.media.reader import Reader
from tests import clips


def read(source: Path, **options: Fraction) -> list[Frame]:
    with Reader(str(source), **options) as reader:  # type: ignore[arg-type]  # rates and times only
        return [item for item in reader if isinstance(item, Frame)]


@pytest.mark.parametrize("pattern", ["shot.%04d.png", "shot.####.png", "shot.%d.png"])
def test_numbered_images_are_found_from_their_own_first_number(
    pattern: str, tmp_path: Path
) -> None:
    clips.stills(tmp_path, "shot.%04d.png", 4, first=1001)
    found = sequence.find(str(tmp_path / pattern))
    assert (found.first, found.count) == (1001, 4)
    frames = read(tmp_path / pattern)
    assert [f.pts for f in frames] == [Fraction(i, 25) for i in range(4)]
    drawn = clips.picture(2, 64, 48)
    assert (
        frames[2].image.permute(1, 2, 0) * 255
    ).round().byte().numpy().tolist() == drawn.tolist()


def test_the_rate_given_sets_the_times_exactly(tmp_path: Path) -> None:
    clips.stills(tmp_path, "%04d.png", 3)
    rate = Fraction(24000, 1001)
    frames = read(tmp_path / "%04d.png", fps=rate)
    assert [f.pts for f in frames] == [i / rate for i in range(3)]
    assert frames[-1].end == 3 / rate


def test_the_rate_not_given_is_said(tmp_path: Path) -> None:
    clips.stills(tmp_path, "%04d.png", 3)
    with Reader(str(tmp_path / "%04d.png")) as reader:
        assert "image sequence: read at 25 fps, as no rate was given" in reader.notes
        assert reader.source.video is not None and reader.source.video.frames == 3
        assert reader.source.duration == Fraction(3, 25)


def test_a_gap_is_an_error_that_names_the_missing_file(tmp_path: Path) -> None:
    paths = clips.stills(tmp_path, "shot.%04d.png", 6, first=8)
    paths[2].unlink()
    paths[3].unlink()
    with pytest.raises(SourceError, match=r"shot.0010.png is missing .* 8 to 13, 2 missing"):
        sequence.find(str(tmp_path / "shot.%04d.png"))


def test_a_pattern_that_nothing_matches_is_an_error(tmp_path: Path) -> None:
    clips.stills(tmp_path, "a.%04d.png", 1)
    with pytest.raises(SourceError, match="no image matches this pattern"):
        sequence.find(str(tmp_path / "b.%04d.png"))
    with pytest.raises(SourceError, match="cannot read the folder"):
        sequence.find(str(tmp_path / "none" / "b.%04d.png"))


def test_percent_signs_elsewhere_in_the_path_stand_for_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "100%done"
    folder.mkdir()
    clips.stills(folder, "%04d.png", 2)
    assert len(read(folder / "%04d.png")) == 2


def test_numbers_of_other_widths_do_not_belong_to_a_padded_pattern(tmp_path: Path) -> None:
    clips.stills(tmp_path, "s%04d.png", 2)
    clips.stills(tmp_path, "s%02d.png", 3, first=50)
    assert sequence.find(str(tmp_path / "s%04d.png")).count == 2


def test_an_unreadable_image_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    paths = clips.stills(tmp_path, "%04d.png", 5)
    paths[2].write_bytes(b"no image at all" * 20)
    with Reader(str(tmp_path / "%04d.png")) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert [f.pts * 25 for f in frames] == [0, 1, 3, 4]
    assert [(d.start, d.what) for d in reader.damage] == [(Fraction(2, 25), "undecodable video")]
