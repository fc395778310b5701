import logging
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from torch import Tensor

from streamfx import Colour, Frame, ParamError
from streamfx.media.convert import from_image, to_image
from streamfx.nodes.matting.chroma import Chroma
from streamfx.testing import context, noise, run
from tests.clips import FOOTAGE

HIGH, WIDE = 240, 320
GREEN, BLUE, PINK = (0.16, 0.63, 0.27), (0.12, 0.31, 0.71), (0.85, 0.25, 0.6)
SKIN, HAIR, GREY = (0.78, 0.56, 0.45), (0.12, 0.09, 0.08), (0.5, 0.5, 0.5)
HD = Colour("bt709", "bt709", "bt709", "limited")
HEAD = FOOTAGE / "matting" / "greenscreen_head.mp4"
WALL = FOOTAGE / "faces" / "grid" / "bbaf2n.mpg"


def flat(colour: tuple[float, float, float]) -> Tensor:
    """Return a picture of one colour."""
    return torch.tensor(colour)[:, None, None].expand(3, HIGH, WIDE).clone()


def folds() -> Tensor:
    """Return the light ``(1, H, W)`` on a screen that hangs badly."""
    y, x = torch.meshgrid(torch.linspace(0, 1, HIGH), torch.linspace(0, 1, WIDE), indexing="ij")
    light = 1.1 - 0.35 * (x - 0.3) ** 2 - 0.25 * (y - 0.3) ** 2
    return (light + 0.05 * torch.sin(14 * x + 5 * y))[None]


def coverage(soft: float = 3.0) -> Tensor:
    """Return alpha ``(1, H, W)`` of a round head with thin hairs beside it."""
    y, x = torch.meshgrid(torch.arange(HIGH) + 0.5, torch.arange(WIDE) + 0.5, indexing="ij")
    head = (60 - ((x - 160) ** 2 + (y - 140) ** 2).sqrt()) / soft + 0.5
    body = (y - 200) / soft
    hairs = 0.7 * ((x % 11 < 2) & (y > 50) & (y < 100) & ((x - 160).abs() < 45))
    return torch.maximum(torch.maximum(head, body).clamp(0, 1), hairs)[None].float()


def shots(image: Tensor, count: int = 1, grain: float = 0.01) -> list[Frame]:
    """Return frames of an image in 8 bits 4:2:0, each with noise of its own."""
    maker = torch.Generator().manual_seed(5)
    made = []
    for i in range(count):
        noisy = (image + grain * torch.randn(image.shape, generator=maker)).clamp(0, 1)
        seen = to_image(from_image(noisy, "yuv420p", HD), HD)
        made.append(Frame(seen, Fraction(i, 25), Fraction(1, 25)))
    return made


def before(screen: Tensor, colour: Tensor | None = None) -> Tensor:
    """Return a head of one colour before a screen."""
    return torch.lerp(screen, flat(SKIN) if colour is None else colour, coverage())


def filmed(path: Path, count: int) -> list[Frame]:
    """Return the first frames of a clip."""
    made: list[Frame] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rgb = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)
            made.append(Frame(rgb.float() / 255, Fraction(len(made), 25), Fraction(1, 25)))
            if len(made) == count:
                break
    return made


def keyed(frame: Frame, **params: Any) -> Tensor:
    (out,) = run(Chroma(**params), frame=[frame])
    image: Tensor = out.image
    return image


@pytest.mark.parametrize("screen", [GREEN, BLUE], ids=["green", "blue"])
@pytest.mark.parametrize("colour", [SKIN, HAIR, GREY], ids=["skin", "hair", "grey"])
def test_alpha_and_colour_come_out_as_they_went_in(
    screen: tuple[float, float, float], colour: tuple[float, float, float]
) -> None:
    (frame,) = shots(before(flat(screen) * folds(), flat(colour)))
    made, true = keyed(frame), coverage()
    off = (made[3:] - true).abs()
    assert off.mean() < 0.008
    apart = torch.nn.functional.max_pool2d(true, 9, 1, 4) == 0
    assert off[apart].mean() < 0.0005
    assert off[true == 1].mean() < 0.002
    edge = (made[3:] > 0.3) & (made[3:] < 0.95)
    assert (made[:3] - flat(colour)).abs()[edge.expand(3, -1, -1)].mean() < 0.05


