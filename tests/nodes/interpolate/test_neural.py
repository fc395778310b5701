"""Interpolation by networks: our own, and RIFE."""

from __future__ import annotations

import pytest
import torch

from streamfx import Node
from streamfx.models.store import ModelStore
from streamfx.nodes.interpolate import Blend, Neural, Rife
from streamfx.nodes.interpolate._network import Between, Fusion, Pair, mixed
from streamfx.nodes.interpolate._rife_network import Rife as RifeNetwork
from streamfx.nodes.interpolate._rife_network import found_twice
from streamfx.testing import context, info_of, run
from tests.nodes.interpolate.scenes import frame, pan, psnr, shifted, texture

SIZE = 144, 192
RIFE_HERE = ModelStore.installed(offline=True).here("rife-4")
nodes = pytest.mark.parametrize(
    "node",
    [
        Neural,
        pytest.param(Rife, marks=pytest.mark.skipif(not RIFE_HERE, reason="no model rife-4 here")),
    ],
)


@nodes
@pytest.mark.parametrize("scale", ["1", "1/2"])
def test_what_moves_is_at_the_instant_that_is_wanted(
    node: type[Node], scale: str, device: torch.device
) -> None:
    frames = [f.showing(f.image.to(device)) for f in pan(2, (8, -4))]
    ctx = context(device=device, info=info_of(frames))
    out = run(node(factor=4, scale=scale), ctx, frame=frames)
    for i in (1, 2, 3):
        truth = shifted(texture(), 8 * i / 4, -4 * i / 4, SIZE)
        assert psnr(out[i].image, truth) > 30
        faded = run(Blend(factor=4), frame=frames)[i].image
        assert psnr(out[i].image, truth) > psnr(faded, truth) + 5


@nodes
@pytest.mark.parametrize("size", [(1, 1), (5, 40), (33, 47), (100, 131)])
def test_any_size_comes_out_as_it_went_in(node: type[Node], size: tuple[int, int]) -> None:
    frames = [frame(torch.full((3, *size), level), i) for i, level in enumerate((0.2, 0.3))]
    out = run(node(factor=2, cut=0.0), frame=frames)
    assert out[1].image.shape == (3, *size)
    assert float(out[1].image.mean()) == pytest.approx(0.25, abs=0.03)


@nodes
def test_alpha_moves_with_the_picture(node: type[Node]) -> None:
    page, card = texture(), torch.zeros(3, 300, 420)
    card[:, 100:200, 150:250] = 1
    frames = []
    for i in range(2):
        colours, cover = (shifted(each, 8 * i, 0, SIZE) for each in (page, card))
        frames.append(frame(torch.cat([colours, cover[:1]]), i))
    made = run(node(factor=2), frame=frames)[1].image
    assert (made[3] - shifted(card, 4, 0, SIZE)[0]).abs().mean() < 0.02


def test_features_of_a_frame_that_two_pairs_share_are_made_once(monkeypatch) -> None:
    seen = []
    look = Fusion.features

    def counted(self: Fusion, image: torch.Tensor) -> torch.Tensor:
        seen.append(image)
        return look(self, image)

    monkeypatch.setattr(Fusion, "features", counted)
    run(Neural(factor=4), frame=pan(4))
    assert len(seen) == 4


def test_when_memory_runs_out_the_network_sees_less_and_says_so(monkeypatch, caplog) -> None:
    forward, sizes = Fusion.forward, []

    def greedy(self: Fusion, pair: Pair, t: torch.Tensor) -> Between:
        sizes.append(tuple(pair.first.shape[2:]))
        if pair.first.shape[2] > SIZE[0] // 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, pair, t)

    monkeypatch.setattr(Fusion, "forward", greedy)
    out = run(Neural(factor=2, overlays=False), frame=pan(3))
    assert len(out) == 6
    assert sizes == [(144, 192), (72, 96), (72, 96)], "tried again, and the size is kept"
    assert "memory ran out; the network sees 1/2 of the picture" in caplog.text
    assert psnr(out[1].image, shifted(texture(), 3, 1, SIZE)) > 28


def test_memory_that_never_suffices_is_an_error(monkeypatch) -> None:
    def greedy(self: Fusion, pair: Pair, t: torch.Tensor) -> Between:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Fusion, "forward", greedy)
    with pytest.raises(Exception, match="out of memory"):
        run(Neural(factor=2), frame=pan(2))


@pytest.mark.parametrize(
    ("size", "by"), [((640, 360), 1), ((1280, 720), 2), ((1920, 1080), 2), ((3840, 2160), 4)]
)
def test_how_large_the_network_sees_a_picture_follows_its_size(size, by) -> None:
    assert Neural()._chosen(size[0] * size[1]) == by
    assert Rife()._chosen(size[0] * size[1]) == by
    assert Neural(scale="1/8")._chosen(size[0] * size[1]) == 8


def test_candidates_that_agree_come_out_as_they_are() -> None:
    one = torch.rand(1, 4, 8, 8)
    made = mixed([one] * 6, torch.zeros(1, 9, 8, 8), torch.full((1, 1, 1, 1), 0.3))
    assert (made - one).abs().max() < 1e-5


def test_both_orders_of_frames_find_the_same() -> None:
    torch.manual_seed(1)
    network = RifeNetwork().eval()
    first, second = torch.rand(2, 1, 3, 64, 64)
    t = torch.full((1, 1, 1, 1), 0.25)
    with torch.inference_mode():
        flow, share = found_twice(network, first, second, t)
        back, other = found_twice(network, second, first, 1 - t)
    assert torch.allclose(flow, torch.cat([back[:, 2:], back[:, :2]], 1), atol=1e-4)
    assert torch.allclose(share, 1 - other, atol=1e-5)
