from typing import Literal

import pytest
import torch

from streamfx import Frame
from streamfx.nodes.compose import Over
from streamfx.testing import clip, context, noise, run


def half(level: float = 1.0, size: tuple[int, int] = (16, 32)) -> Frame:
    """Return a frame that is opaque on the left, and black where it is transparent."""
    (frame,) = clip(level, size=size, alpha=1)
    image = frame.image.clone()
    image[:, :, size[1] // 2 :] = 0
    return frame.showing(image)


def test_alpha_chooses_exactly(device: torch.device) -> None:
    (scene,) = noise(1, size=(16, 32), device=device)
    subject = half(0.3).showing(half(0.3).image.to(device))
    (out,) = run(Over(), context(device=device), subject=[subject], background=[scene])
    assert out.image[:, :, :16].equal(subject.image[:3, :, :16])
    assert out.image[:, :, 16:].equal(scene.image[:, :, 16:])


def test_the_background_is_held() -> None:
    out = run(Over(), subject=clip(1, 1, 1, alpha=0), background=clip(0.5, fps=1))
    assert [float(f.image.mean()) for f in out] == [0.5, 0.5, 0.5]


def test_the_background_may_move() -> None:
    frames = clip(1, 1, 1, alpha=0)
    out = run(Over(), subject=frames, background=clip(0.1, 0.2, 0.3, size=(8, 8)))
    assert [float(f.image.mean()) for f in out] == pytest.approx([0.1, 0.2, 0.3])


def test_opacity_thins_the_subject() -> None:
    (out,) = run(Over(opacity=0.25), subject=clip(1.0), background=clip(0.2))
    assert out.image.flatten().tolist() == pytest.approx([0.4] * 72)
    scene = noise(1, size=(4, 6))
    (out,) = run(Over(opacity=0.0), subject=clip(1.0), background=scene)
    assert out.image.equal(scene[0].image)


def test_an_opaque_subject_hides_everything() -> None:
    subject = clip(0.7)
    assert run(Over(feather=9), subject=subject, background=clip(0.2)) == subject


def test_feather_fades_to_both_sides_and_no_further() -> None:
    (out,) = run(Over(feather=6), subject=[half(1.0)], background=clip(0, size=(16, 32)))
    row = out.image[0, 8]
    assert row[:8].sub(1).abs().max() < 1e-5
    assert row[24:].abs().max() < 1e-5
    assert row[15].item() == pytest.approx(0.6, abs=0.03)  # half a pixel inside
    assert row.diff().le(1e-6).all()


def test_feather_does_not_drag_in_what_is_hidden() -> None:
    white = clip(1.0, size=(16, 32))
    (out,) = run(Over(feather=6), subject=[half(1.0)], background=white)
    torch.testing.assert_close(out.image, white[0].image, atol=1e-5, rtol=0)


def test_feather_leaves_the_edge_of_the_picture_alone() -> None:
    (out,) = run(Over(feather=6), subject=[half(1.0)], background=clip(0, size=(16, 32)))
    assert out.image[:, [0, -1], 0].sub(1).abs().max() < 1e-5


def test_a_background_with_alpha_leaves_alpha() -> None:
    subject, scene = clip(1.0, alpha=0.5), clip(0.0, alpha=0.5)
    (out,) = run(Over(), subject=subject, background=scene)
    assert out.image[:, 0, 0].tolist() == pytest.approx([2 / 3] * 3 + [0.75])
    (out,) = run(Over(), subject=clip(1.0), background=scene)
    assert out.image[3].eq(1).all()


@pytest.mark.parametrize(
    ("fit", "row"),
    [
        ("fill", [1, 1, 1, 1]),  # the centre, the sides cut off
        ("stretch", [0, 1, 1, 0]),
        ("fit", [0, 1, 1, 0]),
    ],
)
def test_the_background_gets_the_size_of_the_subject(
    fit: Literal["fill", "fit", "stretch"], row: list[float]
) -> None:
    (scene,) = clip(0.0, size=(40, 80))
    image = scene.image.clone()
    image[:, :, 20:60] = 1
    (out,) = run(
        Over(fit=fit), subject=clip(0, size=(40, 40), alpha=0), background=[scene.showing(image)]
    )
    assert out.image[0, 20, 5::10].tolist() == pytest.approx(row, abs=1e-3)
    assert out.image[0, 5].mean().item() == pytest.approx(0.0 if fit == "fit" else sum(row) / 4)


def test_a_still_background_is_fitted_once() -> None:
    node = Over()
    node.open(context())
    (scene,) = noise(1, size=(8, 8))
    (first, second) = clip(1, 1, alpha=0)
    node.process(first, scene)
    kept = node._fitted
    node.process(second, scene)
    assert kept is not None
    assert node._fitted is kept
    node.close()
    assert node._fitted is None


def test_a_background_of_one_side_the_same_is_cropped_as_it_is() -> None:
    (scene,) = noise(1, size=(16, 41))
    (out,) = run(Over(), subject=clip(0, size=(16, 32), alpha=0), background=[scene])
    assert out.image.equal(scene.image[:, :, 4:36])
    (scene,) = noise(1, size=(20, 32))
    (out,) = run(Over(), subject=clip(0, size=(16, 32), alpha=0), background=[scene])
    assert out.image.equal(scene.image[:, 2:18])
