from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
import torch

from streamfx.frame import AudioInfo, Sound
from streamfx.media.sound import SoundEncoder, SoundTrack, add_encoder, layout_name, rate_for
from streamfx.testing import tone


@pytest.mark.parametrize(
    ("channels", "name", "known"),
    [
        (2, "stereo", "stereo"),
        (6, "5.1(side)", "5.1"),
        (1, "", "mono"),
        (2, "2 channels", "stereo"),
    ],
)
def test_a_layout_is_one_that_encoders_know(channels: int, name: str, known: str) -> None:
    assert layout_name(channels, name) == known


def test_a_rate_that_the_encoder_lacks_becomes_the_next_higher() -> None:
    assert rate_for("libopus", 44100) == 48000
    assert rate_for("libopus", 16000) == 16000
    assert rate_for("aac", 44100) == 44100
    assert rate_for("aac", 192000) == 96000
    assert rate_for("flac", 44100) == 44100


def test_gaps_and_overlaps_never_move_what_follows_by_more_than_themselves(tmp_path: Path) -> None:
    path = str(tmp_path / "out.mkv")
    with av.open(path, "w") as file:
        stream = add_encoder(file, "flac", AudioInfo(48000, 1, "mono"))
        track = SoundTrack(SoundEncoder(stream), AudioInfo(48000, 1, "mono"), end=Fraction(1))
        for start in (Fraction(0), Fraction(1, 2), Fraction(9, 10)):
            sound = Sound(torch.full((1, 24000), 0.5), 48000, start)
            file.mux(list(track.encode(sound)))
        file.mux(list(track.flush()))
    with av.open(path) as file:
        frames = list(file.decode(audio=0))
    assert sum(frame.samples for frame in frames) == 48000


@pytest.mark.parametrize("speed", [Fraction(1, 4), Fraction(5, 2)])
def test_stretched_sound_begins_and_lasts_as_the_speed_says(
    tmp_path: Path, speed: Fraction
) -> None:
    path, audio = str(tmp_path / "out.mkv"), AudioInfo(48000, 1, "mono")
    with av.open(path, "w") as file:
        stream = add_encoder(file, "flac", audio)
        track = SoundTrack(SoundEncoder(stream), audio, end=Fraction(2), speed=speed)
        for sound in tone(1, chunk=4000):
            file.mux(list(track.encode(Sound(sound.samples, 48000, sound.pts + Fraction(3, 2)))))
        file.mux(list(track.flush()))
    with av.open(path) as file:
        frames = list(file.decode(audio=0))
    assert abs(Fraction(frames[0].time or 0) - Fraction(3, 2) / speed) < Fraction(1, 500)
    assert sum(frame.samples for frame in frames) == 24000 / speed
