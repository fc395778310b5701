from dataclasses import replace
from fractions import Fraction
from typing import Literal

import pytest
import torch

from streamfx import Colour, Frame, GraphError, ParamError, VideoInfo
from streamfx.nodes.compose import Over
from streamfx.swatch import rgb
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
    node = Over(blur=2.0)
    node.open(context())
    (scene,) = noise(1, size=(8, 8))
    (first, second) = clip(1, 1, alpha=0)
    node.process(first, scene)
    kept = node._fitted
    node.process(second, scene)
    assert kept is not None
    assert node._fitted is kept
    node.colour, node.blur = "white", 0.0
    node.process(second, scene)
    assert node._fitted is not kept, "a parameter changed"
    node.close()
    assert node._fitted is None


def test_a_background_of_one_side_the_same_is_cropped_as_it_is() -> None:
    (scene,) = noise(1, size=(16, 41))
    (out,) = run(Over(), subject=clip(0, size=(16, 32), alpha=0), background=[scene])
    assert out.image.equal(scene.image[:, :, 4:36])
    (scene,) = noise(1, size=(20, 32))
    (out,) = run(Over(), subject=clip(0, size=(16, 32), alpha=0), background=[scene])
    assert out.image.equal(scene.image[:, 2:18])


def test_a_colour_stands_behind_where_nothing_is_wired() -> None:
    (out,) = run(Over(colour="#ff8000"), subject=[half(0.3)])
    assert out.image[:, 0, 31].tolist() == pytest.approx([1, 128 / 255, 0])
    assert out.image[:, :, :16].equal(half(0.3).image[:3, :, :16])
    assert not out.alpha


def test_a_colour_means_the_same_on_an_hdr_wire() -> None:
    wire = Colour("bt2020", "smpte2084", "bt2020nc", depth=10)
    (out,) = run(Over(colour="orange"), subject=[half().tagged(wire)])
    assert out.image[:, 0, 31].tolist() == pytest.approx(rgb("orange", wire), abs=1e-5)


def test_a_word_that_is_no_colour_is_refused_and_the_form_is_told() -> None:
    with pytest.raises(ParamError, match="#ff8000, or one of: black, white"):
        Over(colour="beige-ish")


def room(size: tuple[int, int] = (90, 160)) -> Frame:
    """Return a green and blue scene without any red."""
    (frame,) = noise(1, size=size, seed=4)
    return frame.showing(frame.image * torch.tensor([0.0, 1.0, 0.7])[:, None, None])


def before(scene: Frame) -> tuple[Frame, Frame]:
    """Return a red subject with a soft edge, cut out, and the picture that it was cut out of."""
    x = torch.arange(160.0).expand(1, 90, 160)
    cover = (4 - (x - 80).abs() / 8).clamp(0, 1)
    red = torch.tensor([1.0, 0.0, 0.0])[:, None, None].expand(3, 90, 160)
    shot = scene.showing(torch.lerp(scene.image, red, cover))
    colour = torch.where(cover > 0, red, scene.image)
    return scene.showing(torch.cat([colour, cover])), shot


@pytest.mark.parametrize("wired", [True, False])
def test_the_shot_itself_is_blurred_without_a_halo(wired: bool) -> None:
    subject, shot = before(room())
    inputs = {"shot": [shot]} if wired else {}
    (out,) = run(Over(blur=3.0), subject=[subject], **inputs)
    assert out.image.shape[0] == 3
    cover = subject.image[3]
    assert (out.image[0] - cover).abs().max() < 0.01, (
        "red is where the subject is, and nowhere else"
    )
    assert out.image[1][:, :40].std() < 0.3 * shot.image[1][:, :40].std()
    assert out.image[:, :, 72:88].equal(subject.image[:3, :, 72:88])


def test_the_shot_meets_its_own_instant() -> None:
    subjects = clip(0.2, 0.4, 0.6, alpha=0, size=(90, 160))
    shots = clip(0.9, 0.5, 0.1, size=(90, 160))
    out = run(Over(blur=2.0), subject=subjects, shot=shots)
    assert [f.image.mean().item() for f in out] == pytest.approx([0.9, 0.5, 0.1], abs=1e-3)


def test_a_shot_of_another_size_is_fitted() -> None:
    (out,) = run(Over(), subject=clip(0, alpha=0, size=(20, 30)), shot=clip(0.7, size=(60, 90)))
    assert out.image.shape == (3, 20, 30)
    assert out.image.mean().item() == pytest.approx(0.7, abs=1e-4)


