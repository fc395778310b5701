"""Networks for tests of ``matting.portrait``: what is bright is a person; edges are random."""

import torch
from torch import nn

from streamfx.models.card import ModelCard
from streamfx.models.store import ModelStore
from streamfx.nodes.matting._network import Portrait as Network
from streamfx.nodes.matting._people import SQUARE, WIDE
from streamfx.nodes.matting._presence import BODY, FACE
from streamfx.nodes.matting.portrait import MODEL


class Bright(nn.Module):
    """Takes for a person what is brighter than half."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, image):
        self.sizes.append(tuple(image.shape))
        return torch.sigmoid((image.mean(1, keepdim=True) - 0.5) * 60)


class Detector(nn.Module):
    """Is as sure that somebody is there as the brightest pixel is bright."""

    size = (32, 32)

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def forward(self, image):
        self.looks += 1
        scores = (image.amax((1, 2, 3)) - 0.5)[:, None, None] * 20
        return image, scores


def edges(strength: float) -> nn.Module:
    """Return the network that draws edges; at 0 it leaves the coarse mask as it is."""
    torch.manual_seed(4)
    network = Network((4, 6, 8, 8)).eval()
    nn.init.normal_(network.out.weight, 0, strength)
    return network


def store(strength: float = 0.0) -> ModelStore:
    """Return models under the names that the node asks for."""
    models = ModelStore()
    for name in (SQUARE, WIDE):
        models.add(ModelCard(name, "MIT"), lambda _: Bright())
    for name in (BODY, FACE):
        models.add(ModelCard(name, "MIT"), lambda _: Detector())
    models.add(ModelCard(MODEL, "MIT"), lambda _: edges(strength))
    return models
