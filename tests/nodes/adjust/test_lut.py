from itertools import permutations
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from streamfx import Frame, GraphError, ParamError, VideoInfo
from streamfx.nodes.adjust import Lut
from streamfx.testing import clip, context, info_of, noise, run

Interpolation = Literal["tetrahedral", "trilinear"]


def write(path: Path, table: Tensor, head: str) -> Path:
    rows = "\n".join(" ".join(f"{v:.7f}" for v in row) for row in table.tolist())
    path.write_text(f"{head}\n{rows}\n")
    return path


def grid(size: int) -> Tensor:
    """Return the identity, red running fastest."""
    steps = torch.linspace(0, 1, size)
    blue, green, red = torch.meshgrid(steps, steps, steps, indexing="ij")
    return torch.stack([red, green, blue], -1).reshape(-1, 3)


@pytest.fixture
def look(tmp_path: Path) -> tuple[Path, Tensor]:
    table = torch.rand(125, 3, generator=torch.Generator().manual_seed(3))
    return write(tmp_path / "look.cube", table, "LUT_3D_SIZE 5"), table


def graded(node: Lut, frame: Frame) -> Tensor:
    (out,) = run(node, context(device=frame.image.device), frame=[frame])
    assert isinstance(out, Frame)
    return out.image.cpu()


def tetrahedral(table: Tensor, colour: tuple[float, ...]) -> Tensor:
    """Walk from the low corner of the cell to the high one, along the largest share first."""
    cube = table.view(5, 5, 5, 3)
    place = np.array(colour) * 4
    corner = np.minimum(place.astype(int), 3)
    share = place - corner
    (order,) = [o for o in permutations(range(3)) if all(np.diff(share[list(o)]) < 0)][:1]
    made = cube[tuple(corner[::-1])]
    for axis in order:
        before = cube[tuple(corner[::-1])]
        corner[axis] += 1
        made = made + share[axis] * (cube[tuple(corner[::-1])] - before)
    return made


def test_tetrahedral_is_the_walk_along_the_edges(
    look: tuple[Path, Tensor], device: torch.device
) -> None:
    path, table = look
    (frame,) = noise(1, size=(16, 16), device=device)
    out = graded(Lut(file=path), frame)
    colours = frame.image.cpu().flatten(1).t().tolist()
    expected = torch.stack([tetrahedral(table, tuple(c)) for c in colours])
    torch.testing.assert_close(out.flatten(1).t(), expected.float(), atol=1e-5, rtol=0)


