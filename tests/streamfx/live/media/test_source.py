import time
from fractions import Fraction
from itertools import pairwise

import pytest

from streamfx.errors import SourceError
from streamfx.live.media.source import Source
from tests.clips import cached, make
from tests.streamfx.live.media.ears import Ear


def test_a_file_is_played_over_and_over_with_its_sound():
    ear = Ear()
    source = Source(str(cached("short.mp4", frames=10, audio=("aac",))), ear)
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 25 and len(ear.sounds) >= 40)
    source.close()
    instants = [instant for instant, *_ in ear.pictures]
    steps = {later - earlier for earlier, later in pairwise(instants)}
    assert instants[:10] == [Fraction(n, 25) for n in range(10)]
    assert min(steps) == Fraction(1, 25) and max(steps) < Fraction(1, 10)
    heard = [instant for instant, _ in ear.sounds]
    assert heard == sorted(heard)
    assert abs(heard[-1] - instants[-1]) < Fraction(1, 5)
    assert ear.states == ["connected"]


def test_pictures_come_at_the_pace_of_their_times():
    ear = Ear()
    source = Source(str(cached("short.mp4", frames=10, audio=("aac",))), ear)
    began = time.monotonic()
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 20)
    assert time.monotonic() - began >= 0.7
    source.close()


def test_nothing_comes_after_closing():
    ear = Ear()
    source = Source(str(cached("short.mp4", frames=10, audio=("aac",))), ear)
    source.start()
    ear.wait(lambda ear: ear.pictures)
    source.close()
    count = len(ear.pictures)
    time.sleep(0.1)
    source.close()
    assert len(ear.pictures) == count


def test_a_source_that_was_never_started_can_be_closed(tmp_path):
    Source(str(make(tmp_path / "a.mp4", frames=2)), Ear()).close()


def test_without_loop_a_file_ends_after_its_last_picture(tmp_path):
    ear = Ear()
    source = Source(str(make(tmp_path / "a.mp4", frames=6)), ear, loop=False)
    source.start()
    ear.wait(lambda ear: "ended" in ear.states)
    source.close()
    assert len(ear.pictures) == 6
    assert ear.states == ["connected", "ended"]


def test_sound_can_be_left_out():
    ear = Ear()
    source = Source(str(cached("short.mp4", frames=10, audio=("aac",))), ear, sound=False)
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 3)
    source.close()
    assert not ear.sounds


def test_a_picture_is_a_camera_that_sees_nothing_move(tmp_path):
    ear = Ear()
    path = make(tmp_path / "a.png", frames=1, codec="png", pix_fmt="rgb24", format="image2")
    source = Source(str(path), ear)
    source.start()
    ear.wait(lambda ear: len(ear.pictures) >= 5)
    source.close()
    instants = [instant for instant, *_ in ear.pictures[:3]]
    assert instants == [0, Fraction(1, 30), Fraction(2, 30)]


def test_a_clip_filmed_upright_is_turned(tmp_path):
    ear = Ear()
    source = Source(str(make(tmp_path / "a.mp4", frames=4, rotation=90)), ear)
    source.start()
    ear.wait(lambda ear: ear.pictures)
    source.close()
    assert ear.pictures[0][1:3] == (48, 64)


def test_a_file_that_vanishes_is_lost_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr("streamfx.live.media.source.FIRST_PAUSE", 0.05)
    ear = Ear()
    path = make(tmp_path / "a.mp4", frames=3)
    source = Source(str(path), ear)
    path.rename(tmp_path / "b.mp4")
    source.start()
    ear.wait(lambda ear: "lost" in ear.states)
    assert source.why == f"{path}: no such file"
    (tmp_path / "b.mp4").rename(path)
    ear.wait(lambda ear: ear.pictures)
    assert source.why == ""
    source.close()
    assert ear.states == ["lost", "connected"]


def test_a_file_that_is_replaced_by_nothing_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("streamfx.live.media.source.FIRST_PAUSE", 0.05)
    ear = Ear()
    path = make(tmp_path / "a.mp4", frames=3)
    source = Source(str(path), ear)
    source.start()
    ear.wait(lambda ear: ear.pictures)
    path.rename(tmp_path / "b.mp4")
    ear.wait(lambda ear: "lost" in ear.states)
    (tmp_path / "b.mp4").rename(path)
    ear.wait(lambda ear: len(ear.states) == 3)
    count = len(ear.pictures)
    ear.wait(lambda ear: len(ear.pictures) > count + 3)
    source.close()
    assert ear.states == ["connected", "lost", "connected"]
    instants = [instant for instant, *_ in ear.pictures]
    assert max(later - earlier for earlier, later in pairwise(instants)) < Fraction(1, 10)


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("/no/such/file.mp4", "no such file"),
        ("/tmp", "is a directory"),
        ("gopher://host/x", "a source cannot be gopher; what can be: http, https, rtmp"),
        ("-", "a live source is read over and over"),
        ("pipe:0", "a live source is read over and over"),
        ("srt://host", "an SRT address needs a port"),
    ],
)
def test_what_cannot_be_a_source_is_refused_at_once(where, why):
    with pytest.raises(SourceError, match=why):
        Source(where, Ear())


def test_text_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(SourceError, match=r"a\.mp4"):
        Source(str(tmp_path / "a.mp4"), Ear())
