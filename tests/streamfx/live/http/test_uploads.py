import asyncio
import shutil
import struct
import zlib
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from streamfx.live.http import uploads
from tests import clips
from tests.streamfx.live.http.fake import FakeDesk, FakeHub, ask

PLACE = "/sessions/session-0/backgrounds"


@pytest.fixture
def desk(hub: FakeHub) -> FakeDesk:
    asyncio.run(hub.join(lambda message: None, session=None, stream=None, preset=None))
    return hub.desks["session-0"]


@pytest.fixture
def clip() -> Path:
    return clips.cached("cli.mp4", frames=25, audio=("aac",))


def picture(codec: str, width: int = 64, height: int = 48) -> bytes:
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 99, np.uint8), "rgb24")
    formats = {"png": "rgb24", "mjpeg": "yuvj420p"}
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, formats[codec]
    encoder.time_base = Fraction(1, 25)
    return b"".join(
        bytes(p)
        for p in [*encoder.encode(frame.reformat(format=formats[codec])), *encoder.encode()]
    )


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG that is huge when decoded."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("codec", "suffix"), [("png", ".png"), ("mjpeg", ".jpg")])
def test_a_picture_is_taken_by_its_content(
    hub: FakeHub, desk: FakeDesk, codec: str, suffix: str
) -> None:
    found = ask(hub, "POST", PLACE, content=picture(codec), headers={"Content-Type": "text/html"})
    assert found.status_code == 201, found.text
    ((_, path, kind),) = desk.asked
    assert found.json() == {"id": path.stem, "kind": "picture", "width": 64, "height": 48}
    assert (kind, path.suffix, path.parent) == ("picture", suffix, desk.upload_folder)
    assert path.read_bytes() == picture(codec)


def test_a_video_is_taken_too(hub: FakeHub, desk: FakeDesk, clip: Path) -> None:
    found = ask(hub, "POST", PLACE, content=clip.read_bytes())
    assert found.status_code == 201, found.text
    assert found.json()["kind"] == "video"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"x", 415),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", 415),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"GIF89a" + bytes(100), 415),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), 415),
        (b"\xff\xd8\xff\xe0" + bytes(1000), 415),
        (b"\x00\x00\x00\x20ftypisom" + bytes(1000), 415),
        (b"\x1aE\xdf\xa3" + bytes(1000), 415),
        (bomb(60_000, 60_000), 415),
        (bomb(5000, 5000), 413),
    ],
)
def test_what_cannot_be_shown_is_refused_and_leaves_nothing(
    hub: FakeHub, desk: FakeDesk, body: bytes, status: int
) -> None:
    found = ask(hub, "POST", PLACE, content=body)
    assert (found.status_code, desk.asked) == (status, []), found.text
    assert list(desk.upload_folder.iterdir()) == []


def films(folder: Path, *streams: tuple[str, int, int]) -> bytes:
    """Return a Matroska file with a picture in each of its streams."""
    path = folder / "films.mkv"
    with av.open(path, "w") as container:
        made = []
        for codec, width, height in streams:
            stream = container.add_stream(codec, rate=25)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            made.append(stream)
        for stream in made:
            grey = np.full((stream.height, stream.width), 99, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, "gray")))
            container.mux(stream.encode())
    return path.read_bytes()


@pytest.mark.parametrize(
    ("streams", "status"),
    [
        ([("mjpeg", 64, 48), ("mjpeg", 96, 64)], 201),
        ([("mjpeg", 64, 48), ("mpeg2video", 96, 64)], 415),
        ([("mjpeg", 64, 48), ("mjpeg", 5000, 2400)], 413),
    ],
)
def test_every_stream_of_a_video_is_looked_at(
    hub: FakeHub, desk: FakeDesk, tmp_path: Path, streams: list[tuple[str, int, int]], status: int
) -> None:
    found = ask(hub, "POST", PLACE, content=films(tmp_path, *streams))
    assert found.status_code == status, found.text
    if status == 201:
        assert (found.json()["width"], found.json()["height"]) == (96, 64), "what is shown of it"


def test_modules_of_the_folder_at_hand_are_not_run(
    hub: FakeHub, desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "av.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert ask(hub, "POST", PLACE, content=picture("png")).status_code == 201


def test_a_session_that_ends_during_an_upload_is_said(
    hub: FakeHub, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = uploads._store

    async def and_gone(body: AsyncIterator[bytes], path: Path) -> Any:
        found = await store(body, path)
        shutil.rmtree(path.parent)
        return found

    monkeypatch.setattr(uploads, "_store", and_gone)
    found = ask(hub, "POST", PLACE, content=picture("png"))
    assert (found.status_code, found.json()["error"]) == (404, "the session has ended")


def test_a_file_that_is_too_large_is_cut_off(
    hub: FakeHub, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_BYTES", 1000)
    found = ask(hub, "POST", PLACE, content=picture("png") + bytes(2000))
    assert found.status_code == 413
    assert list(desk.upload_folder.iterdir()) == []


def test_an_unknown_session_takes_nothing(hub: FakeHub) -> None:
    found = ask(hub, "POST", "/sessions/session-9/backgrounds", content=picture("png"))
    assert found.status_code == 404


def test_a_recording_comes_down_as_a_file_and_in_parts(hub: FakeHub, desk: FakeDesk) -> None:
    folder = hub.folder / "recordings"
    folder.mkdir()
    (folder / "cam-output.mkv").write_bytes(b"0123456789")
    place = "/sessions/session-0/recordings/cam-output.mkv"
    found = ask(hub, "GET", place)
    assert (found.status_code, found.content) == (200, b"0123456789")
    assert found.headers["content-disposition"] == 'attachment; filename="cam-output.mkv"'
    part = ask(hub, "GET", place, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")


@pytest.mark.parametrize(
    "name", ["..%2fsecret", "%2e%2e", ".hidden", "link.mkv", "nope.mkv", "a%00b"]
)
def test_names_cannot_leave_the_folder(hub: FakeHub, desk: FakeDesk, name: str) -> None:
    folder = hub.folder / "recordings"
    folder.mkdir()
    (hub.folder / "secret").write_text("secret")
    (folder / "link.mkv").symlink_to(hub.folder / "secret")
    found = ask(hub, "GET", f"/sessions/session-0/recordings/{name}")
    assert found.status_code == 404
    assert b"secret" not in found.content
