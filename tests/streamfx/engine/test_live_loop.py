import logging
import threading
from fractions import Fraction
from pathlib import Path

import pytest

from streamfx.engine.feeds import shrunk
from streamfx.engine.live_loop import AHEAD, Loop
from streamfx.media.reader import Reader
from tests import clips

TICK = Fraction(1, 25)


def opened(path: Path) -> Loop:
    return Loop(str(path), Reader(str(path)), shrunk)


def settle(loop: Loop) -> None:
    """Wait until as much is decoded as will be for now."""
    thread = loop._thread
    while thread.is_alive() and len(loop._ahead) < AHEAD:
        thread.join(0.001)


def numbers(loop: Loop, ticks: range) -> list[int | None]:
    """Return the number of the picture shown at each tick."""
    made = []
    for tick in ticks:
        made.append(loop.frame_at(7 + tick * TICK, 64, 48).props.number)
        settle(loop)
    return made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.make(tmp_path_factory.mktemp("loop") / "a.mkv", frames=7)


def test_it_begins_when_it_is_first_asked_and_goes_round(clip: Path) -> None:
    loop = opened(clip)
    assert numbers(loop, range(17)) == [*range(7), *range(7), *range(3)]
    loop.close()


def test_it_keeps_the_pace_of_who_asks(clip: Path) -> None:
    loop = opened(clip)
    assert numbers(loop, range(0, 14, 2)) == [0, 2, 4, 6, 1, 3, 5]
    assert loop.frame_at(7 + 12 * TICK, 64, 48) is loop.frame_at(7 + 12 * TICK, 64, 48)
    loop.close()


def test_no_more_is_decoded_ahead_than_allowed(clip: Path) -> None:
    loop = opened(clip)
    numbers(loop, range(3))
    assert len(loop._ahead) == AHEAD
    loop.close()
    assert len(loop._ahead) == 0


def test_pictures_are_ready_as_tensors_of_the_size_that_is_needed(clip: Path) -> None:
    loop = opened(clip)
    for tick in range(9):
        frame = loop.frame_at(tick * TICK, 32, 20)
        assert (frame.width, frame.height) == (32, 24)
        assert frame.decoded is None
        settle(loop)
    loop.close()


def test_after_a_pause_it_goes_on_from_where_it_was(clip: Path) -> None:
    loop = opened(clip)
    numbers(loop, range(2))
    late = 7 + 100
    shown = []
    for tick in range(4):
        shown.append(loop.frame_at(late + tick * TICK, 64, 48).props.number)
        settle(loop)
    assert shown == [5, 6, 0, 1], "four were decoded ahead"
    loop.close()


def test_a_clip_of_one_picture_is_read_once(tmp_path: Path) -> None:
    loop = opened(clips.make(tmp_path / "one.mkv", frames=1))
    assert numbers(loop, range(5)) == [0] * 5
    loop._thread.join(20)
    assert not loop._thread.is_alive()
    loop.close()


def test_a_file_that_goes_away_leaves_its_last_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = clips.make(tmp_path / "gone.mkv", frames=7)
    loop = opened(path)
    path.unlink()
    with caplog.at_level(logging.WARNING, "streamfx"):
        shown = numbers(loop, range(12))
    assert shown == [0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6]
    assert "gone.mkv" in caplog.text
    loop.close()


def test_one_that_was_never_asked_is_closed_without_a_thread(clip: Path) -> None:
    loop = opened(clip)
    loop.close()
    assert all(not thread.name.startswith("loop ") for thread in threading.enumerate())
