"""A quick way to another size, against the exact one."""

import pytest
import torch

from streamfx.nodes.compose._sampling import averaged, enlarged, reduced, sampled
from streamfx.resample import resize

CODE = 1 / 255


def scene(high: int, wide: int) -> torch.Tensor:
    """Return a smooth picture in which every place looks different."""
    y, x = torch.meshgrid(torch.linspace(0, 1, high), torch.linspace(0, 1, wide), indexing="ij")
    return torch.stack(
        [0.5 + 0.4 * torch.sin(9 * x + 4 * y), 0.5 + 0.4 * torch.cos(7 * y), x * y * 0.9]
    )


@pytest.mark.parametrize(
    ("size", "there"),
    [
        ((180, 320), (360, 640)),
        ((270, 480), (360, 640)),
        ((540, 960), (360, 640)),
        ((720, 1280), (360, 640)),
        ((1080, 1921), (240, 427)),
        ((90, 640), (360, 320)),
        ((1, 1), (8, 9)),
        ((9, 8), (1, 1)),
    ],
)
def test_it_is_close_to_lanczos(
    size: tuple[int, int], there: tuple[int, int], device: torch.device
) -> None:
    image = scene(*size)
    made = sampled(image.to(device), *there).cpu()
    assert made.shape == (3, *there)
    if min(*size, *there) > 1:
        assert (made - resize(image, *there)).abs().max() < 5 * CODE


def test_a_picture_of_that_size_is_itself() -> None:
    image = scene(20, 30)
    assert sampled(image, 20, 30) is image


def test_fine_lines_do_not_flicker_when_shrunk() -> None:
    stripes = (torch.arange(1920) % 2).float().expand(3, 64, 1920).contiguous()
    made = sampled(stripes, 43, 1280)
    assert (made[:, :, 20:-20] - 0.5).abs().max() < 0.2
    assert (made.mean() - 0.5).abs() < CODE


def test_colour_is_weighed_by_alpha() -> None:
    image = torch.zeros(4, 20, 20)
    image[:, :, :10] = 1
    for size in ((40, 40), (14, 14), (5, 5)):
        made = sampled(image, *size)
        assert (
            made[:3, :, : size[1] // 2][:, made[3, :, : size[1] // 2] > 0.02] - 1
        ).abs().max() < (CODE)


def test_blocks_are_averaged_and_the_edge_goes_on() -> None:
    image = torch.arange(35.0).view(1, 5, 7)
    made = reduced(image, 2)
    assert made.shape == (1, 3, 4)
    assert made[0, 0, 0] == image[0, :2, :2].mean()
    assert made[0, 2, 3] == image[0, 4, 6]
    assert averaged(image[:, :4, :6], 2, 3).shape == (1, 2, 2)


def test_enlarging_puts_every_block_where_it_was() -> None:
    image = scene(40, 60)
    made = enlarged(reduced(image, 4), 4, 40, 60)
    assert made.is_contiguous()
    assert (made - image)[:, 4:-4, 4:-4].abs().max() < 0.08
