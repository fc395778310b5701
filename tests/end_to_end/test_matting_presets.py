"""Presets that cut people out, on real clips, through the command line or the render call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from streamfx import Frame, Graph, NodeError, RunSettings
from streamfx.cli import main
from streamfx.engine.feeds import BlankFeed, StillFeed
from streamfx.engine.realtime import Realtime
from streamfx.live.sessions.offered import Offer
from streamfx.models.store import ModelStore
from tests.clips import FOOTAGE

MAN = FOOTAGE / "general" / "webcam_man_1s_h264.mp4"
FLOWER = FOOTAGE / "general" / "flower_960x540.mp4"
SIGNER = FOOTAGE / "matting" / "webcam_people" / "thanks.mkv"
ROOM = FOOTAGE / "matting" / "room_people_and_empty_plate.mp4"
PLANTS = FOOTAGE / "matting" / "woman_plants_720p.mp4"

SHORT = Fraction(3, 10)
PEOPLE = ("mediapipe-selfie", "mediapipe-selfie-landscape", "matting-portrait")

Pictures = NDArray[Any]
Pulled = Callable[..., ModelStore]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MAN.exists(), reason="the footage is not beside the checkout"),
]


@pytest.fixture
def people(pulled: Pulled) -> ModelStore:
    """Return the models; where they are not here, the test is skipped."""
    return pulled(*PEOPLE)


with_people = pytest.mark.usefixtures("people")


@pytest.fixture
def plates(pulled: Pulled) -> ModelStore:
    return pulled("matting-plate", *PEOPLE)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The room in two minutes, seen every two seconds, half as large."""
    path = tmp_path_factory.mktemp("room") / "room.mkv"
    return written(path, pictures(ROOM, every=20, half=True), rate=5)


def pictures(path: Path | str, form: str = "rgb24", every: int = 1, half: bool = False) -> Pictures:
    """Read pictures as ``(N, H, W, C)``."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.video
        stream.thread_type = "AUTO"
        taken = [f for i, f in enumerate(container.decode(stream)) if i % every == 0]
        if half:
            taken = [f.reformat(f.width // 2, f.height // 2, interpolation="AREA") for f in taken]
        return np.stack([f.to_ndarray(format=form) for f in taken])


def alphas(path: Path) -> Pictures:
    """Read the alpha of a film, as stored, as ``(N, H, W)``, 0 to 1."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.video
        if stream.codec_context.name != "vp9":
            return np.stack([alpha_of(frame) for frame in container.decode(stream)])
        decoder = av.CodecContext.create("libvpx-vp9", "r")  # FFmpeg's own leaves alpha out
        assert isinstance(decoder, av.VideoCodecContext)
        found = []
        for packet in container.demux(stream):
            found += [alpha_of(frame) for frame in decoder.decode(packet if packet.size else None)]
        return np.stack(found)


def alpha_of(frame: av.VideoFrame) -> Pictures:
    if frame.format.name.startswith("rgba"):
        image = frame.to_ndarray(format="rgba64le" if "64" in frame.format.name else "rgba")
        whole: Pictures = image[..., 3] / (65535 if image.dtype == np.uint16 else 255)
        return whole
    bits = frame.format.components[3].bits
    plane = frame.planes[3]
    data = bytes(plane)
    kind: Any = np.uint8 if bits == 8 else np.uint16
    rows = np.frombuffer(data, kind).reshape(frame.height, -1)
    made: Pictures = rows[:, : frame.width] / (2**bits - 1)
    return made


