import logging
from fractions import Fraction
from typing import Any

import cv2
import pytest
import torch
from torch import Tensor

from streamfx import Frame, GraphError
from streamfx.nodes.matting._trimap import alpha_from_trimap, trimap_of
from streamfx.nodes.matting.trimap import Trimap
from streamfx.testing import context, noise, run
from tests.clips import FOOTAGE

HIGH, WIDE = 72, 96
STILLS = FOOTAGE / "matting" / "alphamatting"


def shaded(seed: int, colour: tuple[float, float, float]) -> Tensor:
    grid = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(seed))
    soft = torch.nn.functional.interpolate(grid, (HIGH, WIDE), mode="bicubic")[0]
    return (torch.tensor(colour)[:, None, None] + 0.1 * (soft - 0.5)).clamp(0, 1)


FRONT, BACK = shaded(1, (0.8, 0.3, 0.2)), shaded(2, (0.2, 0.4, 0.7))


def truth() -> Tensor:
    """Return the alpha of a disc with soft spikes."""
    y, x = torch.meshgrid(torch.arange(HIGH), torch.arange(WIDE), indexing="ij")
    far = torch.hypot(y - HIGH / 2, x - WIDE / 2)
    around = torch.atan2(y - HIGH / 2, x - WIDE / 2)
    return ((22 + 4 * torch.sin(9 * around) - far) / 5 + 0.5).clamp(0, 1)


def picture() -> Tensor:
    return torch.lerp(BACK, FRONT, truth())


def frame_of(image: Tensor) -> Frame:
    return Frame(image, Fraction(0), Fraction(1, 10))


def grey(trimap: Tensor) -> Frame:
    return frame_of(trimap.expand(3, -1, -1))


def cut(image: Tensor, trimap: Tensor | None = None, **params: Any) -> Tensor:
    streams = {"frame": [frame_of(image)]} | ({} if trimap is None else {"trimap": [grey(trimap)]})
    (out,) = run(Trimap(**params), **streams)
    made: Tensor = out.image
    return made


def test_alpha_is_found_where_it_is_unknown(device: torch.device) -> None:
    alpha = truth()
    trimap = trimap_of(alpha, 4)
    made = alpha_from_trimap(picture().to(device), trimap.to(device))
    assert made.device.type == device.type
    made = made.cpu()
    unknown = (trimap > 0) & (trimap < 1)
    off = (made - alpha)[unknown].abs().mean()
    assert off < 0.1 * (trimap - alpha)[unknown].abs().mean()
    assert made[trimap == 1].eq(1).all()
    assert made[trimap == 0].eq(0).all()
    assert made.min() >= 0
    assert made.max() <= 1


def test_smoothness_alone_finds_it_too() -> None:
    alpha = truth()
    trimap = trimap_of(alpha, 4)
    made = alpha_from_trimap(picture(), trimap, samples=0.0, iterations=100)
    unknown = (trimap > 0) & (trimap < 1)
    off = (made - alpha)[unknown].abs().mean()
    assert off < 0.1 * (trimap - alpha)[unknown].abs().mean()


def test_a_large_picture_is_solved_smaller_and_drawn_in_full() -> None:
    alpha = torch.nn.functional.interpolate(truth()[None, None], scale_factor=4, mode="bilinear")
    image = torch.nn.functional.interpolate(picture()[None], scale_factor=4, mode="bilinear")[0]
    trimap = trimap_of(alpha[0, 0], 12)
    made = alpha_from_trimap(image, trimap, size=WIDE * 2)
    assert made.shape == alpha.shape[2:]
    assert (made - alpha[0, 0])[(trimap > 0) & (trimap < 1)].abs().mean() < 0.02


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_with_one_kind_alone_the_rest_is_of_it(known: float) -> None:
    trimap = torch.full((HIGH, WIDE), 0.5)
    trimap[:10] = known
    assert alpha_from_trimap(picture(), trimap).eq(known).all()


def test_a_trimap_without_unknown_is_the_alpha() -> None:
    trimap = (truth() > 0.5).float()
    assert alpha_from_trimap(picture(), trimap).equal(trimap)
    assert cut(picture(), trimap)[3].equal(trimap)