def test_every_device_makes_the_same(device: torch.device) -> None:
    (frame,) = shots(before(flat(GREEN) * folds()))
    moved = frame.showing(frame.image.to(device))
    (out,) = run(Chroma(), context(device=device), frame=[moved])
    assert out.image.device.type == device.type
    assert (out.image.cpu() - keyed(frame)).abs().max() < 0.02


def test_an_empty_screen_is_clear_and_black() -> None:
    (frame,) = shots(flat(GREEN) * folds(), grain=0.015)
    made = keyed(frame)
    assert made[3].mean() < 0.001
    assert made[:3, made[3] == 0].eq(0).float().mean() > 0.99


def test_the_screen_is_found_said_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    frames = shots(before(flat(BLUE)), 3)
    with caplog.at_level(logging.INFO):
        out = run(Chroma(), frame=frames)
    assert [r.message.split(",")[0] for r in caplog.records] == ["blue screen found"]
    code = out[0].props.notes["screen"]
    assert isinstance(code, str)
    for at, wanted in zip((1, 3, 5), BLUE, strict=True):
        assert int(code[at : at + 2], 16) == pytest.approx(255 * wanted, abs=4)


def test_without_a_screen_the_picture_stays_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    frames = noise(3, size=(HIGH, WIDE)) + shots(flat(GREY))
    out = run(Chroma(), frame=[f.at(Fraction(i), Fraction(1)) for i, f in enumerate(frames)])
    assert all(
        f.image[3].eq(1).all() and f.image[:3].equal(g.image)
        for f, g in zip(out, frames, strict=True)
    )
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "no screen found" in caplog.text
    assert out[0].props.notes["screen"] is None


def test_a_screen_that_is_hidden_for_a_while_is_remembered() -> None:
    (open_,) = shots(before(flat(GREEN)))
    image = before(flat(GREEN))
    image[:, :24] = image[:, :, :24] = image[:, :, -24:] = 0.4
    (hidden,) = shots(image)
    assert keyed(hidden)[3].min() == 1
    _, out = run(Chroma(), frame=[open_, hidden.at(Fraction(1, 25))])
    assert out.image[3, 40:60, 40:100].mean() < 0.01
    assert out.image[3, 140, 160] == 1


def test_another_hue_is_taken_where_it_is_picked() -> None:
    (frame,) = shots(before(flat(PINK) * folds(), flat(GREY)))
    assert keyed(frame)[3].min() == 1
    assert (keyed(frame, screen="#d94099")[3:] - coverage()).abs().mean() < 0.008
    (frame,) = shots(before(flat(BLUE)))
    assert keyed(frame, screen="green")[3].min() == 1


def test_a_grey_green_shirt_has_no_holes_but_a_window_has() -> None:
    image = before(flat(GREEN))
    image[:, 130:170, 140:180] = torch.tensor((0.42, 0.55, 0.46))[:, None, None]
    (frame,) = shots(image)
    assert keyed(frame)[3, 130:170, 140:180].min() > 0.99
    image[:, 145:155, 155:165] = torch.tensor(GREEN)[:, None, None]
    (frame,) = shots(image)
    assert keyed(frame)[3, 147:153, 157:163].max() < 0.1


def test_what_is_like_the_screen_is_solid_beyond_the_core_s_distance_only() -> None:
    image = before(flat(GREEN))
    image[:, 135:145, 155:165] = torch.tensor((0.35, 0.58, 0.40))[:, None, None]
    (frame,) = shots(image)
    assert keyed(frame, core=0.1)[3, 137:143, 157:163].min() == 1
    assert keyed(frame, core=1.0)[3, 137:143, 157:163].mean() < 0.95


def test_the_light_of_the_screen_goes_from_the_edge_and_skin_stays() -> None:
    inside = torch.tensor(GREEN)[:, None, None] * 0.12
    ring = (coverage(12.0) < 1).float()
    (spilt,) = shots(before(flat(GREEN), flat((0.45, 0.44, 0.45)) + inside * ring))
    zone = coverage()[0].eq(1) & ring[0].gt(0)
    zone[:110], zone[190:] = False, False

    def excess(image: Tensor) -> Tensor:
        return (image[1] - torch.maximum(image[0], image[2])).clamp(min=0)[zone].mean()

    left, kept = excess(keyed(spilt)), excess(keyed(spilt, spill=0.0))
    assert left < 0.4 * kept
    assert kept > 0.01
    (plain,) = shots(before(flat(GREEN)))
    made, solid = keyed(plain), coverage()[0].eq(1)
    assert (made[:3] - plain.image)[:, solid & (made[3] == 1)].abs().mean() < 0.002


