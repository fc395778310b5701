import pytest
import torch

from streamfx import ParamError
from streamfx.nodes.compose import Colour
from streamfx.testing import clip, context, run


def test_transparent_parts_show_the_colour(device: torch.device) -> None:
    (frame,) = clip(0.5, alpha=0.25, device=device)
    (out,) = run(Colour(colour="#ff0000"), context(device=device), frame=[frame])
    assert out.image.shape[0] == 3
    assert out.image[:, 0, 0].tolist() == pytest.approx([0.875, 0.125, 0.125])


@pytest.mark.parametrize(("alpha", "expected"), [(0.0, 1.0), (1.0, 0.3)])
def test_both_ends_are_exact(alpha: float, expected: float) -> None:
    (out,) = run(Colour(colour="white"), frame=clip(0.3, alpha=alpha))
    assert out.image.eq(torch.tensor(expected)).all()


def test_an_opaque_frame_passes_as_it_is() -> None:
    (frame,) = clip(0.5)
    assert run(Colour(), frame=[frame]) == [frame]


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(ParamError, match="^colour must be a colour such as .* got 'mauve'"):
        Colour(colour="mauve")
