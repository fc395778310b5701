from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
import torch
from av.stream import AttachmentStream

from streamfx.frame import AudioInfo, Frame, Sound
from streamfx.media.reader import Reader
from streamfx.media.writer import Writer
from tests import clips
from tests.writing import (
    CPU,
    copy,
    payloads,
    video_of,
)


def test_every_sound_track_is_copied_bit_for_bit_with_its_tags(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    for extension in ("mp4", "mkv"):
        copy(source, tmp_path / f"out.{extension}")
        before, after = payloads(source), payloads(tmp_path / f"out.{extension}")
        assert len(after) == 3
        for a, b in zip(before, after, strict=True):
            assert [data for _, data in b] == [data for _, data in a]
            assert max(abs(x[0] - y[0]) for x, y in zip(a, b, strict=True)) < Fraction(1, 900)


def test_sound_that_quicktime_does_not_take_is_encoded_again(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    notes = copy(source, tmp_path / "out.mov")
    assert any("audio track 2 (flac) is encoded again as aac" in note for note in notes)
    with av.open(str(tmp_path / "out.mov")) as file:
        assert [s.codec_context.name for s in file.streams.audio] == ["aac", "aac", "ac3"]


def test_sound_keeps_its_instants_exactly_from_mp4_to_mp4(tmp_path: Path) -> None:
    source = clips.cached("sound.mp4", frames=75, audio=("aac",))
    copy(source, tmp_path / "out.mp4")
    assert payloads(tmp_path / "out.mp4") == payloads(source)


def test_sound_that_the_container_does_not_take_is_encoded_again_and_said(tmp_path: Path) -> None:
    source = clips.cached("sound.mp4", frames=75, audio=("aac",))
    notes = copy(source, tmp_path / "out.webm")
    assert any("audio track 1 (aac) is encoded again as libopus" in note for note in notes)
    with av.open(str(tmp_path / "out.webm")) as file:
        track = file.streams.audio[0]
        samples = sum(frame.samples for frame in file.decode(track))
        assert track.codec_context.name in ("opus", "libopus")
    assert abs(samples - 3 * 48000) < 3000


def rich(path: Path) -> Path:
    """Write a Matroska file with chapters, tags, text subtitles, a font and a timecode."""
    with av.open(str(path), "w") as file:
        picture = file.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.metadata["timecode"] = "01:00:00:00"
        picture.metadata["language"] = "deu"
        text = file.add_mux_stream("subrip")
        text.time_base = Fraction(1, 1000)
        text.metadata["language"] = "fra"
        file.add_attachment("font.ttf", "font/ttf", b"not really a font")
        file.metadata["title"] = "A title"
        file.set_chapters(
            [{"id": 1, "start": 0, "end": 1000, "time_base": Fraction(1, 1000),
              "metadata": {"title": "One"}},
             {"id": 2, "start": 1000, "end": 2000, "time_base": Fraction(1, 1000),
              "metadata": {"title": "Two"}}]
        )  # fmt: skip
        for number in range(50):
            frame = clips.draw(number, clips.Clip())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(picture.encode(frame))
            if number in (10, 30):
                packet = av.Packet(f"Line {number}".encode())
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = number * 40
                packet.duration = 500
                file.mux(packet)
        file.mux(picture.encode(None))
    return path


def test_chapters_tags_subtitles_attachments_and_timecode_are_copied(tmp_path: Path) -> None:
    source = rich(tmp_path / "in.mkv")
    copy(source, tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as file:
        assert [c["metadata"]["title"] for c in file.chapters()] == ["One", "Two"]
        assert file.metadata["title"] == "A title"
        assert file.streams.video[0].language == "deu"
        assert file.streams.subtitles[0].language == "fra"
        attached = [s for s in file.streams if isinstance(s, AttachmentStream)]
        assert [(s.name, s.mimetype, s.data) for s in attached] == [
            ("font.ttf", "font/ttf", b"not really a font")
        ]
    assert payloads(tmp_path / "out.mkv", "subtitle") == payloads(source, "subtitle")
    with Reader(str(tmp_path / "out.mkv")) as reader:
        assert reader.source.timecode == "01:00:00:00"


@pytest.mark.parametrize("extension", ["mp4", "mov"])
def test_mp4_gets_its_own_form_of_subtitles_chapters_and_timecode(
    tmp_path: Path, extension: str
) -> None:
    source = rich(tmp_path / "in.mkv")
    target = tmp_path / f"out.{extension}"
    notes = copy(source, target)
    assert any("(subrip) is rewritten as mov_text" in note for note in notes)
    assert any("attachment track 2" in note and "is left out" in note for note in notes)
    lines = [data[2:] for _, data in payloads(target, "subtitle")[0] if len(data) > 2]
    assert lines == [b"Line 10", b"Line 30"]
    with av.open(str(target)) as file:
        assert [c["metadata"]["title"] for c in file.chapters()] == ["One", "Two"]
        assert file.metadata["title"] == "A title"
    with Reader(str(target)) as reader:
        assert reader.source.timecode == "01:00:00:00"


def test_subtitles_and_chapters_of_a_range_are_shifted(tmp_path: Path) -> None:
    source = rich(tmp_path / "in.mkv")
    copy(source, tmp_path / "out.mkv", range=(Fraction(1), None))
    (line,) = payloads(tmp_path / "out.mkv", "subtitle")[0]
    assert line == (Fraction(1, 5), b"Line 30")
    with av.open(str(tmp_path / "out.mkv")) as file:
        (chapter,) = file.chapters()
        assert chapter["metadata"]["title"] == "Two"
        assert chapter["start"] == 0
    with Reader(str(tmp_path / "out.mkv")) as reader:
        assert reader.source.timecode == "01:00:01:00"


def test_sound_that_the_graph_makes_takes_the_place_of_the_sources(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    for name in ("out.mp4", "out.webm", "out.mkv", "out.avi"):
        with Reader(str(source), copy=True) as reader:
            audio = AudioInfo(44100, 2, "stereo")
            with Writer(
                str(tmp_path / name), video_of(reader), source=reader, settings=CPU, audio=audio
            ) as writer:
                tone = torch.sin(torch.arange(44100) / 20)[None].repeat(2, 1) * 0.5
                for item in reader:
                    writer.write(item)
                for part in range(10):
                    piece = tone[:, part * 4410 : part * 4410 + 4410]
                    writer.write(Sound(piece, 44100, Fraction(part, 10)))
                writer.finish()
        with av.open(str(tmp_path / name)) as file:
            assert len(file.streams.audio) == 1
            frames = list(file.decode(audio=0))
            assert frames[0].time is not None
            length = sum(frame.samples for frame in frames) / frames[0].sample_rate
        assert abs(length - 1) < 0.06, name


def slowed(source: Path, target: Path, *, muted: bool = False) -> list[str]:
    """Write a source at a quarter of its speed."""
    with Reader(str(source), copy=True) as reader:
        video = video_of(reader).retimed(Fraction(1, 4), muted=muted)
        with Writer(str(target), video, source=reader, settings=CPU) as writer:
            for item in reader:
                if isinstance(item, Frame):
                    item = item.at(item.pts * 4, item.duration * 4)
                writer.write(item)
            writer.finish()
        return writer.notes


def test_every_sound_track_is_stretched_beside_a_slower_picture(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    notes = slowed(source, tmp_path / "out.mkv")
    assert sum("is stretched at its pitch" in note for note in notes) == 3
    for index in range(3):
        with av.open(str(source)) as before, av.open(str(tmp_path / "out.mkv")) as after:
            samples = [sum(f.samples for f in x.decode(audio=index)) for x in (before, after)]
        assert abs(samples[1] - samples[0] * 4) < 4 * 1536  # a run-up or a frame of padding


def test_a_muted_picture_has_no_sound_and_says_so(tmp_path: Path) -> None:
    source = clips.cached("tracks.mkv", frames=30, audio=("aac", "flac", "ac3"))
    notes = slowed(source, tmp_path / "out.mkv", muted=True)
    assert "the sound is left out: the graph mutes it" in notes
    with av.open(str(tmp_path / "out.mkv")) as file:
        assert not file.streams.audio


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_subtitles_and_chapters_move_with_a_slower_picture(tmp_path: Path, name: str) -> None:
    slowed(rich(tmp_path / "in.mkv"), tmp_path / name)
    lines = [(at, data) for at, data in payloads(tmp_path / name, "subtitle")[0] if len(data) > 2]
    assert [at for at, _ in lines] == [Fraction(8, 5), Fraction(24, 5)]
    with av.open(str(tmp_path / name)) as file:
        spans = [c["end"] * (c["time_base"] or 0) for c in file.chapters()]
    assert spans == [4, 8]