def test_the_clips_harden_the_edge() -> None:
    (frame,) = shots(before(flat(GREEN)))
    soft = keyed(frame)[3]
    hard = keyed(frame, clip_black=0.4, clip_white=0.6)[3]
    between = [((a > 0) & (a < 1)).float().mean() for a in (soft, hard)]
    assert between[1] < 0.5 * between[0]
    assert (
        keyed(frame, clip_black=0.4)[3].mean()
        < soft.mean()
        < keyed(frame, clip_white=0.6)[3].mean()
    )


def test_shrink_moves_the_edge_inwards() -> None:
    (frame,) = shots(before(flat(GREEN)))
    assert (keyed(frame, shrink=4)[3] <= keyed(frame)[3]).all()
    assert keyed(frame, shrink=4)[3].mean() < 0.95 * keyed(frame)[3].mean()


def test_all_is_clear_outside_of_the_box_that_is_kept() -> None:
    image = before(flat(GREEN))
    image[:, -20:] = 0
    (frame,) = shots(image)
    made = keyed(frame, keep="0.25, 0, 0.75, 0.9")
    assert made[3, 216:].eq(0).all()
    assert made[3, :, :80].eq(0).all()
    assert made[:3, 216:].eq(0).all()
    assert made[3, 140, 160] == 1


@pytest.mark.parametrize(
    "keep", ["0.9,0,0.1,1", "0,1,1,0", "0,0,1", "0,0,2,1", "a,b,c,d", "0,0,0,0"]
)
def test_a_box_that_is_none_is_refused(keep: str) -> None:
    with pytest.raises(ParamError, match="keep must be a box, LEFT,TOP"):
        Chroma(keep=keep)


@pytest.mark.parametrize(
    ("screen", "words"), [("red", "auto, green"), ("#12", "auto, green"), ("#808580", "no grey")]
)
def test_a_screen_of_no_colour_is_refused(screen: str, words: str) -> None:
    with pytest.raises(ParamError, match=words):
        Chroma(screen=screen)


def test_alpha_that_was_there_stays_out() -> None:
    (frame,) = shots(before(flat(GREEN)))
    given = torch.ones(1, HIGH, WIDE)
    given[:, 120:] = 0
    made = keyed(frame.showing(torch.cat([frame.image, given])))
    assert made[3, 120:].eq(0).all()
    assert made[3, 110, 160] == 1


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (9, 5), (33, 17)])
def test_tiny_pictures_are_keyed_too(size: tuple[int, int]) -> None:
    image = torch.tensor(GREEN)[:, None, None].expand(3, *size)
    made = keyed(Frame(image, Fraction(0), Fraction(1)))
    assert made.shape == (4, *size)
    assert made[3].mean() < 0.01


def test_noise_does_not_flicker() -> None:
    frames = shots(before(flat(GREEN) * folds()), 5, grain=0.012)
    mattes = [f.image[3] for f in run(Chroma(), frame=frames)]
    calm = (coverage()[0] == 0) | (coverage(8.0)[0] == 1)
    for a, b in pairwise(mattes):
        assert (a - b)[calm].square().mean().sqrt() < 0.004
        assert (a - b).square().mean().sqrt() < 0.012


@pytest.mark.skipif(not HEAD.exists(), reason="no footage")
def test_a_head_before_a_real_screen_is_cut_out() -> None:
    out = run(Chroma(keep="0,0,1,0.945"), frame=filmed(HEAD, 4))
    for frame in out:
        alpha = frame.image[3]
        assert alpha[:40].mean() < 0.001
        assert alpha[150:480, 200:330].min() > 0.98
        assert alpha[:200, :100].mean() < 0.001
        assert 0.25 < alpha.mean() < 0.5
        soft = (alpha > 0.3) & (alpha < 1)
        green = frame.image[1] - torch.maximum(frame.image[0], frame.image[2])
        assert green[soft].clamp(min=0).mean() < 0.01


@pytest.mark.skipif(not WALL.exists(), reason="no footage")
def test_a_blue_wall_that_is_lit_unevenly_is_clear() -> None:
    (frame,) = filmed(WALL, 1)
    alpha = keyed(frame)[3]
    assert alpha[10:44, 10:350].mean() < 0.002
    assert alpha[120:180, 105:195].min() > 0.98