def test_trilinear_is_what_grid_sample_gives(
    look: tuple[Path, Tensor], device: torch.device
) -> None:
    path, table = look
    (frame,) = noise(1, device=device)
    volume = table.view(1, 5, 5, 5, 3).permute(0, 4, 1, 2, 3)
    places = frame.image.cpu().permute(1, 2, 0)[None, None] * 2 - 1
    theirs = grid_sample(volume, places, align_corners=True)[0, :, 0]
    out = graded(Lut(file=path, interpolation="trilinear"), frame)
    torch.testing.assert_close(out, theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("interpolation", ["tetrahedral", "trilinear"])
@pytest.mark.parametrize("size", [2, 17, 33])
def test_an_identity_cube_changes_nothing(
    tmp_path: Path, size: int, interpolation: Interpolation
) -> None:
    path = write(tmp_path / "identity.cube", grid(size), f"LUT_3D_SIZE {size}")
    (frame,) = noise(1)
    out = graded(Lut(file=path, interpolation=interpolation), frame)
    torch.testing.assert_close(out, frame.image, atol=1e-5, rtol=0)


@pytest.mark.parametrize("interpolation", ["tetrahedral", "trilinear"])
def test_the_points_themselves_come_out_exactly(
    look: tuple[Path, Tensor], interpolation: Interpolation
) -> None:
    path, table = look
    (frame,) = noise(1)
    points = frame.showing(grid(5).t().reshape(3, 5, 25).contiguous())
    out = graded(Lut(file=path, interpolation=interpolation), points)
    torch.testing.assert_close(out.flatten(1).t(), table, atol=1e-6, rtol=0)


def test_tetrahedral_keeps_greys_on_the_table_diagonal(look: tuple[Path, Tensor]) -> None:
    path, table = look
    diagonal = table.view(5, 5, 5, 3)[range(5), range(5), range(5)]
    out = graded(Lut(file=path), clip(0.375)[0])[:, 0, 0]
    torch.testing.assert_close(out, (diagonal[1] + diagonal[2]) / 2, atol=1e-6, rtol=0)


def test_curves_work_on_each_component_alone(tmp_path: Path) -> None:
    table = torch.tensor([[0.0, 1, 0.5], [0.5, 0.25, 0.5], [1, 0, 0.5]])
    path = write(tmp_path / "curves.cube", table, "LUT_1D_SIZE 3")
    out = graded(Lut(file=path), clip(0.25)[0])[:, 0, 0]
    assert out.tolist() == pytest.approx([0.25, 0.625, 0.5])


def test_beyond_the_domain_the_ends_count(tmp_path: Path) -> None:
    head = "LUT_1D_SIZE 2\nDOMAIN_MIN 0.2 0.2 0.2\nDOMAIN_MAX 0.8 0.8 0.8"
    path = write(tmp_path / "narrow.cube", torch.tensor([[0.1] * 3, [0.9] * 3]), head)
    levels = [graded(Lut(file=path), clip(v)[0]).mean().item() for v in (-0.5, 0.2, 0.5, 0.8, 1.5)]
    assert levels == pytest.approx([0.1, 0.1, 0.5, 0.9, 0.9])


def test_what_leaves_the_table_above_white_is_clipped(tmp_path: Path) -> None:
    path = write(tmp_path / "hot.cube", torch.tensor([[-1.0] * 3, [3.0] * 3]), "LUT_1D_SIZE 2")
    assert graded(Lut(file=path), clip(0.9)[0]).max() == 1
    assert graded(Lut(file=path), clip(0.1)[0]).min() == 0


def test_strength_goes_from_the_picture_to_the_look(look: tuple[Path, Tensor]) -> None:
    path, _ = look
    (frame,) = noise(1)
    full, half = (graded(Lut(file=path, strength=s), frame) for s in (1.0, 0.5))
    torch.testing.assert_close(half, (full + frame.image) / 2)
    assert run(Lut(file=path, strength=0.0), frame=[frame]) == [frame]


def test_alpha_stays(look: tuple[Path, Tensor]) -> None:
    (frame,) = noise(1, alpha=True)
    out = graded(Lut(file=look[0]), frame)
    assert out[3].equal(frame.image[3])
    assert out.shape == frame.image.shape


def test_a_picture_larger_than_a_chunk_is_whole(look: tuple[Path, Tensor]) -> None:
    (frame,) = noise(1, size=(600, 700))
    out = graded(Lut(file=look[0]), frame)
    part = frame.showing(frame.image[:, 500:, 600:])
    torch.testing.assert_close(out[:, 500:, 600:], graded(Lut(file=look[0]), part))


def test_the_file_may_be_a_text_or_a_path(look: tuple[Path, Tensor]) -> None:
    assert Lut(file=str(look[0])).file == Lut(file=look[0]).file == look[0]  # type: ignore[arg-type]  # a text is taken, too


@pytest.mark.parametrize("value", [3, "", None])
def test_anything_else_is_no_file(value: object) -> None:
    with pytest.raises(ParamError, match="^file must be "):
        Lut(file=value)  # type: ignore[arg-type]  # that is the point


def test_a_bad_file_is_known_before_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "bad.cube"
    path.write_text("LUT_3D_SIZE 2\n0 0")
    info = info_of(clip(0))
    assert isinstance(info, VideoInfo)
    with pytest.raises(GraphError, match=r"bad\.cube: line 2: must be 3 numbers, got '0 0'"):
        Lut(file=path).plan(info)


def test_a_value_that_is_no_number_does_no_harm(look: tuple[Path, Tensor]) -> None:
    (frame,) = noise(1)
    broken = frame.image.clone()
    broken[:, 0, 0] = torch.nan
    out = graded(Lut(file=look[0]), frame.showing(broken))
    assert out[:, 1:].isfinite().all()
