from __future__ import annotations

import os
from pathlib import Path

import pytest

from streamfx.errors import SourceError
from streamfx.media.opening import open_source
from streamfx.media.reader import Reader
from tests import clips


def refusal(source: Path | str) -> str:
    with pytest.raises(SourceError) as caught:
        Reader(str(source)).close()
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{source}: ")
    return text.removeprefix(f"{source}: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.mp4") == "no such file"


def test_a_directory_is_refused_with_a_hint(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("is a directory; name the images in it by a pattern")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert refusal(tmp_path / "empty.mp4") == "the file is empty"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = clips.make(tmp_path / "locked.mp4", frames=2)
    path.chmod(0)
    assert refusal(path) == "no permission to read it"


def test_permission_denied_by_the_system_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips.make(tmp_path / "locked.mp4", frames=2)

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(path) == "no permission to read it"


def test_a_text_file_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("nothing to see here\n" * 50)
    assert refusal(path) == "not a video file, or its header is damaged"


def test_a_film_without_pictures_says_what_it_has(tmp_path: Path) -> None:
    path = clips.silent_film(tmp_path / "song.m4a")
    assert refusal(path) == "has no video stream; it has #0 audio aac 48000 Hz stereo"


def test_an_mp4_whose_index_was_cut_off_is_refused(tmp_path: Path) -> None:
    data = clips.cached("tail.mp4", frames=10).read_bytes()
    path = tmp_path / "tail.mp4"
    path.write_bytes(data[: data.index(b"moov") + 40])
    assert refusal(path).startswith("the MP4 has no index (moov)")


def test_an_encrypted_mp4_is_refused(tmp_path: Path) -> None:
    keys = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": clips.KEY}
    keys["encryption_kid"] = clips.KEY
    path = clips.make(tmp_path / "locked.mp4", frames=10, container=keys)
    assert refusal(path) == "its video is encrypted (Common Encryption)"


def test_an_unknown_codec_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alien.mp4"
    path.write_bytes(clips.cached("plain2.mp4", frames=5).read_bytes().replace(b"avc1", b"zzzz"))
    assert refusal(path) == "no decoder for its video stream (unknown codec)"


def test_video_that_cannot_be_decoded_at_all_is_refused(tmp_path: Path) -> None:
    data = bytearray(clips.cached("fast.mp4", frames=5).read_bytes())
    at = data.index(b"mdat") + 4
    data[at:] = bytes(len(data) - at)
    path = tmp_path / "zeros.mp4"
    path.write_bytes(data)
    assert "no" in refusal(path)


def test_a_closed_port_and_an_unknown_protocol_are_refused() -> None:
    assert refusal("http://127.0.0.1:9/film.mp4") == "cannot be opened: Connection refused"
    assert refusal("gopherish://film") == "FFmpeg knows no such protocol"


def test_a_name_with_a_colon_or_a_percent_sign_is_a_file(tmp_path: Path) -> None:
    for name in ("take:2.mp4", "50%d.mp4", "-.mp4"):
        path = clips.make(f"file:{tmp_path / name}", frames=2)
        with Reader(str(path).removeprefix("file:")) as reader:
            assert reader.source.container.startswith("mov")


def test_tags_that_are_no_utf8_do_not_keep_a_file_from_opening(tmp_path: Path) -> None:
    data = clips.cached("tag.mkv", frames=2, tags={"title": "ABCDEFGH"}).read_bytes()
    path = tmp_path / "tag.mkv"
    path.write_bytes(data.replace(b"ABCDEFGH", b"ABCD\xfe\xffGH"))
    opened = open_source(str(path), fps=None)
    assert opened.container.metadata["title"].startswith("ABCD")
    opened.container.close()
