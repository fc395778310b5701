from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from streamfx.errors import MediaError
from streamfx.media.testcard import FLASH, RATE, Card, beeps, draw, pictures

SMALL = Card(width=192, height=108, fps=Fraction(10), seconds=Fraction(2))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("card") / "card.mp4"
    draw(path, SMALL)
    return path


def test_the_clip_has_the_size_rate_and_length_that_were_asked_for(clip: Path) -> None:
    with av.open(str(clip)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.width, video.height, video.frames) == (192, 108, 20)
        assert video.average_rate == 10
        lasts = [(s.duration or 0) * (s.time_base or 0) for s in (video, audio)]
        assert lasts[0] == 2
        assert float(lasts[1]) == pytest.approx(2, abs=0.05)


def test_no_two_pictures_are_alike() -> None:
    drawn = list(pictures(SMALL))
    assert len(drawn) == 20
    for before, after in pairwise(drawn):
        assert np.abs(before.astype(int) - after).max() > 50


def test_the_lamp_is_lit_exactly_while_the_beep_sounds() -> None:
    sound = beeps(SMALL)
    assert sound.shape == (2, 2 * RATE)
    lamp = slice(8, 17), slice(176, 184)
    for number, picture in enumerate(pictures(SMALL)):
        at = number * RATE // 10
        loud = np.abs(sound[:, at + 500 : at + 1500]).max() > 0.3
        lit = picture[lamp].mean() > 200
        assert lit == loud == ((number % 10) / 10 < FLASH)


def test_the_picture_has_fine_detail_at_full_size() -> None:
    picture = next(iter(pictures(Card())))
    edges = np.abs(np.diff(picture[..., 0].astype(int), axis=1))
    assert (edges > 60).mean() > 0.01


def test_progress_is_told_picture_by_picture(tmp_path: Path) -> None:
    told: list[int] = []
    card = Card(width=64, height=64, fps=Fraction(5), seconds=Fraction(1))
    draw(tmp_path / "a.mkv", card, told.append)
    assert told == [1, 2, 3, 4, 5]


def test_a_folder_that_is_not_there_is_a_media_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot write"):
        draw(tmp_path / "nowhere" / "a.mp4", SMALL)
