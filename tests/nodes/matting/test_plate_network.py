import copy

import torch

from streamfx.models.store import ModelStore
from streamfx.nodes.matting._plate_network import (
    CELL,
    HIDDEN,
    PlateMatting,
    folded,
    outside,
    projected,
    scaled,
)
from streamfx.nodes.matting.plate import MODEL

SMALL = (8, 8, 12, 12)


def test_it_tells_a_matte_for_each_cell_and_refines_to_full_size(device: torch.device) -> None:
    network = PlateMatting(SMALL, 8).eval().to(device)
    image, plate = torch.rand(2, 2, 3, 64, 96, device=device)
    coarse = network(image, plate, torch.full((2, 1, 64, 96), 0.5, device=device))
    assert coarse.alpha.shape == (2, 1, 64 // CELL, 96 // CELL)
    assert coarse.hidden.shape[1] == HIDDEN
    fine = network.refine(image, plate, scaled(coarse, 64, 96))
    assert fine.alpha.shape == (2, 1, 64, 96)
    assert fine.colour.shape == (2, 3, 64, 96)


def test_folding_the_norms_changes_nothing() -> None:
    torch.manual_seed(2)
    network = PlateMatting(SMALL, 8, norm=True)
    image, plate = torch.rand(2, 2, 3, 64, 64)
    before = torch.rand(2, 1, 64, 64)
    for _ in range(3):
        network(image, plate, before)
    network.eval()
    plain = folded(copy.deepcopy(network))
    assert not any("norm" in name for name in plain.state_dict())
    for a, b in zip(network(image, plate, before), plain(image, plate, before), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_a_plate_off_by_a_pixel_lies_nowhere_outside() -> None:
    plate = torch.rand(1, 3, 20, 20)
    moved = torch.roll(plate, (1, -1), (2, 3))
    assert outside(moved, plate)[..., 2:-2, 2:-2].sub(0.5).abs().max() < 1e-6
    assert outside(plate + 2, plate).min() > 1.4


def test_the_matte_follows_from_picture_plate_and_colour() -> None:
    plate = torch.full((1, 3, 1, 5), 0.2)
    subject = torch.tensor([0.9, 0.5, 0.2])[None, :, None, None].expand_as(plate)
    alpha = torch.linspace(0, 1, 5)[None, None, None]
    share, told = projected(plate + alpha * (subject - plate), plate, subject)
    assert (share - alpha).abs().max() < 0.01
    assert told.min() > 0.9
    assert projected(plate, plate, plate)[1].max() < 1e-6


def test_the_shipped_weights_load_and_are_small() -> None:
    store = ModelStore.installed()
    network = store.load(MODEL, torch.device("cpu"), torch.float32)
    assert isinstance(network, PlateMatting)
    assert store.path(MODEL).stat().st_size < 4_000_000
    assert all(p.isfinite().all() for p in network.parameters())
