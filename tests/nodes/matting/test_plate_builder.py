import pytest
import torch

from streamfx.nodes.matting._plate_builder import PlateBuilder
from streamfx.resample import blur


def wall(size: tuple[int, int] = (120, 160), seed: int = 3) -> torch.Tensor:
    """Return a scene with detail that can be followed."""
    maker = torch.Generator().manual_seed(seed)
    fine = blur(torch.rand(3, *size, generator=maker), 2)
    return ((fine - 0.5) * 3 + 0.5).clamp(0.05, 0.9)


def visited(scene: torch.Tensor, left: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a scene with somebody in it, and where he is."""
    image, person = scene.clone(), torch.zeros(scene.shape[1:])
    image[:, 40:, left : left + 30] = 0.02
    person[40:, left : left + 30] = 1
    return image, person


def error(builder: PlateBuilder, scene: torch.Tensor) -> float:
    image, _ = builder.plate()
    return float((image - scene).abs().mean())


@pytest.mark.parametrize("told", [True, False])
def test_whoever_walks_by_leaves_the_room_empty(told, device):
    scene = wall()
    builder = PlateBuilder()
    for step in range(14):
        image, person = visited(scene, 10 * step)
        builder.add(image.to(device), person.to(device) if told else None)
    image, known = builder.plate()
    assert image.device.type == device.type
    assert (image.cpu() - scene).abs().mean() < 0.006
    assert known.min() > 0.3


def test_whoever_never_leaves_is_unknown_and_filled_in_without_a_ghost():
    scene = torch.full((3, 120, 160), 0.6)
    builder = PlateBuilder()
    for _ in range(6):
        builder.add(*visited(scene, 60))
    image, known = builder.plate()
    assert known[40:, 60:90].max() == 0
    assert known[:, :50].min() == 1
    assert (image - 0.6).abs().max() < 0.01


def test_a_coarse_mask_does():
    scene = wall()
    builder = PlateBuilder()
    for step in range(8):
        image, person = visited(scene, 16 * step)
        builder.add(image, torch.nn.functional.avg_pool2d(person[None], 4)[0])
    assert error(builder, scene) < 0.006


def test_exposure_that_drifts_is_undone():
    scene = wall()
    builder = PlateBuilder()
    for step in range(12):
        image, person = visited(scene, 10 * step)
        builder.add((image * (1 - 0.03 * step)).clamp(0, 1), person)
    assert error(builder, scene) < 0.01


def test_a_camera_that_shakes_a_little_makes_a_sharp_plate():
    scene = wall((150, 200))
    builder, shaken = PlateBuilder(), 0
    for number, (down, right) in enumerate(
        [(0, 0), (2, 1), (-1, 2), (1, -2), (0, 1), (-2, -1)] * 2
    ):
        image = torch.roll(scene, (down, right), (1, 2))[:, 10:140, 10:190]
        builder.add(image)
        shaken += number > 0 and (down, right) != (0, 0)
    image, _ = builder.plate()
    off = (image - scene[:, 10:140, 10:190]).abs()[:, 8:-8, 8:-8]
    assert off.mean() < 0.01
    assert builder.astray == 0
    assert 0 < builder.furthest < 0.04


def test_a_camera_that_pans_away_is_counted():
    scene = wall((120, 400))
    builder = PlateBuilder()
    for step in range(8):
        builder.add(scene[:, :, 8 * step : 8 * step + 160])
    assert builder.astray >= 5
    assert builder.furthest > 0.06
    image, _ = builder.plate()
    assert (image - scene[:, :, :160]).abs().mean() < 0.012


def test_another_size_and_no_picture_are_refused():
    builder = PlateBuilder()
    with pytest.raises(ValueError, match="no picture yet"):
        builder.plate()
    builder.add(wall())
    with pytest.raises(ValueError, match="20x10, not 160x120"):
        builder.add(torch.rand(3, 10, 20))


def test_pictures_are_not_written_into():
    scene = wall()
    image, person = visited(scene, 30)
    before = image.clone(), person.clone()
    builder = PlateBuilder()
    for _ in range(3):
        builder.add(image, person)
    assert image.equal(before[0])
    assert person.equal(before[1])


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (19, 3)])
def test_any_size_works(size):
    builder = PlateBuilder()
    for _ in range(3):
        builder.add(torch.full((3, *size), 0.5), torch.zeros(size))
    assert builder.plate()[0].sub(0.5).abs().max() < 1e-3


def test_memory_does_not_grow():
    builder = PlateBuilder()
    held = []
    for step in range(30):
        image, person = visited(wall((48, 64)), step)
        builder.add(image, person)
        colours = vars(builder._colours).values()
        held.append(sum(x.numel() for x in colours if isinstance(x, torch.Tensor)))
    assert len(set(held)) == 1
