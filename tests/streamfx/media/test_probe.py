from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from streamfx.media.probe import Chapter, probe
from tests import clips

BT709 = {"colorspace": 1, "color_range": 1, "color_trc": 1, "color_primaries": 1}


def test_what_a_clip_says_of_itself_is_told() -> None:
    clip = clips.cached(
        "facts.mp4",
        frames=50,
        audio=["aac", "ac3"],
        audio_rate=44100,
        tags={"title": "Facts", "comment": "none"},
        chapters=[(0, 1000, "One"), (1000, 2000, "Two")],
        rotation=-90,
        colour=BT709,
    )
    source = probe(str(clip))
    video, audio = source.video, source.audio
    assert video is not None and audio is not None
    assert (video.width, video.height, video.frames) == (48, 64, 50)
    assert video.fps == 25 and not video.variable
    assert video.colour.guessed == () and video.tick == Fraction(1, 12800)
    assert (audio.rate, audio.channels, audio.layout) == (44100, 2, "stereo")
    assert source.duration == 2 and source.start == 0 and source.end == 2
    assert source.orientation.swaps and source.codec == "h264" and source.seekable
    assert source.metadata["title"] == "Facts"
    assert source.chapters == (
        Chapter(Fraction(0), Fraction(1), "One"),
        Chapter(Fraction(1), Fraction(2), "Two"),
    )
    assert source.streams[1].startswith("#1 audio aac 44100 Hz stereo")
    assert source.notes == ()


def test_colours_that_no_tag_says_are_guessed_and_said() -> None:
    source = probe(str(clips.cached("untagged.mkv", frames=2)))
    assert source.video is not None and source.video.colour.guessed
    assert any(note.startswith("colour not tagged (primaries") for note in source.notes)


def test_a_timecode_is_read() -> None:
    clip = clips.cached("code.mov", frames=2, tags={"timecode": "01:02:03:04"})
    assert probe(str(clip)).timecode == "01:02:03:04"
    assert probe(str(clips.cached("untagged.mkv", frames=2))).timecode is None


def test_a_truncated_clip_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cut.mkv"
    path.write_bytes(clips.cached("cut.mkv", frames=50).read_bytes()[:-1000])
    assert "the file is truncated: 1000 bytes are missing at its end" in probe(str(path)).notes


def test_a_rate_given_for_a_clip_is_said_to_be_left_aside() -> None:
    source = probe(str(clips.cached("untagged.mkv", frames=2)), fps=Fraction(10))
    assert any(note.startswith("fps is for stills and sequences") for note in source.notes)
