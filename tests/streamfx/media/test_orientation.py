from __future__ import annotations

from itertools import product
from pathlib import Path

import av
import pytest
import torch
from av.video.stream import VideoStream

from streamfx.media.convert import Decoded
from streamfx.media.orientation import ONE, Orientation
from streamfx.media.tags import colour_of

FOOTAGE = Path(__file__).parents[4] / "shared" / "footage"
EIGHT = [Orientation(a, b, c) for a, b, c in product((False, True), repeat=3)]
IMAGE = torch.arange(3 * 2 * 4, dtype=torch.float32).reshape(3, 2, 4)


@pytest.mark.parametrize("orientation", EIGHT, ids=str)
def test_coded_undoes_upright(orientation: Orientation) -> None:
    upright = orientation.upright(IMAGE)
    assert tuple(upright.shape[1:]) == orientation.size(4, 2)[::-1]
    assert torch.equal(orientation.coded(upright), IMAGE)


@pytest.mark.parametrize("orientation", EIGHT, ids=str)
def test_a_pixel_lands_where_the_matrix_says(orientation: Orientation) -> None:
    a, b, _, c, d = (value // ONE for value in orientation.matrix[:5])
    image = torch.zeros(1, 2, 4)
    image[0, 1, 3] = 1
    width, height = orientation.size(4, 2)
    x, y = a * 3 + c * 1, b * 3 + d * 1
    shown = orientation.upright(image)
    across = x if a + c > 0 else width - 1 + x
    down = y if b + d > 0 else height - 1 + y
    assert shown[0, down, across] == 1


def test_the_eight_are_different() -> None:
    assert len({tuple(o.upright(IMAGE).flatten().tolist()) for o in EIGHT}) == 8
    assert len({o.matrix for o in EIGHT}) == 8
    assert len({(o.degrees, o.hflip) for o in EIGHT}) == 8


@pytest.mark.parametrize("orientation", EIGHT, ids=str)
def test_the_matrix_reads_back(orientation: Orientation) -> None:
    again = Orientation.from_matrix(orientation.matrix)
    assert again == orientation
    assert not again.note


@pytest.mark.parametrize("orientation", EIGHT, ids=str)
@pytest.mark.parametrize("by_matrix", [True, False])
def test_what_a_stream_is_given_its_decoder_finds(
    orientation: Orientation, by_matrix: bool, tmp_path: object
) -> None:
    path = f"{tmp_path}/turned.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = 32, 16
        if by_matrix:
            stream.set_display_matrix(orientation.matrix)
        else:
            stream.set_display_rotation(orientation.degrees, hflip=orientation.hflip)
        container.mux(stream.encode(av.VideoFrame(32, 16, "yuv420p")))
        container.mux(stream.encode(None))
    with av.open(path) as container:
        frame = next(container.decode(video=0))
    assert Orientation.from_frame(frame) == orientation


def test_a_matrix_that_is_no_quarter_turn_is_ignored_and_said() -> None:
    tilted = Orientation.from_matrix((46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30))
    assert tilted.upright_already
    assert "0.707" in tilted.note
    assert Orientation.from_matrix((0,) * 9) == Orientation.none()


def test_a_translation_changes_nothing() -> None:
    matrix = (0, ONE, 0, -ONE, 0, 0, 272 * ONE, 0, 1 << 30)
    assert Orientation.from_matrix(matrix).degrees == -90


def test_it_prints_what_it_does() -> None:
    assert str(Orientation.none()) == "upright"
    assert str(Orientation(True, False, True)) == "turned by 90 degrees"
    assert str(Orientation(False, True, False)) == "mirrored"


@pytest.mark.parametrize(
    ("name", "size", "degrees"),
    [
        ("phone_rotated_cif.mp4", (288, 352), 90),
        ("phone_rotated_audio_first.mp4", (272, 480), -90),
        ("phone_vfr_rotated180.mp4", (1280, 720), 180),
        ("portrait_4k60_rotated.mp4", (2160, 3840), -90),
    ],
)
def test_footage_of_phones_comes_upright(name: str, size: tuple[int, int], degrees: int) -> None:
    path = FOOTAGE / "general" / name
    if not path.exists():
        pytest.skip("no footage here")
    with av.open(str(path), metadata_errors="ignore") as container:
        frame = next(container.decode(video=0))
    orientation = Orientation.from_frame(frame)
    assert orientation.degrees == degrees
    # PyAV gives the turn itself; a half turn may have either sign.
    assert (orientation.degrees - frame.rotation) % 360 == 0
    colour = colour_of(frame, width=frame.width, height=frame.height)
    picture = Decoded(frame, colour, orientation)
    assert (picture.width, picture.height) == size
    upright = picture.image()
    assert tuple(upright.shape) == (3, size[1], size[0])
    coded = Decoded(frame, colour).image()
    assert torch.equal(upright, torch.rot90(coded, degrees // 90 % 4, (1, 2)))
