import torch

from streamfx.nodes.matting import Matte
from streamfx.testing import clip, noise, run


def test_alpha_is_shown_as_grey():
    frames = noise(3, alpha=True)
    for frame, out in zip(frames, run(Matte(), frame=frames), strict=True):
        assert out.image.equal(frame.image[3:].expand(3, -1, -1))
        assert not out.alpha


def test_an_opaque_picture_is_white():
    (out,) = run(Matte(), frame=clip(0.3))
    assert out.image.equal(torch.ones(3, 4, 6))