def test_a_trimap_that_tells_nothing_stays_grey_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        made = cut(picture(), torch.full((HIGH, WIDE), 0.5))
    assert made[3].eq(0.5).all()
    assert "tells nothing" in caplog.text


@pytest.mark.parametrize("high", [1, 2, 3, 7])
@pytest.mark.parametrize("wide", [1, 2, 5])
@pytest.mark.parametrize("size", [None, 2])
def test_any_size_gives_alpha_in_range(high: int, wide: int, size: int | None) -> None:
    maker = torch.Generator().manual_seed(1)
    image = torch.rand(3, high, wide, generator=maker)
    trimap = torch.randint(0, 3, (high, wide), generator=maker) / 2
    made = alpha_from_trimap(image, trimap, size=size)
    assert made.shape == (high, wide)
    assert made.isfinite().all()
    assert made.min() >= 0
    assert made.max() <= 1


@pytest.mark.parametrize("band", [1, 3, 200])
def test_a_trimap_of_an_alpha_is_unknown_along_its_edge(band: int) -> None:
    alpha = torch.zeros(20, 30)
    alpha[:, 15:] = 1
    row = trimap_of(alpha, band)[10]
    wanted = torch.full((30,), 0.5)
    wanted[: max(0, 15 - band)] = 0
    wanted[15 + band :] = 1
    assert row.equal(wanted)


def test_the_subject_gets_its_own_colours() -> None:
    alpha = truth()
    made = cut(picture(), trimap_of(alpha, 4))
    edge = (alpha > 0.2) & (alpha < 0.8)
    off = (made[:3] - FRONT)[:, edge].abs().mean()
    assert off < 0.3 * (picture() - FRONT)[:, edge].abs().mean()
    plain = cut(picture(), trimap_of(alpha, 4), decontaminate=0.0)
    assert plain[:3].equal(picture())


def test_the_alpha_that_is_there_is_taken_for_want_of_a_trimap() -> None:
    alpha = truth()
    rough = (alpha > 0.5).float()
    made = cut(torch.cat([picture(), rough[None]]), band=6)
    assert (made[3] - alpha).abs().mean() < 0.3 * (rough - alpha).abs().mean()


def test_alpha_that_was_there_stays_out() -> None:
    given = torch.ones(1, HIGH, WIDE)
    given[:, :36] = 0
    made = cut(torch.cat([picture(), given]), trimap_of(truth(), 4))
    assert made[3, :36].eq(0).all()
    assert made[3, 38, 48] == 1


def test_without_trimap_and_alpha_there_is_nothing_to_go_by() -> None:
    with pytest.raises(GraphError, match="wants a trimap"):
        run(Trimap(), frame=noise(1))


def test_a_trimap_of_another_size_is_scaled_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = Trimap()
    node.open(context())
    trimap = grey(trimap_of(truth(), 4)[::2, ::2])
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            made = node.process(frame_of(picture()), trimap)
    node.close()
    assert made.image.shape == (4, HIGH, WIDE)
    assert (made.image[3] - truth()).abs().mean() < 0.02
    assert [record.message for record in caplog.records] == [
        f"matting.trimap: the trimap of {WIDE // 2}x{HIGH // 2} is scaled to the picture's "
        f"{WIDE}x{HIGH}"
    ]


@pytest.mark.slow
@pytest.mark.skipif(not STILLS.exists(), reason="no footage")
@pytest.mark.parametrize(("name", "most"), [("GT18", 0.007), ("GT04", 0.010)])
def test_hair_and_leaves_come_out_of_real_photographs(name: str, most: float) -> None:
    def read(kind: str) -> Tensor:
        return torch.from_numpy(cv2.imread(str(STILLS / kind / f"{name}.png"))).float() / 255

    image = read("image").flip(2).permute(2, 0, 1).contiguous()
    trimap, alpha = read("trimap1")[..., 0], read("alpha")[..., 0]
    unknown = (trimap > 0.1) & (trimap < 0.9)
    off = (alpha_from_trimap(image, trimap) - alpha)[unknown]
    assert off.square().mean() < most
