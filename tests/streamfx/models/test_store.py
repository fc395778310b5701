import pytest
import torch
from torch import nn

from streamfx.errors import ModelError
from streamfx.models.card import ModelCard
from streamfx.models.store import ModelStore


def test_a_model_is_built_on_the_device_and_in_eval_mode() -> None:
    store = ModelStore()
    store.add(ModelCard("tiny", "MIT", scale=2), lambda card: nn.Upsample(scale_factor=card.scale))
    net = store.load("tiny", torch.device("cpu"), torch.float32)
    assert not net.training
    assert net(torch.zeros(1, 3, 2, 2)).shape == (1, 3, 4, 4)
    assert store.card("tiny").licence == "MIT"


def test_an_unknown_model_lists_the_known_ones() -> None:
    store = ModelStore()
    store.add(ModelCard("tiny", "MIT"), lambda card: nn.Identity())
    with pytest.raises(ModelError, match="no model 'tinny'; there are: tiny"):
        store.card("tinny")
    with pytest.raises(ModelError, match="'tiny' is already known"):
        store.add(ModelCard("tiny", "MIT"), lambda card: nn.Identity())
