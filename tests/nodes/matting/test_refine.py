import logging
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor

from streamfx import Frame, ParamError
from streamfx.nodes.matting.refine import Refine
from streamfx.testing import clip, context, noise, run

RED = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
BLUE = torch.tensor([0.1, 0.3, 0.8])[:, None, None]


def disc(high: int = 72, wide: int = 96, softness: float = 6.0) -> Tensor:
    y, x = torch.meshgrid(torch.arange(high), torch.arange(wide), indexing="ij")
    far = torch.hypot(y - high / 2, x - wide / 2)
    return ((min(high, wide) / 3 - far) / softness + 0.5).clamp(0, 1)


def cutout(alpha: Tensor) -> Frame:
    """Return a disc cut out of a picture, with the wall's colour still in its edge."""
    image = RED * alpha + BLUE * (1 - alpha)
    return Frame(torch.cat([image, alpha[None]]), Fraction(0), Fraction(1, 10))


def refined(frame: Frame, **params: Any) -> Tensor:
    (out,) = run(Refine(**params), frame=[frame])
    made: Tensor = out.image
    return made


def test_what_is_asked_for_nothing_gives_the_frame_itself() -> None:
    node = Refine(smooth=0.0)
    node.open(context())
    frame = cutout(disc())
    assert node.process(frame) is frame


def test_the_background_leaves_the_colours_of_the_edge(device: torch.device) -> None:
    alpha = disc()
    frame = cutout(alpha)
    moved = frame.showing(frame.image.to(device))
    (out,) = run(Refine(decontaminate=1.0), context(device=device), frame=[moved])
    assert out.image.device.type == device.type
    edge = (alpha > 0.1) & (alpha < 0.9)
    assert (out.image[:3].cpu() - RED)[:, edge].abs().max() < 0.03
    assert out.image[3].cpu().equal(alpha)
    half = refined(frame, decontaminate=0.5)
    wanted = (frame.image[:3] + RED) / 2
    assert (half[:3] - wanted)[:, edge].abs().max() < 0.03


def test_a_wider_matte_shows_the_subjects_colours() -> None:
    alpha = disc()
    out = refined(cutout(alpha), decontaminate=1.0, choke=-6, feather=3)
    ring = (alpha == 0) & (out[3] > 0.5)
    assert ring.any()
    assert (out[:3] - RED)[:, ring].abs().max() < 0.05


def test_choke_and_feather_move_and_soften_the_edge() -> None:
    alpha = disc()
    frame = cutout(alpha)
    assert refined(frame, choke=4)[3].sum() < alpha.sum() < refined(frame, choke=-4)[3].sum()

    def soft(matte: Tensor) -> int:
        return int(((matte > 0.05) & (matte < 0.95)).sum())

    assert soft(refined(frame, feather=15)[3]) > 1.5 * soft(alpha)


def test_black_and_white_stretch_alpha() -> None:
    alpha = disc()
    out = refined(cutout(alpha), black=0.25, white=0.75)[3]
    assert torch.allclose(out, ((alpha - 0.25) / 0.5).clamp(0, 1), atol=1e-6)
    hard = refined(cutout(alpha), black=0.6, white=0.4)[3]
    assert ((hard == 0) | (hard == 1)).float().mean() > 0.99


def test_a_guided_edge_goes_where_the_picture_has_it() -> None:
    truth = disc(softness=1.0)
    image = RED * truth + BLUE * (1 - truth)
    loose = torch.nn.functional.avg_pool2d(truth[None], 7, 1, 3)[0]
    frame = cutout(truth).showing(torch.cat([image, loose[None]]))
    out = refined(frame, guided=8)[3]
    assert (out - truth).abs().mean() < 0.8 * (loose - truth).abs().mean()
    half = refined(frame, guided=8, strength=0.5)[3]
    assert torch.allclose(half, (out + loose) / 2, atol=1e-5)


def test_a_flickering_matte_is_held_while_the_picture_stands_still() -> None:
    frames = []
    for i, level in enumerate((0.4, 0.6) * 4):
        image = torch.cat([RED.expand(3, 24, 32), torch.full((1, 24, 32), level)])
        frames.append(Frame(image, Fraction(i, 10), Fraction(1, 10)))
    out = run(Refine(smooth=0.9), frame=frames)
    assert max(abs(float(f.image[3].mean()) - 0.42) for f in out) < 0.08


def test_a_picture_without_alpha_passes_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    frames = clip(0.2, 0.4, 0.6)
    with caplog.at_level(logging.WARNING):
        out = run(Refine(), frame=frames)
    assert [a is b for a, b in zip(out, frames, strict=True)] == [True] * 3
    assert sum("no alpha" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_all_or_nothing_stays_so(level: float) -> None:
    (frame,) = noise(1, size=(30, 41))
    frame = frame.showing(torch.cat([frame.image, torch.full((1, 30, 41), level)]))
    params = {"decontaminate": 1.0, "guided": 4, "choke": 2.5, "feather": 3.0}
    out = refined(frame, **params)
    assert (out[3] - level).abs().max() < 1e-5
    assert out[:3].equal(frame.image[:3])


def test_parameters_change_while_it_runs() -> None:
    node = Refine(smooth=0.0)
    node.open(context())
    frame = cutout(disc())
    assert node.process(frame) is frame
    node.choke = 3.0
    assert node.process(frame).image[3].sum() < frame.image[3].sum()
    with pytest.raises(ParamError, match="choke must be at most 50 px"):
        node.choke = 51.0
    node.close()