def written(path: Path, frames: Iterable[Any], rate: int) -> Path:
    """Write ``(H, W, 3)`` pictures, all but lossless."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "8"})
        for number, image in enumerate(frames):
            if number == 0:
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = "yuv444p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    return path


def image_file(path: Path, image: Any) -> Path:
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png", rate=1)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    return path


@cache
def _made(preset: str, clip: Path, inputs: tuple[tuple[str, Path], ...]) -> list[Frame]:
    graph = Graph.load(preset)
    return list(graph.stream(clip, settings=RunSettings(end=SHORT), **dict(inputs)))


def made(preset: str, clip: Path, **inputs: Path) -> list[Frame]:
    """Return what a preset makes of the begin of a clip."""
    return _made(preset, clip, tuple(inputs.items()))


def stacked(frames: Iterable[Frame]) -> torch.Tensor:
    return torch.stack([frame.image for frame in frames])


def inside(alpha: torch.Tensor) -> torch.Tensor:
    """Return where ``(N, H, W)`` is 1, also a few pixels around."""
    return -torch.nn.functional.max_pool2d(-alpha[:, None], 9, 1, 4)[:, 0] == 1


@with_people
@pytest.mark.parametrize(
    ("name", "codec", "most", "mean"),
    [
        ("out.mov", "prores", 1 / 1023, 0.3 / 1023),
        ("out.mkv", "ffv1", 0.51 / 255, 0.3 / 255),
        ("out.%02d.png", "png", 0.51 / 255, 0.3 / 255),
        ("out.webm", "vp9", 0.12, 0.004),
    ],
)
def test_the_alpha_in_a_file_is_the_one_that_the_node_made(
    name: str, codec: str, most: float, mean: float, tmp_path: Path
) -> None:
    target = str(tmp_path / name)
    assert main(["render", "cut-out", str(MAN), target, "--end", str(float(SHORT)), "-q"]) == 0
    frames = made("cut-out", MAN)
    wanted = stacked(frames)[:, 3].numpy()
    stored = alphas(Path(target))
    off = np.abs(stored - wanted)
    assert (off.max() <= most, off.mean() <= mean) == (True, True), (off.max(), off.mean())
    assert wanted.max() == 1
    assert 0.1 < wanted.mean() < 0.9
    with av.open(target) as container:
        assert container.streams.video[0].codec_context.name == codec
        assert len(container.streams.audio) == (codec != "png")


@with_people
def test_what_is_all_somebody_keeps_its_colours() -> None:
    shown = stacked(made("cut-out", MAN))
    source = stacked(made("identity", MAN))
    solid = inside(shown[:, 3])
    assert solid.float().mean() > 0.05
    off = (shown[:, :3] - source).abs().amax(1)[solid]
    assert off.max() < 0.5 / 255


@with_people
def test_the_matte_is_alpha_in_grey(tmp_path: Path) -> None:
    target = str(tmp_path / "matte.%02d.png")
    assert main(["render", "matte", str(MAN), target, "--end", str(float(SHORT)), "-q"]) == 0
    alpha = stacked(made("cut-out", MAN))[:, 3].numpy()
    grey = pictures(target) / 255
    assert len(grey) == len(alpha)
    assert np.abs(grey - alpha[..., None]).max() <= 0.51 / 255


@with_people
@pytest.mark.parametrize("preset", ["replace-background", "webcam-background"])
def test_another_background_stands_behind_people_and_nowhere_else(
    preset: str, tmp_path: Path
) -> None:
    wall = np.full((300, 500, 3), (20, 120, 60), np.uint8)
    background = image_file(tmp_path / "wall.png", wall)
    shown = stacked(made(preset, MAN, background=background))
    cut = Graph.load(preset).pipeline().steps[0].node
    alone = Graph()
    alone.add(cut.fresh(), frame=alone.video)
    settings = RunSettings(end=SHORT)
    alpha = stacked(alone.stream(MAN, settings=settings))[:, 3]
    source = stacked(made("identity", MAN))
    behind = shown.permute(0, 2, 3, 1)[alpha == 0]
    assert (behind - torch.tensor([20, 120, 60]) / 255).abs().max() < 2 / 255
    deep = torch.nn.functional.avg_pool2d(inside(alpha)[:, None].float(), 41, 1, 20)[:, 0] == 1
    off = (shown - source).abs().amax(1)[deep]
    assert off.numel() > 1000
    assert off.max() < 2 / 255


@with_people
@pytest.mark.parametrize("preset", ["blur-background", "webcam-blur"])
def test_the_shot_behind_people_loses_its_detail_and_people_keep_theirs(preset: str) -> None:
    shown, source = stacked(made(preset, MAN)), stacked(made("identity", MAN))
    alpha = stacked(made("cut-out", MAN))[:, 3]
    solid, free = inside(alpha), inside(1 - alpha)
    assert detail(shown)[free].mean() < 0.35 * detail(source)[free].mean()
    assert (shown - source).abs().amax(1)[solid].mean() < 1 / 255


def detail(images: torch.Tensor) -> torch.Tensor:
    grey = images.mean(1)
    across = torch.nn.functional.pad(grey.diff(dim=2).abs(), (0, 1))
    return across + torch.nn.functional.pad(grey.diff(dim=1).abs(), (0, 0, 0, 1))


@with_people
@pytest.mark.parametrize("preset", ["replace-background", "blur-background"])
def test_frames_and_sound_are_all_there(preset: str, tmp_path: Path) -> None:
    more = []
    if preset == "replace-background":
        wall = image_file(tmp_path / "wall.png", np.zeros((90, 160, 3), np.uint8))
        more = ["-i", f"background={wall}"]
    target = tmp_path / "out.mp4"
    words = ["render", preset, str(MAN), str(target), *more, "--end", str(float(SHORT)), "-q"]
    assert main(words) == 0
    assert len(pictures(target)) == len(made("identity", MAN))
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"


@with_people
def test_where_nobody_is_there_is_no_ghost() -> None:
    alpha = stacked(made("cut-out", FLOWER))[:, 3]
    assert alpha.mean() < 0.001


@with_people
def test_nothing_is_left_of_somebody_after_a_cut(tmp_path: Path) -> None:
    man = pictures(SIGNER)[:6]
    empty = pictures(ROOM, every=1000)[0]
    room = np.ascontiguousarray(empty[:, 64:704])
    frames = [*man, *[np.pad(room, ((24, 24), (0, 0), (0, 0)), "edge")] * 3]
    clip = written(tmp_path / "joined.mkv", frames, rate=30)
    alpha = stacked(made("cut-out", clip))[:, 3]
    assert alpha[:6].mean() > 0.15
    assert alpha[6:].mean() < 0.01


@with_people
def test_alpha_for_a_codec_without_it_is_refused_with_those_that_hold_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.mp4"
    assert main(["render", "cut-out", str(MAN), str(target)]) == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    assert "h264 in .mp4 cannot hold" in said
    assert all(name in said for name in ("prores-4444", "ffv1", "vp9", "png", "flatten"))
    assert list(tmp_path.iterdir()) == []


def test_a_plate_of_another_size_is_scaled_and_that_is_said(
    plates: ModelStore, room: Path, tmp_path: Path
) -> None:
    seen = pictures(room)
    plate = image_file(tmp_path / "plate.png", np.ascontiguousarray(seen[0][::2, ::2]))
    wall = image_file(tmp_path / "wall.png", np.full((90, 160, 3), 200, np.uint8))
    clip = written(tmp_path / "clip.mkv", [seen[0], seen[0], seen[20], seen[20]], rate=5)
    report = Graph.load("webcam-plate").render(
        clip, tmp_path / "out.mkv", plate=plate, background=wall
    )
    height, width = seen.shape[1:3]
    assert any(f"scaled to {width}x{height}" in note for note in report.notes)
    shown = pictures(tmp_path / "out.mkv").astype(float)
    assert len(shown) == 4
    assert np.abs(shown[0] - 200).mean() < 12
    middle = (slice(height // 4, height // 2), slice(9 * width // 16, 10 * width // 16))
    assert np.abs(shown[3][middle] - seen[20][middle]).mean() < 30


@pytest.mark.parametrize("people_by", ["find", "ignore"])
def test_a_clean_plate_is_the_room_when_it_is_empty(
    people_by: str, pulled: Pulled, room: Path, tmp_path: Path
) -> None:
    pulled(*PEOPLE[:2])
    target = tmp_path / "plate.png"
    words = ["render", "clean-plate", str(room), str(target), "-q"]
    assert main([*words, "-p", f"plate.people={people_by}"]) == 0
    empty = np.median(pictures(room)[[0, 1, 2, 23, 24, 36, 45]], axis=0)
    (shown,) = pictures(target)
    off = np.abs(shown - empty)
    assert off.mean() < 4
    assert (off.max(-1) > 25).mean() < 0.01


def test_as_a_film_a_clean_plate_stands_as_long_as_the_clip(pulled: Pulled, tmp_path: Path) -> None:
    pulled(*PEOPLE[:2])
    target = tmp_path / "plate.mp4"
    report = Graph.load("clean-plate").render(MAN, target)
    assert report.frames_out == 1
    assert report.video_out.last - report.video_out.first > Fraction(95, 100)
    assert any("was never free" in note for note in report.notes)
    with av.open(str(target)) as container:
        assert len(container.streams.audio) == 1
        assert len(list(container.decode(video=0))) == 1


def test_a_camera_that_moves_is_noticed(pulled: Pulled, tmp_path: Path) -> None:
    pulled(*PEOPLE[:2])
    moving = written(tmp_path / "pan.mkv", pictures(PLANTS, every=14, half=True), rate=5)
    with pytest.raises(NodeError, match=r"the camera moves: in \d+ of \d+ pictures"):
        Graph.load("clean-plate").render(moving, tmp_path / "plate.png")
    assert not (tmp_path / "plate.png").exists()


@pytest.mark.parametrize("name", ["webcam-background", "webcam-blur", "webcam-plate"])
def test_a_live_session_offers_it_and_pictures_come_out(name: str, plates: ModelStore) -> None:
    offered = next(each for each in Offer() if each.name == name)
    source = made("identity", SIGNER)[:4]
    came = threading.Semaphore(0)
    shown: list[Frame] = []
    told: list[str] = []

    def show(one: Any) -> None:
        shown.append(one.frame)
        came.release()

    feeds: dict[str, Any] = {"background": BlankFeed("#204060"), "plate": StillFeed(source[0])}
    live = Realtime(
        offered.pipeline(),
        show,
        feeds={port: feeds[port] for port in offered.inputs},
        models=plates,
        tell=lambda event: told.append(event.why) if event.kind == "failed" else None,
        rungs=(),
    )
    live.start()
    try:
        for frame in source:
            live.offer(frame)
            assert came.acquire(timeout=60), told
    finally:
        live.close()
    assert told == []
    assert len(shown) == len(source)
    assert not shown[-1].alpha
    assert (shown[-1].image - source[-1].image).abs().mean() > 0.005
