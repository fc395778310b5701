import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from streamfx.errors import SettingError
from streamfx.models import shelf
from streamfx.nodes.matting._network import Portrait
from streamfx.train import people_pool, portrait
from streamfx.train.settings import Settings
from tests.streamfx.train.people import find, people


@pytest.fixture
def made_up(monkeypatch):
    """Put made-up people in the place of footage and published networks."""
    monkeypatch.setattr(people_pool, "gather", lambda *_: people())
    monkeypatch.setattr(people_pool, "films", lambda _: [people().scenes * 4])
    monkeypatch.setattr(portrait, "finder", lambda *_: find)


def test_a_training_ends_with_weights_that_load_and_a_card_that_knows_them(made_up, tmp_path):
    path = portrait.train(Settings(tmp_path, tmp_path / "out", share=0.001))
    state = load_file(path)
    Portrait().load_state_dict({key: value.float() for key, value in state.items()})
    card = shelf.parse("matting-portrait", path.with_suffix(".toml").read_text("utf-8"))
    assert card.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert card.parameters == sum(value.numel() for value in Portrait().parameters())
    assert not card.scores


def test_a_training_that_is_done_is_only_published_again(made_up, tmp_path, monkeypatch):
    settings = Settings(tmp_path, tmp_path / "out", share=0.001)
    first = portrait.train(settings).read_bytes()
    monkeypatch.setattr(people_pool, "gather", lambda *_: pytest.fail("it was gathered"))
    assert portrait.train(settings).read_bytes() == first


def test_outlines_become_soft_where_the_trimap_leaves_it_open():
    picture = np.full((40, 40, 3), 0.1, np.float32)
    picture[:, 20:] = 0.9
    trimap = np.zeros((40, 40), np.uint8)
    trimap[:, 26:] = 255
    trimap[:, 14:26] = 128
    alpha = portrait.soften(picture, trimap)
    assert alpha[:, :18].max() < 0.1 and alpha[:, 22:].min() > 0.9


def test_the_finder_gives_a_mask_of_each_network(pulled):
    store = pulled("mediapipe-selfie", "mediapipe-selfie-landscape")
    masks = portrait.finder(store, torch.device("cpu"))(np.zeros((30, 50, 3), np.uint8))
    assert masks.shape == (2, 30, 50) and masks.dtype == np.uint8


def test_settings_are_checked(tmp_path):
    with pytest.raises(SettingError, match="no footage at"):
        Settings(tmp_path / "no", tmp_path)
    with pytest.raises(SettingError, match="at most 1, got 2"):
        Settings(tmp_path, tmp_path, share=2)
    assert Settings(tmp_path, tmp_path, share=0.5).steps(9) == 4
    assert Settings(tmp_path, tmp_path, share=0.001).steps(9) == 2
