import logging
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from streamfx import Frame, StreamfxError
from streamfx.models.card import ModelCard
from streamfx.models.store import ModelStore
from streamfx.nodes.matting import _plate_learnt as learnt
from streamfx.nodes.matting.plate import MODEL, Plate
from streamfx.testing import context, run
from tests.nodes.matting.people import store as people

HIGH, WIDE = 192, 256
ORANGE = torch.tensor([0.9, 0.5, 0.1])[:, None, None]


def room(seed: int = 3, high: int = HIGH, wide: int = WIDE) -> Tensor:
    """Return a picture with shades, textures and lines."""
    maker = np.random.default_rng(seed)
    image = np.zeros((high, wide, 3), np.float32)
    for cells in (4, 16, 50):
        rough = maker.random((max(2, cells * high // wide), cells, 3), np.float32)
        image += cv2.resize(rough, (wide, high), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        a, b = maker.integers(0, wide, 2).tolist(), maker.integers(0, high, 2).tolist()
        cv2.line(image, (a[0], b[0]), (a[1], b[1]), maker.random(3).tolist(), 2, cv2.LINE_AA)
    return torch.from_numpy((0.1 + image / 4).clip(0, 1)).permute(2, 0, 1).contiguous()


def disc(x: float = 128, y: float = 100, radius: float = 45) -> Tensor:
    """Return the coverage ``(1, H, W)`` of a disc with a soft edge."""
    rows, columns = torch.meshgrid(torch.arange(HIGH), torch.arange(WIDE), indexing="ij")
    away = ((rows - y) ** 2 + (columns - x) ** 2).float().sqrt()
    return ((radius - away) / 4 + 0.5).clamp(0, 1)[None]


def before(scene: Tensor, cover: Tensor, colour: Tensor = ORANGE) -> Tensor:
    return scene + cover * (colour - scene)


def shots(*images: Tensor, grain: float = 0.012) -> list[Frame]:
    maker = torch.Generator().manual_seed(5)
    made = []
    for i, image in enumerate(images):
        noisy = (image + grain * torch.randn(image.shape, generator=maker)).clamp(0, 1)
        made.append(Frame(noisy, Fraction(i, 10), Fraction(1, 10)))
    return made


def models() -> ModelStore:
    """Return the shipped network of this node, and drawn ones of matting.portrait."""
    known, shipped = people(), ModelStore.installed()
    card = ModelCard(MODEL, "Apache-2.0")
    known.add(card, lambda _: shipped.load(MODEL, torch.device("cpu"), torch.float32))
    return known


def mattes(frames: list[Frame], plate: Frame | None = None, **params: Any) -> list[Tensor]:
    plate = plate or shots(room())[0]
    ctx = context(models())
    return [f.image[3] for f in run(Plate(**params), ctx, frame=frames, plate=[plate])]


def error(alpha: Tensor, cover: Tensor) -> float:
    return float((alpha.cpu() - cover[0]).abs().mean())


@pytest.mark.parametrize("quality", ["fast", "best"])
def test_what_is_not_on_the_plate_is_cut_out_softly(
    device: torch.device, quality: Literal["fast", "best"]
) -> None:
    (plate,) = shots(room())
    (frame,) = shots(before(room(), disc()))
    moved = [f.showing(f.image.to(device)) for f in (frame, plate)]
    ctx = context(models(), device=device)
    (out,) = run(Plate(quality=quality), ctx, frame=moved[:1], plate=moved[1:])
    assert out.image.device.type == device.type
    assert error(out.image[3], disc()) < 0.012
    half = (disc()[0] > 0.4) & (disc()[0] < 0.9)
    off = (out.image[:3].cpu() - ORANGE)[:, half].abs().mean()
    assert off < 0.6 * (frame.image - ORANGE)[:, half].abs().mean()


@pytest.mark.parametrize("grain", [0.005, 0.02, 0.04])
def test_an_empty_room_gives_an_empty_matte(grain: float) -> None:
    (plate,) = shots(room(), grain=grain)
    for alpha in mattes(shots(*[room()] * 4, grain=grain)[1:], plate):
        assert alpha.mean() < 0.003


def test_a_shaking_camera_is_followed() -> None:
    turn = cv2.getRotationMatrix2D((WIDE / 2, HIGH / 2), 0.4, 1.0)
    turn[:, 2] += np.array([2.6, -3.3])
    planes = room().permute(1, 2, 0).numpy()
    moved = cv2.warpAffine(planes, turn, (WIDE, HIGH), borderMode=cv2.BORDER_REFLECT)
    scene = torch.from_numpy(moved).permute(2, 0, 1)
    assert error(mattes(shots(before(scene, disc())))[0], disc()) < 0.025
    assert mattes(shots(scene))[0].mean() < 0.012


def test_exposure_and_white_balance_may_change() -> None:
    gain = torch.tensor([1.25, 1.15, 1.0])[:, None, None]
    frames = shots(*[(before(room(), disc()) * gain + 0.02).clamp(0, 1)] * 2)
    assert error(mattes(frames)[-1], disc()) < 0.02
    assert mattes(shots(*[(room() * gain + 0.02).clamp(0, 1)] * 2))[-1].mean() < 0.006


def test_a_soft_shadow_stays_with_the_plate() -> None:
    dark = 1 - 0.3 * torch.nn.functional.avg_pool2d(disc(150, 130)[None], 31, 1, 15)[0]
    (alpha,) = mattes(shots(room() * dark))
    assert alpha.mean() < 0.02


@pytest.mark.parametrize("size", [(161, 121), (97, 250), (64, 33)])
def test_odd_sizes_come_out_as_they_went_in(size: tuple[int, int]) -> None:
    scene = room(high=size[0], wide=size[1])
    (plate,) = shots(scene)
    (alpha,) = mattes(shots(scene), plate)
    assert alpha.shape == size
    assert alpha.mean() < 0.02


def test_a_plate_of_another_size_is_scaled_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (plate,) = shots(room(), grain=0)
    large = torch.nn.functional.interpolate(plate.image[None], scale_factor=2, mode="bicubic")[0]
    frames = shots(*[before(room(), disc())] * 2)
    with caplog.at_level(logging.WARNING):
        out = run(Plate(), context(models()), frame=frames, plate=[plate.showing(large)])
    assert error(out[-1].image[3], disc()) < 0.02
    said = "the plate is 512x384: scaled to 256x192"
    assert all(f.props.notes["plate_size"] == said for f in out)
    assert caplog.text.count(said) == 1


def test_a_plate_of_another_scene_falls_back_to_people_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    frames = shots(*[before(0.2 * room(), disc(), torch.ones(3, 1, 1))] * 2)
    with caplog.at_level(logging.WARNING):
        out = run(Plate(), context(models()), frame=frames, plate=shots(room(77)))
    said = "the plate is of another scene: finding people instead"
    assert all(f.props.notes["plate_mismatch"] == said for f in out)
    assert caplog.text.count(said) == 1
    assert error(out[-1].image[3], disc()) < 0.05  # in these tests what is bright is somebody


def test_a_plate_of_another_scene_is_refused_where_that_is_asked() -> None:
    with pytest.raises(StreamfxError, match="the plate is of another scene"):
        mattes(shots(room()), shots(room(77))[0], mismatch="refuse")


def test_a_large_subject_is_no_other_scene() -> None:
    cover = disc(radius=95)
    (out,) = run(
        Plate(), context(models()), frame=shots(before(room(), cover)), plate=shots(room())
    )
    assert "plate_mismatch" not in out.props.notes
    assert error(out.image[3], cover) < 0.05


def test_a_new_plate_starts_anew() -> None:
    frames = shots(*[before(room(), disc())] * 4)
    first, second = shots(room(), before(room(), disc()))
    late = second.at(frames[2].pts)
    out = run(Plate(), context(models()), frame=frames, plate=[first, late])
    shares = [float(f.image[3].mean()) for f in out]
    assert min(shares[:2]) > 0.1
    assert max(shares[2:]) < 0.01


def test_a_cut_leaves_nothing_of_the_shot_before() -> None:
    (plate,) = shots(room())
    frames = shots(before(room(), disc()), before(room(), disc()), room())
    frames[2] = frames[2].marked(cut=True)
    made = run(Plate(smooth=0.9), context(models()), frame=frames, plate=[plate])
    alone = run(Plate(smooth=0.9), context(models()), frame=frames[2:], plate=[plate])
    assert made[2].image.equal(alone[0].image)


def test_smoothing_calms_noise_and_leaves_no_trail() -> None:
    frames = shots(*[before(room(), disc())] * 6, grain=0.03)

    def restless(smooth: float) -> float:
        made = mattes(frames, smooth=smooth)[1:]
        return sum(float((a - b).abs().mean()) for a, b in pairwise(made))

    assert restless(0.8) < restless(0.0)
    moved = shots(before(room(), disc(90)), before(room(), disc(90)), before(room(), disc(160)))
    assert error(mattes(moved, smooth=0.95)[-1], disc(160)) < 0.02


def test_alpha_that_was_there_stays_out() -> None:
    (frame,) = shots(before(room(), disc()))
    given = torch.ones(1, HIGH, WIDE)
    given[:, :90] = 0
    (alpha,) = mattes([frame.showing(torch.cat([frame.image, given]))])
    assert alpha[:90].eq(0).all()
    assert alpha[100:110, 120:136].mean() > 0.9


def test_without_a_plate_one_is_made_of_the_footage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody crosses the room: where they were a while ago is known by then."""
    monkeypatch.setattr(learnt, "_EVERY", Fraction(1, 10))
    dark, white = 0.3 * room(), torch.ones(3, 1, 1)
    frames = shots(*[before(dark, disc(40 + 16 * i), white) for i in range(12)])
    out = run(Plate(), context(models()), frame=frames)
    assert error(out[-1].image[3], disc(216)) < 0.03
    assert all("plate_mismatch" not in f.props.notes for f in out)


def test_a_frame_is_not_written_into() -> None:
    (frame,) = shots(before(room(), disc()))
    kept = frame.image.clone()
    mattes([frame])
    assert frame.image.equal(kept)