def test_a_shot_beside_a_background_is_refused() -> None:
    with pytest.raises(GraphError, match="not both"):
        run(Over(), subject=clip(1, alpha=0), shot=clip(0.5), background=clip(0.5))


def test_the_blur_is_as_wide_in_every_size() -> None:
    shares = []
    for wide in (320, 640):
        image = torch.zeros(3, wide // 2, wide)
        image[:, :, : wide // 2] = 1
        (scene,) = clip(0, size=(wide // 2, wide))
        subject = clip(0, alpha=0, size=(wide // 2, wide))
        (out,) = run(Over(blur=5.0), subject=subject, background=[scene.showing(image)])
        row = out.image[0, wide // 4]
        shares.append(((row > 0.16) & (row < 0.84)).float().mean().item())
    assert shares == pytest.approx([0.1, 0.1], abs=0.01)


def test_light_mixes_brighter_than_code_values_where_asked() -> None:
    subject = half(1.0).showing(half(1.0).image.clone())
    subject.image[3] = 0.5
    black = clip(0, size=(16, 32))
    (plain,) = run(Over(), subject=[subject], background=black)
    (light,) = run(Over(linear=True), subject=[subject], background=black)
    assert plain.image[0, 0, 0].item() == pytest.approx(0.5)
    assert light.image[0, 0, 0].item() == pytest.approx(0.5 ** (1 / 2.4), abs=1e-4)


def test_light_leaves_what_does_not_mix_exactly_alone() -> None:
    (scene,) = noise(1, size=(16, 32))
    (out,) = run(Over(linear=True), subject=[half(0.3)], background=[scene])
    assert out.image[:, :, :16].equal(half(0.3).image[:3, :, :16])
    assert out.image[:, :, 16:].equal(scene.image[:, :, 16:])


def test_a_background_on_another_wire_is_converted() -> None:
    wire = Colour("bt2020", "smpte2084", "bt2020nc", depth=10)
    white = torch.tensor(rgb("white", wire))[:, None, None].expand(3, 16, 32)
    (scene,) = clip(0, size=(16, 32))
    (out,) = run(Over(), subject=[half()], background=[scene.showing(white).tagged(wire)])
    assert out.image[:, 0, 31].tolist() == pytest.approx([0.98, 0.98, 0.98], abs=0.03)
    assert out.colour == half().colour


def test_a_background_of_wide_pixels_keeps_its_shape() -> None:
    node = Over(fit="fit", colour="white")
    plain = VideoInfo(40, 40, Fraction(25))
    node.plan(plain, replace(plain, pixel_aspect=Fraction(2)))
    node.open(context())
    (subject,) = clip(0, alpha=0, size=(40, 40))
    (scene,) = clip(0.0, size=(40, 40))
    column = node.process(subject, scene).image[0, :, 20]
    assert column.tolist() == [1.0] * 10 + [0.0] * 20 + [1.0] * 10


def test_bars_have_the_colour() -> None:
    (out,) = run(
        Over(fit="fit", colour="lime"),
        subject=clip(0, alpha=0, size=(40, 40)),
        background=clip(0.5, size=(20, 40)),
    )
    assert out.image[:, 2, 20].tolist() == [0.0, 1.0, 0.0]
    assert out.image[:, 20, 20].tolist() == pytest.approx([0.5] * 3)


def test_wrap_and_match_leave_the_scene_alone() -> None:
    (scene,) = noise(1, size=(16, 32))
    (out,) = run(Over(wrap=1.0, match=1.0), subject=[half(0.3)], background=[scene])
    assert out.image[:, :, 16:].equal(scene.image[:, :, 16:])
    assert (out.image[:, :, :16] - 0.3).abs().max() > 0.05


def test_a_cut_forgets_the_colours_of_the_shot_before() -> None:
    dark, light = clip(0.1, size=(16, 32)), clip(0.6, size=(16, 32))
    subjects = [half(0.3).at(Fraction(i, 10), Fraction(1, 10)) for i in range(6)]
    subjects[3] = subjects[3].marked(cut=True)
    scenes = [
        *(dark[0].at(f.pts) for f in subjects[:3]),
        *(light[0].at(f.pts) for f in subjects[3:]),
    ]
    out = run(Over(match=1.0), subject=subjects, background=scenes)
    alone = run(Over(match=1.0), subject=subjects[3:], background=scenes[3:])
    assert [f.image.flatten().tolist() for f in out[3:]] == [
        f.image.flatten().tolist() for f in alone
    ]
